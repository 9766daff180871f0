"""The benchmark: `python -m loadtest.bench`, or with `--quick`. Writes bench.json, bench.md and bench.png."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from loadtest import machine, plot, report, targets
from loadtest.curve import curves
from loadtest.environments import environment, versions
from loadtest.ours import WIRES, ours
from loadtest.overload import overloaded
from loadtest.peering import described, peers
from loadtest.plan import FULL, QUICK, Plan
from loadtest.results import Results
from loadtest.rounds import interleaved, say
from loadtest.server import NotRun, Server, running
from loadtest.streaming import streamed

RESULTS = Path(__file__).parent / "results"
OURS = Path(sys.executable).parent
"""Our server runs in the environment that this runs in."""


def bench(plan: Plan, only: list[str]) -> Results:
    """Everything that the plan asks for; what could not be measured is in `not_run`."""
    results = Results(plan.name, "make bench" + (" QUICK=1" if plan is QUICK else ""), machine.described())
    servers = entrants(only, results)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="loadtest-requests-") as name:
        folder = Path(name)
        interleaved(servers, plan, results, folder)
        _try("overload", results, lambda: results.overload.extend(overloaded(plan, folder)))
        _try("/sample, streamed", results, lambda: results.streamed.extend(streamed(plan)))
        _try("start to ready", results, lambda: results.start_seconds.extend(start_seconds(plan.starts)))
        _try("capacity curve", results, lambda: curves(servers, plan, results, folder))
    results.targets = targets.judged(results)
    results.machine["seconds"] = f"{time.monotonic() - begun:.0f}"
    return results


def entrants(only: list[str], results: Results) -> list[tuple[Server, Path]]:
    """Our servers and every peer that `only` names (none: all), each with its interpreter's folder."""
    chosen = [(ours(), OURS), (ours(targets.TWO_WORKERS, wires=WIRES[:1], workers=2), OURS)]
    results.versions[targets.OURS] = machine.versions()
    for name, folder in peers().items():
        if only and name not in only:
            continue
        server = described(name)
        try:
            chosen.append((server, environment(folder)))
            results.versions[server.name] = versions(folder)
        except NotRun as error:
            results.not_run[server.name] = str(error)
    results.settings.update({server.name: server.setting for server, _ in chosen})
    return chosen


def start_seconds(times: int) -> list[float]:
    """From the command to a ready server of the two shipped bundles, with the files in the system's cache."""
    found = []
    for _ in range(times):
        with running(ours(), OURS) as started:
            found.append(started.seconds_to_ready)
    return found


def _try(what: str, results: Results, work: Callable[[], None]) -> None:
    say(what)
    try:
        work()
    except NotRun as error:
        results.not_run[what] = str(error)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under three minutes, once the environments are made")
    parser.add_argument("--only", nargs="*", default=[], metavar="PEER", help="these peers (default: all)")
    parser.add_argument("--out", type=Path, help=f"folder of the results; {RESULTS.name}/, or {RESULTS.name}/quick/")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("The benchmark needs wrk; on Debian: apt-get install wrk")
    results = bench(QUICK if given.quick else FULL, given.only)
    folder = given.out or (RESULTS / "quick" if given.quick else RESULTS)
    folder.mkdir(parents=True, exist_ok=True)
    results.save(folder / "bench.json")
    (folder / "bench.md").write_text(report.table(results))
    plot.drawn(results, folder / "bench.png")
    print(report.table(results))


if __name__ == "__main__":
    main()
