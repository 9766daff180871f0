"""How fast bundles make series, and where the time goes: `python -m loadtest.sampling BUNDLE [BUNDLE …]`.

Bundles take turns within every round, in an order that turns, so that a machine's drift falls on all alike. The rate is
the median of the rounds, the ratio that of each round's rates to the first bundle's.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bundle.cores import count_cores
from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime

Graph = Callable[..., list[np.ndarray]]
REST = "all else"


def measure_rate(bundle: Bundle, count: int, seed: int) -> float:
    """Series per second when `count` of each class are made in one call."""
    begun = time.perf_counter()
    for index in range(len(bundle.manifest.classes)):
        bundle.sample(index, count, seed)
    return count * len(bundle.manifest.classes) / (time.perf_counter() - begun)


def measure_costs(directory: Path, count: int) -> dict[str, float]:
    """Microseconds of processor time that a series costs in each graph and in `REST`, which is drawing, choosing and
    padding; on one thread."""
    bundle, seconds = Bundle.load(directory, Runtime("cpu", 1)), defaultdict[str, float](float)
    bundle.warm_up()
    for role, session in bundle._sessions.items():
        bundle._sessions[role] = _time_calls(session, role, seconds)  # type: ignore[assignment]  # called alike
    begun = time.thread_time()
    measure_rate(bundle, count, seed=1)
    seconds[REST] = time.thread_time() - begun - sum(seconds.values())
    made = count * len(bundle.manifest.classes)
    return {role: 1e6 * spent / made for role, spent in seconds.items()}


def _time_calls(session: Graph, role: str, seconds: dict[str, float]) -> Graph:
    def call(*arguments: object) -> list[np.ndarray]:
        begun = time.thread_time()
        answer = session(*arguments)
        seconds[role] += time.thread_time() - begun
        return answer

    return call


def compare(directories: list[Path], threads: int, rounds: int, count: int) -> list[list[float]]:
    """Rates by round and bundle, `[rounds][n_bundles]`."""
    bundles = [Bundle.load(directory, Runtime("cpu", threads)) for directory in directories]
    for bundle in bundles:
        bundle.warm_up()
    rates = []
    for number in range(rounds):
        found = [0.0] * len(bundles)
        for turn in range(len(bundles)):
            place = (turn + number) % len(bundles)
            found[place] = measure_rate(bundles[place], count, seed=number)
        rates.append(found)
    return rates


def write_table(directories: list[Path], rates: list[list[float]], costs: list[dict[str, float]]) -> str:
    """A Markdown table, a line for each bundle."""
    lines = ["| bundle | series a second | times the first | µs of processor time a series |", "|---|---|---|---|"]
    for place, directory in enumerate(directories):
        rate = statistics.median(of[place] for of in rates)
        ratio = statistics.median(of[place] / of[0] for of in rates)
        parts = sorted(costs[place].items(), key=lambda item: -item[1])
        spent = ", ".join(f"{role} {cost:.0f}" for role, cost in parts)
        total = sum(costs[place].values())
        lines.append(f"| {directory.parent.name}/{directory.name} | {rate:.0f} | {ratio:.2f} | {total:.0f}: {spent} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", nargs="+", type=Path, help="folders of bundles, the first to compare with")
    parser.add_argument("--threads", type=int, default=count_cores())
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--count", type=int, default=512, help="series of each class in a round")
    given = parser.parse_args(arguments)
    costs = [measure_costs(directory, given.count) for directory in given.bundles]
    rates = compare(given.bundles, given.threads, given.rounds, given.count)
    print(write_table(given.bundles, rates, costs))


if __name__ == "__main__":
    main()
