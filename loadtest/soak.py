"""Hours of mixed work in short: `python -m loadtest.soak --minutes 30`. Memory, failures and latency, minute by minute.

Every operation that the server knows arrives at a steady rate, whatever the server does. Ends with a verdict, and with
status 1 when the server leaked, failed or slowed down. Writes soak.json and soak.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from loadtest import requests_file
from loadtest.cells import python_client, said_by
from loadtest.ours import BUNDLE, ours
from loadtest.payloads import series
from loadtest.report import markdown
from loadtest.server import Running, running
from loadtest.wire import Array, Message

RESULTS = Path(__file__).parent / "results"
CONNECTIONS = 32
SETTLED = 2
"""Minutes after which memory is expected to stay."""
GROWTH_MB, SLOWER = 50.0, 2.0
MIX = {"classify": 60, "classify many": 10, "encode": 10, "reconstruct": 10, "sample": 6, "augment": 4}
"""Shares of the requests."""


@dataclass(frozen=True)
class Minute:
    """Latencies in ms from when requests were due; memory of all the server's processes."""

    requests: int
    not_200: int
    p50_ms: float
    p99_ms: float
    resident_mb: float


@dataclass(frozen=True)
class Verdict:
    """One claim, what was found, and whether it holds."""

    claim: str
    found: str
    holds: bool


def soaked(minutes: int, rate: int, seconds: float = 60.0) -> list[Minute]:
    """Load our server for so many minutes, each of `seconds`, at `rate` requests per second."""
    with (
        tempfile.TemporaryDirectory(prefix="loadtest-soak-") as name,
        running(ours(), Path(sys.executable).parent) as up,
    ):
        requests = Path(name) / "requests"
        requests_file.write(requests, mixed(up.http))
        found = []
        for number in range(minutes):
            found.append(_minute(up, requests, rate, seconds))
            print(f"minute {number + 1} of {minutes}: {found[-1]}", file=sys.stderr, flush=True)
        return found


def mixed(port: int, n_requests: int = 1000) -> list[bytes]:
    """Requests of every operation in the shares of `MIX`, shuffled, the same in every run."""
    data, chance = series(), random.Random(0)
    kinds = chance.choices(list(MIX), weights=list(MIX.values()), k=n_requests)
    requests = []
    for number, kind in enumerate(kinds):
        path, fields = _request(kind, data, number)
        body = orjson.dumps({"model": BUNDLE, **fields}, option=orjson.OPT_SERIALIZE_NUMPY)
        message = Message({"content-type": "application/json"}, body)
        requests.append(requests_file.http_request("POST", path, message, port))
    return requests


def _request(kind: str, data: Array, number: int) -> tuple[str, dict[str, Any]]:
    start = number % (len(data) - 40)
    one, many = data[start : start + 1], data[start : start + 40]
    if kind == "sample":
        return "/sample", {"n_per_class": 20, "seed": number}
    if kind == "augment":
        return "/augment", {"series": many[:12], "labels": ["1"] * 9 + ["2"] * 3, "seed": number}
    return f"/{kind.split()[0]}", {"series": many if kind == "classify many" else one}


def _minute(up: Running, requests: Path, rate: int, seconds: float) -> Minute:
    load = {"clients": CONNECTIONS, "seconds": seconds, "rate": rate}
    said = said_by(python_client("loadtest.clients.http_loop", port=up.http, requests=requests, **load))
    good = said["statuses"].get("200", {"requests": 0})["requests"]
    not_200 = said["requests"] - said["unanswered"] - good
    return Minute(said["requests"], not_200, said["p50_ms"], said["p99_ms"], up.resident_bytes / 2**20)


def verdicts(minutes: list[Minute]) -> list[Verdict]:
    """Whether nothing failed, memory stayed and latency did too."""
    failed = sum(minute.not_200 for minute in minutes)
    total = sum(minute.requests for minute in minutes)
    settled = minutes[min(SETTLED, len(minutes)) - 1]
    growth = minutes[-1].resident_mb - settled.resident_mb
    third = max(1, len(minutes) // 3)
    first, last = (statistics.median(minute.p99_ms for minute in part) for part in (minutes[:third], minutes[-third:]))
    return [
        Verdict("every request was answered 200", f"{failed} of {total} were not", failed == 0),
        Verdict(f"memory grew by at most {GROWTH_MB:g} MB once settled", f"{growth:.1f} MB", growth <= GROWTH_MB),
        Verdict(
            f"p99 of the last third at most {SLOWER:g} times that of the first",
            f"{last:.1f} ms after {first:.1f} ms",
            last <= SLOWER * first,
        ),
    ]


def table(minutes: list[Minute], rate: int) -> str:
    """The report."""
    head = ["minute", "requests", "not 200", "p50 ms", "p99 ms", "memory MB"]
    rows = [
        [f"{n}", f"{m.requests}", f"{m.not_200}", f"{m.p50_ms:.2f}", f"{m.p99_ms:.2f}", f"{m.resident_mb:.0f}"]
        for n, m in enumerate(minutes, 1)
    ]
    judged = [[v.claim, v.found, "yes" if v.holds else "**no**"] for v in verdicts(minutes)]
    mix = ", ".join(f"{share} % {kind}" for kind, share in MIX.items())
    said = f"# The soak\n\n{len(minutes)} minutes of {rate} requests per second: {mix}."
    return "\n\n".join([said, markdown(["claim", "found", "holds"], judged), markdown(head, rows)]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--rate", type=int, default=200, help="requests per second")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    given = parser.parse_args()
    minutes = soaked(given.minutes, given.rate)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "soak.json").write_text(json.dumps([dataclasses.asdict(minute) for minute in minutes], indent=1))
    (given.out / "soak.md").write_text(table(minutes, given.rate))
    print(table(minutes, given.rate))
    sys.exit(not all(verdict.holds for verdict in verdicts(minutes)))


if __name__ == "__main__":
    main()
