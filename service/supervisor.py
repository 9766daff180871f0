"""The process that starts the workers: no other user can command it, and it ends with a sentence where it fails.

BentoML's supervisor is circus' arbiter, which obeys whoever reaches its endpoint, on a TCP port of the loopback that
every local user can reach. Here the endpoints are inside the process, or, where `--reload` starts a process that needs
them, in a folder that its user alone can enter. This is the one place that uses private parts of BentoML's supervisor
and of circus; where they are not as expected, the server does not start.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import shutil
import signal
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from service import settings as environment
from service.identity import require_keys
from service.listening import refuse_connections
from service.settings import Settings
from service.shared_numbers import absorb_ended

if TYPE_CHECKING:
    Arbiter = Any
else:
    Arbiter = object

logger = logging.getLogger("bentoml.seriesmith")

CHECK_SECONDS = 0.25
"""How often the supervisor looks after its workers."""

ATTEMPTS = 3
"""As often may each worker fail to start, one time after the other, before the command ends."""

SPARE_SECONDS = 10.0
"""For a worker to end, beyond what its last requests may take, before it is killed."""

REFUSE_SECONDS = 0.9
"""For the workers to take what was connected before the socket is shut. Who was refused tries again after a second."""


def supervise(settings: Settings) -> None:
    """Make BentoML use the supervisor of this module. Raises `SystemExit` where BentoML does not allow it."""
    try:
        from _bentoml_impl.server.serving import serve_http
        from bentoml._internal.utils import circus as arbiters
        from circus.arbiter import Arbiter

        require_known(arbiters, serve_http, Arbiter)
    except (ImportError, AttributeError, LookupError) as error:
        raise SystemExit(
            "this version of BentoML starts its supervisor in another way than service/supervisor.py knows "
            f"({error}), so that any local user might command it; install the version in constraints.txt."
        ) from error
    for name in ("Arbiter", "ThreadedArbiter"):
        supervised = type("Supervised", (Supervision, getattr(arbiters, name)), {"settings": settings})
        setattr(arbiters, name, supervised)


def require_known(arbiters: Any, serve_http: Any, base: Any) -> None:
    """Raise `LookupError` where replacing the class of the arbiter would not change what BentoML starts."""
    create = inspect.unwrap(arbiters.create_standalone_arbiter)
    if create.__globals__ is not vars(arbiters) or not {"Arbiter", "ThreadedArbiter"} <= set(create.__code__.co_names):
        raise LookupError("create_standalone_arbiter")
    if "create_standalone_arbiter" not in inspect.unwrap(serve_http).__code__.co_names:
        raise LookupError("serve_http")
    given = inspect.signature(base).parameters
    if missing := {"endpoint", "pubsub_endpoint", "check_delay", "plugins", "sockets"} - set(given):
        raise LookupError(", ".join(sorted(missing)))
    for name in ("start", "stop", "reap_processes", "manage_watchers", "stop_controller_and_close_sockets"):
        getattr(arbiters.Arbiter, name)


class Supervision(Arbiter):
    """What an arbiter is given beside its own: it has no address, and ends with a sentence."""

    settings: ClassVar[Settings]

    def __init__(self, watchers: list[Any], **options: Any) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="seriesmith-"))  # of mode 0700
        try:
            scheme = f"ipc://{self.folder}" if options.get("plugins") else f"inproc://{self.folder}"
            options |= {"endpoint": f"{scheme}/command", "pubsub_endpoint": f"{scheme}/events"}
            super().__init__(watchers, **(options | {"check_delay": CHECK_SECONDS}))
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self.failure = ""
        self._reloads = bool(options.get("plugins"))
        self._ending = False
        self._failed_starts = 0
        self._known: set[int] = set()
        for watcher in self.watchers:
            last_requests = 2 * self.settings.timeout_seconds  # HTTP's, then gRPC's
            watcher.graceful_timeout = self.settings.drain_seconds + last_requests + SPARE_SECONDS
            watcher.respawn = True
            watcher.env.pop("PROMETHEUS_MULTIPROC_DIR", None)  # counts in memory maps: see service/exposition.py
            watcher.env |= environment.describe_supervisor(os.getpid(), self.folder)

    def start(self, cb: Any = None) -> None:
        """Run until the workers have ended. Raises `SystemExit` when that was a failure."""
        try:
            _require_other_ports(self.sockets.values(), self.settings)
            _require_keys(self.sockets.values(), self.settings)
            for watcher in self.watchers:
                watcher.env |= environment.describe_hosts(_list_hosts(self.sockets.values()))
            super().start(cb)
        except OSError as error:
            ports = ", ".join(each.location for each in self.sockets.values())
            raise SystemExit(f"HTTP cannot be served on {ports} ({error.strerror}); choose another.") from error
        except RuntimeError as error:
            raise SystemExit(f"the supervisor ended: {error}") from error
        finally:
            self.exit_stack.close()
            if not self._running:
                shutil.rmtree(self.folder, ignore_errors=True)
        if self.failure:
            raise SystemExit(self.failure)

    def stop(self) -> Any:
        """End the workers; asked again, pass it on to them, who then wait no longer."""
        if self._ending:
            self._refuse_connections()
            for watcher in self.watchers:
                for pid in list(watcher.processes):
                    watcher.send_signal(pid, signal.SIGTERM)
            return None
        if self._exclusive_running_command is not None:  # circus would refuse, and forget the signal
            self.loop.call_later(CHECK_SECONDS / 5, self.stop)
            return None
        self._ending = True
        if self.settings.drain_seconds:
            self.loop.call_later(self.settings.drain_seconds, self._refuse_connections)
        else:
            self._refuse_connections()
        return super().stop()

    def stop_controller_and_close_sockets(self) -> None:
        super().stop_controller_and_close_sockets()
        shutil.rmtree(self.folder, ignore_errors=True)

    def manage_watchers(self) -> Any:
        if self._exclusive_running_command is None:  # circus would log an error
            return super().manage_watchers()
        return None

    def reap_processes(self) -> None:
        super().reap_processes()
        living = {pid for watcher in self.watchers for pid in watcher.processes}
        for pid in self._known - living:
            self._see_death(pid)
            absorb_ended(self.folder, living)
        self._known = living

    def _see_death(self, pid: int) -> None:
        started = _name_ready_mark(self.folder, pid).exists()
        _name_ready_mark(self.folder, pid).unlink(missing_ok=True)
        logger.warning("worker %d ended%s; another one starts", pid, "" if started else " before it had started")
        self._failed_starts = 0 if started else self._failed_starts + 1
        served = any(_name_ready_mark(self.folder, other).exists() for other in self._known - {pid})
        hopeless = self._failed_starts >= ATTEMPTS * self.settings.processes and not served
        if hopeless and not self._reloads and not self.failure:  # where code is reloaded, the next version may start
            self.failure = f"no worker can start ({self._failed_starts} attempts); the log above says why."
            self.loop.add_callback(self.stop)

    def _refuse_connections(self) -> None:
        """Let nobody connect any more who would wait in vain; the workers see it, and take those who did."""
        for each in self.sockets.values():
            refuse_connections(each)
        self.loop.call_later(REFUSE_SECONDS, self._shut_sockets)

    def _shut_sockets(self) -> None:
        for each in self.sockets.values():
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def _require_other_ports(sockets: Any, settings: Settings) -> None:
    """Raise `SystemExit` where HTTP would take the port of gRPC."""
    if any(settings.grpc_port and getattr(each, "port", 0) == settings.grpc_port for each in sockets):
        raise SystemExit(
            f"HTTP and gRPC cannot both be served on port {settings.grpc_port}; set --port or SERIESMITH_GRPC_PORT "
            "to another, or SERIESMITH_GRPC_PORT to 0 for none."
        )


def _require_keys(sockets: Any, settings: Settings) -> None:
    """Raise `SystemExit` where other machines could connect without a key."""
    hosts = [*_list_hosts(sockets), *[settings.grpc_host] * bool(settings.grpc_port)]
    try:
        require_keys(settings, hosts)
    except ValueError as error:
        raise SystemExit(str(error)) from error


def _list_hosts(sockets: Any) -> list[str]:
    """Return the hosts that HTTP is served on; a socket of the file system has none."""
    return [each.host for each in sockets if not each.path]


def _name_ready_mark(folder: Path, pid: int) -> Path:
    """Return the path of the empty file that says that the worker `pid` has started."""
    return folder / f"{pid}.ready"


def mark_ready() -> None:
    """Tell the supervisor, if there is one, that this worker has started."""
    supervisor = environment.find_supervisor()
    if supervisor is not None:
        with suppress(OSError):
            _name_ready_mark(supervisor.folder, os.getpid()).touch()


async def end_with_supervisor() -> None:
    """Send this worker SIGTERM when its supervisor is gone: nobody else would ever end it."""
    supervisor, parent = environment.find_supervisor(), os.getppid()
    if supervisor is None:
        return
    while os.getppid() == parent and _is_alive(supervisor.pid):
        await asyncio.sleep(CHECK_SECONDS)
    logger.warning("the supervisor is gone; this worker ends")
    shutil.rmtree(supervisor.folder, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGTERM)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
