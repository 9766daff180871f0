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
from loadtest.curve import measure_curves
from loadtest.environments import install_environment, read_versions
from loadtest.ours import WIRES, describe_ours
from loadtest.overload import measure_overload
from loadtest.peering import describe_peer, find_peers
from loadtest.plan import FULL, QUICK, Plan
from loadtest.results import Results
from loadtest.rounds import interleave, say
from loadtest.server import NotRun, Server, run_server
from loadtest.streaming import measure_streaming

RESULTS = Path(__file__).parent / "results"
OURS = Path(sys.executable).parent
"""Our server runs in the environment that this runs in."""


def bench(plan: Plan, only: list[str]) -> Results:
    """Everything that the plan asks for; what could not be measured is in `not_run`."""
    results = Results(plan.name, "make bench" + (" QUICK=1" if plan is QUICK else ""), machine.describe_machine())
    servers = list_entrants(only, results)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="loadtest-requests-") as name:
        folder = Path(name)
        interleave(servers, plan, results, folder)
        _try("overload", results, lambda: results.overload.extend(measure_overload(plan, folder)))
        _try("/sample, streamed", results, lambda: results.streamed.extend(measure_streaming(plan)))
        _try("start to ready", results, lambda: results.start_seconds.extend(measure_start_seconds(plan.starts)))
        _try("capacity curve", results, lambda: measure_curves(servers, plan, results, folder))
    results.targets = targets.judge_targets(results)
    results.machine["seconds"] = f"{time.monotonic() - begun:.0f}"
    return results


def list_entrants(only: list[str], results: Results) -> list[tuple[Server, Path]]:
    """Our servers and every peer that `only` names (none: all), each with its interpreter's folder."""
    chosen = [(describe_ours(), OURS), (describe_ours(targets.TWO_WORKERS, wires=WIRES[:1], workers=2), OURS)]
    results.versions[targets.OURS] = machine.read_versions()
    for name, folder in find_peers().items():
        if only and name not in only:
            continue
        server = describe_peer(name)
        try:
            chosen.append((server, install_environment(folder)))
            results.versions[server.name] = read_versions(folder)
        except NotRun as error:
            results.not_run[server.name] = str(error)
    results.settings.update({server.name: server.setting for server, _ in chosen})
    return chosen


def measure_start_seconds(times: int) -> list[float]:
    """From the command to a ready server of the two shipped bundles, with the files in the system's cache."""
    found = []
    for _ in range(times):
        with run_server(describe_ours(), OURS) as started:
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
    (folder / "bench.md").write_text(report.write_report(results))
    plot.draw_picture(results, folder / "bench.png")
    print(report.write_report(results))


if __name__ == "__main__":
    main()
