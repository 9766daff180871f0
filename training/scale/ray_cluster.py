"""Tasks on a cluster of Ray: one core each, given out again when a worker or a machine is lost."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from types import ModuleType
from typing import Any

from bundle.cores import count_cores
from training.settings import ConfigurationError

Task = Callable[[int], Any]
"""What is done with a number; it pickles. Done twice it leaves behind what once does."""

RETRIES = 5
"""How often a task is given out again whose worker was lost; one that kills every worker ends the job."""

KNOCK_SECONDS = 10.0

INSTALL = "pip install -e '.[cpu,scale]'"


def import_ray(what: str) -> ModuleType:
    """Ray. Raises `ConfigurationError`, with what to install, where it is not installed; `what` asked for it."""
    try:
        import ray
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{what} needs Ray, which is not installed here: {INSTALL}, on every machine of the cluster."
        ) from error
    found: ModuleType = ray
    return found


def join_cluster(address: str | None, what: str, workers: int = 0) -> ModuleType:
    """Ray, connected to the cluster at `address`, "auto" for the one of this machine; None: one for this process, of
    `workers` cores, 0: all. `what` asked for it.

    Raises `ConfigurationError` where there is none.
    """
    ray = import_ray(what)
    if not ray.is_initialized():
        try:
            _knock(address)
            own = {} if address else {"num_cpus": workers or count_cores(), "include_dashboard": False}
            ray.init(address=address or "local", log_to_driver=False, configure_logging=False, **own)
        except (OSError, RuntimeError, ValueError) as error:
            raise ConfigurationError(
                f"no cluster of Ray answers at {address}: {error}. Start one with `ray start --head`, and give its "
                "HOST:PORT with --address; where it asks for a token, set RAY_AUTH_MODE=token here too."
            ) from error
    return ray


def _knock(address: str | None) -> None:
    """Raise `OSError` where nothing listens at HOST:PORT: Ray itself would try for minutes."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), KNOCK_SECONDS).close()


def run_on_cluster(task: Task, numbers: Sequence[int], address: str) -> Iterator[Any]:
    """Yield what `task` returns of each of `numbers`, as they end; see `training.scale.running.run_tasks`.

    The task, with a bundle's files, is sent once; a task is due again when its worker was lost, up to RETRIES times.
    """
    ray = join_cluster(address, "--address")
    shared = ray.put(task)
    remote = ray.remote(num_cpus=1, max_retries=RETRIES)(_run)
    waiting = iter(numbers)
    running = [remote.remote(shared, number) for number in islice(waiting, count_room(ray))]
    try:
        while running:
            ended, running = ray.wait(running)
            free = max(0, count_room(ray) - len(running))
            running += [remote.remote(shared, number) for number in islice(waiting, free)]
            yield from (_get(ray, answer) for answer in ended)
    finally:
        for reference in running:
            ray.cancel(reference)


def count_room(ray: ModuleType) -> int:
    """How many tasks may be given out at a time: two for each core that the cluster has now, so that none waits."""
    return 2 * max(1, int(ray.cluster_resources().get("CPU", 1)))


def _run(task: Task, number: int) -> Any:
    return task(number)


def _get(ray: ModuleType, reference: Any) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise ConfigurationError(
            f"a task was lost {RETRIES + 1} times: {str(error)[:300]}. The same command goes on where it stopped."
        ) from error
