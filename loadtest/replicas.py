"""One server against two behind nginx: how many more requests are answered, of one series or of many.

    python -m loadtest.replicas

Each server has one worker and one thread. Cells take turns, round by round, so that drift falls on all alike:
one server asked directly, the same behind nginx (deploy/nginx/nginx.conf), and two behind nginx. Prints medians. wrk,
nginx and the servers share the machine's cores, so that two servers can gain only where cores are left over, or where
requests of many series (`--series 256 --wires octet-stream`) leave wrk and nginx little to do.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from loadtest import ours
from loadtest.cells import Prepared, measure_cell, prepare
from loadtest.machine import describe_machine
from loadtest.nginx import run_nginx
from loadtest.payloads import make_series
from loadtest.peers.graph import open_classifier
from loadtest.results import Outcome
from loadtest.rounds import say
from loadtest.server import Running, run_server


@dataclasses.dataclass(frozen=True)
class Arrangement:
    """Servers, and where they are asked; `prepared` are the wires, each found to answer right."""

    name: str
    servers: tuple[Running, ...]
    asked: Running
    prepared: tuple[Prepared, ...]

    @contextmanager
    def wake(self) -> Iterator[None]:
        """Let its servers go on, until the block ends."""
        for server in self.servers:
            server.resume()
        try:
            yield
        finally:
            for server in self.servers:
                server.hold()


def main() -> None:
    """Measure and print the table."""
    options = read_options()
    outcomes: dict[tuple[str, str, int], list[Outcome]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="loadtest-replicas-")))
        arrangements = list(arrange(stack, folder, options.wires, options.series))
        for round_ in range(options.rounds):
            say(f"round {round_ + 1} of {options.rounds}")
            turn = round_ % len(arrangements)
            for one in arrangements[turn:] + arrangements[:turn]:
                for outcome in measure(one, round_, options):
                    outcomes.setdefault((outcome.wire, one.name, outcome.clients), []).append(outcome)
        for one in arrangements:
            for server in one.servers:
                server.resume()
    machine = describe_machine()
    what = ", ".join([machine["processor"], f"{machine['cores']} cores", machine["date"]])
    print(f"{what}, {options.series} series a request\n\n{write_table(outcomes)}")


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of each cell and round")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--series", type=int, default=1, help="of each request")
    parser.add_argument("--wires", nargs="+", choices=[wire.name for wire in ours.WIRES], default=["JSON"])
    return parser.parse_args()


def arrange(stack: ExitStack, folder: Path, wires: list[str], rows: int) -> Iterator[Arrangement]:
    """Start two servers, and nginx before the first and before both; all held. Raises `NotRun`."""
    described = ours.describe_ours(wires=tuple(wire for wire in ours.WIRES if wire.name in wires))
    interpreter = Path(sys.executable).parent
    servers = tuple(stack.enter_context(run_server(described, interpreter)) for _ in range(2))
    for name, behind in (("one", ()), ("nginx, one", servers[:1]), ("nginx, two", servers)):
        asked = servers[0]
        if behind:
            own = folder / name.replace(", ", "-")
            own.mkdir()
            http, rpc = stack.enter_context(run_nginx(own, [(one.http, one.grpc) for one in behind]))
            asked = dataclasses.replace(servers[0], http=http, grpc=rpc)
        ready = prepare_wires(asked, folder / name.replace(", ", "-"), rows)
        yield Arrangement(name, behind or servers[:1], asked, ready)
    for server in servers:
        server.hold()


def prepare_wires(asked: Running, folder: Path, rows: int) -> tuple[Prepared, ...]:
    """The wires, checked, with their requests in `folder`. Raises `NotRun` where an answer is wrong."""
    folder.mkdir(exist_ok=True)
    data = make_series()
    expected = open_classifier()(data)
    return tuple(prepare(asked, wire, data, expected, folder, rows) for wire in asked.server.wires)


def measure(one: Arrangement, round_: int, options: argparse.Namespace) -> Iterator[Outcome]:
    """Every wire and number of clients of an arrangement. Raises `NotRun` when a request failed."""
    with one.wake():
        for ready in one.prepared:
            for clients in options.clients:
                yield measure_cell(one.asked, ready, clients, round_, options.seconds)


def write_table(outcomes: dict[tuple[str, str, int], list[Outcome]]) -> str:
    """Markdown: a line for each cell."""
    lines = ["| wire | clients | servers | requests/s | of one | p99, ms |", "|---|---|---|---|---|---|"]
    for (wire, name, clients), rounds in sorted(outcomes.items(), key=lambda item: (item[0][0], item[0][2])):
        alone = median(outcome.per_second for outcome in outcomes[wire, "one", clients])
        rate = median(outcome.per_second for outcome in rounds)
        tail = median(outcome.p99_ms for outcome in rounds)
        lines.append(f"| {wire} | {clients} | {name} | {rate:,.0f} | {rate / alone:.2f} | {tail:.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
