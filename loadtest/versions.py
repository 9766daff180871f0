"""Two versions of this server side by side: how much faster or slower each cell became.

    python -m loadtest.versions f9faca2

Starts the version of a commit and this working tree, one worker each, and loads them in turn, round by round, so that a
machine's drift falls on both. Prints for every cell the median over the rounds of this tree's requests per second
divided by the other's, and of the CPU time per request likewise. Rates are what users see; CPU time is what
a machine that does other work disturbs least.
"""

from __future__ import annotations

import argparse
import dataclasses
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from loadtest import ours
from loadtest.cells import Prepared, measure_cell, prepare
from loadtest.payloads import make_series
from loadtest.peers.graph import ROOT, open_classifier
from loadtest.plan import CLIENTS
from loadtest.results import Outcome
from loadtest.rounds import say
from loadtest.server import Running, Server, run_server

Pair = tuple[Outcome, Outcome]
"""What the other version and this tree did in one round of a cell."""


def main() -> None:
    options = read_options()
    names = [wire.name for wire in ours.WIRES if not options.wires or wire.name in options.wires]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="loadtest-versions-")))
        base = stack.enter_context(check_out(options.commit, folder / "base"))
        servers = [build_server(options.commit, base), build_server("this tree", ROOT)]
        started = [stack.enter_context(run_server(server, Path(sys.executable).parent)) for server in servers]
        ready = [prepare_wires(one, names, folder) for one in started]
        for one in started:
            one.hold()
        cells: dict[tuple[str, int], list[Pair]] = {}
        for round_ in range(options.rounds):
            say(f"round {round_ + 1} of {options.rounds}")
            for name in names:
                for clients in options.clients:
                    pair = measure_pair(started, [one[name] for one in ready], clients, round_, options.seconds)
                    cells.setdefault((name, clients), []).append(pair)
        for one in started:
            one.resume()
    print(write_table(options.commit, cells))


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", help="the version to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each cell, version and round")
    parser.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS))
    parser.add_argument("--wires", nargs="+", choices=[wire.name for wire in ours.WIRES], help="default: all")
    return parser.parse_args()


@contextmanager
def check_out(commit: str, folder: Path) -> Iterator[Path]:
    """The files of a commit in `folder`, until the block ends."""
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), commit], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def build_server(name: str, root: Path) -> Server:
    """The server whose code and models are in `root`."""
    return dataclasses.replace(ours.describe_ours(name), root=root)


def prepare_wires(started: Running, names: list[str], folder: Path) -> dict[str, Prepared]:
    """The wires by name, checked. Raises `NotRun` where an answer is wrong."""
    data = make_series()
    expected = open_classifier()(data)
    wires = [wire for wire in started.server.wires if wire.name in names]
    return {wire.name: prepare(started, wire, data, expected, folder) for wire in wires}


def measure_pair(started: list[Running], ready: list[Prepared], clients: int, round_: int, seconds: int) -> Pair:
    """One cell of both versions, the first of them first in even rounds. Raises `NotRun` when a request failed."""
    outcomes: dict[int, Outcome] = {}
    for index in (0, 1) if round_ % 2 == 0 else (1, 0):
        started[index].resume()
        outcomes[index] = measure_cell(started[index], ready[index], clients, round_, seconds)
        started[index].hold()
    return outcomes[0], outcomes[1]


def write_table(commit: str, cells: dict[tuple[str, int], list[Pair]]) -> str:
    """Markdown: a line for each cell."""
    lines = [
        f"| wire | clients | requests/s, {commit} | this tree | ratio | µs of CPU, {commit} | this tree | ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (wire, clients), pairs in cells.items():
        rates = [(before.per_second, after.per_second) for before, after in pairs]
        costs = [(before.server_us, after.server_us) for before, after in pairs]
        lines.append(f"| {wire} | {clients} | {write_medians(rates, '.0f')} | {write_medians(costs, '.0f')} |")
    return "\n".join(lines)


def write_medians(pairs: list[tuple[float, float]], form: str) -> str:
    """Both medians, and the median of the ratios."""
    before, after = (median(side) for side in zip(*pairs, strict=True))
    return f"{before:{form}} | {after:{form}} | {median(b / a for a, b in pairs):.2f}"


if __name__ == "__main__":
    main()
