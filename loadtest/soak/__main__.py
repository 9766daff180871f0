"""`python -m loadtest.soak`: every operation over every wire at a share of capacity, while versions come and go.

Measures the capacity first; then sends at a steady rate, whatever the server does. Prints what was found minute by
minute and ends with status 1 unless all of it was right and stayed flat.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import random
import sys
import tempfile
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from loadtest import machine, processes
from loadtest.ours import BUNDLE, describe_ours
from loadtest.server import Running, Server, run_server
from loadtest.soak import over_grpc, over_http
from loadtest.soak.asking import Asker, Tally, describe
from loadtest.soak.judging import Load, Minute, judge, write_table
from loadtest.soak.questions import SHARES, Exchange, Question, list_questions
from loadtest.soak.refreshing import Repository
from loadtest.wire import Array

CLIENTS = 32
"""That measure the capacity, each sending when it was answered."""

WARM_UP_SECONDS, WARM_UP_RENEWAL = 20.0, 1.0
"""With a new version every second: memory grows for some fifteen of them, and then stays."""


class Soak:
    """Exchanges in their shares, the answers expected, and who asks."""

    def __init__(self, exchanges: Sequence[Exchange], expected: Mapping[Question, Array], asker: Asker) -> None:
        kinds = [exchange.question.kind for exchange in exchanges]
        self._exchanges, self._expected, self._asker = exchanges, expected, asker
        self._weights = [SHARES[kind] / kinds.count(kind) for kind in kinds]
        self._dice = random.Random(0)
        self._pending: set[asyncio.Task[None]] = set()
        self.tally = Tally()

    def _draw(self) -> Exchange:
        return self._dice.choices(self._exchanges, self._weights)[0]

    async def saturate(self, seconds: float) -> float:
        """Right answers per second of `CLIENTS` that ask without a pause."""
        self.tally, end = Tally(), perf_counter() + seconds

        async def ask() -> None:
            while (now := perf_counter()) < end:
                await self._asker.account(self._draw(), self._expected, now, self.tally)

        await asyncio.gather(*(ask() for _ in range(CLIENTS)))
        return self.tally.counts["right"] / seconds

    async def send(self, rate: float, seconds: float) -> int:
        """Send `rate` per second on average, as a Poisson process, whatever comes back; answers how many."""
        due, sent = perf_counter(), 0
        end = due + seconds
        while due < end:
            await asyncio.sleep(max(0.0, due - perf_counter()))
            work = self._asker.account(self._draw(), self._expected, due, self.tally)
            task = asyncio.get_running_loop().create_task(work)
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)
            due, sent = due + self._dice.expovariate(rate), sent + 1
        return sent

    async def settle(self) -> None:
        """Wait for what was sent to be answered, or given up: every request counts in the minute it was sent in."""
        await asyncio.gather(*self._pending)


async def ask_alone(asker: Asker, exchanges: Sequence[Exchange]) -> dict[Question, Array]:
    """The answer to each question over JSON, one after the other, so that none shares a batch."""
    return {
        exchange.question: exchange.read(await asker.ask(exchange)) for exchange in exchanges if exchange.wire == "JSON"
    }


async def soak(up: Running, repository: Repository, given: argparse.Namespace) -> tuple[list[Minute], Load]:
    """Measure the capacity, then load the server minute by minute."""
    exchanges = [
        one for question in list_questions() for over in (over_http, over_grpc) for one in over.list_exchanges(question)
    ]
    asker = Asker(up.http, up.grpc)
    renewing = None
    try:
        await asker.open()
        work = Soak(exchanges, await ask_alone(asker, exchanges), asker)
        renewing = asyncio.create_task(repository.keep_renewing(WARM_UP_RENEWAL))
        await work.saturate(WARM_UP_SECONDS)
        renewing.cancel()
        before = up.cpu_seconds
        capacity = await work.saturate(given.calibrate)
        cores = (up.cpu_seconds - before) / given.calibrate
        load = Load(capacity, given.share * capacity, given.renew, cores)
        print(f"capacity {capacity:.0f} per second, {cores:.2f} cores; {work.tally.notes}", file=sys.stderr, flush=True)
        renewing = asyncio.create_task(repository.keep_renewing(given.renew))
        minutes: list[Minute] = []
        for number in range(given.minutes):
            work.tally = Tally()
            sent = await work.send(load.rate, given.seconds)
            await work.settle()
            minutes.append(await asyncio.to_thread(_look, up, repository, sent, work.tally))
            print(f"minute {number + 1}: {minutes[-1]} {work.tally.notes}", file=sys.stderr, flush=True)
        return minutes, load
    finally:
        if renewing is not None:
            renewing.cancel()
        await asker.close()


def _look(up: Running, repository: Repository, sent: int, tally: Tally) -> Minute:
    family = processes.find_family(up.process.pid)
    p50, p99 = np.percentile(tally.latencies or [np.nan], [50, 99]) * 1e3
    with urllib.request.urlopen(f"http://127.0.0.1:{up.http}/models/{BUNDLE}", timeout=30) as answer:
        version = json.load(answer)["version"]
    return Minute(
        requests=sent,
        **describe(tally),
        p50_ms=float(p50),
        p99_ms=float(p99),
        resident_mb=sum(process.resident_bytes for process in family) / 2**20,
        descriptors=sum(len(os.listdir(f"/proc/{process.pid}/fd")) for process in family),
        threads=sum(process.threads for process in family),
        published=repository.newest,
        version=version,
    )


def _describe_server(root: Path) -> Server:
    server = describe_ours()
    more = {"SERIESMITH_MODELS": str(root), "SERIESMITH_REFRESH_SECONDS": "1"}
    return dataclasses.replace(server, environment={**server.environment, **more})


def _describe_machine() -> str:
    found = machine.describe_machine()
    return f"{found['processor']}, {found['cores']} cores shared with the client, {found['date']}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30, help="two at least")
    parser.add_argument("--seconds", type=float, default=60.0, help="of a minute")
    parser.add_argument("--share", type=float, default=0.7, help="of the capacity")
    parser.add_argument("--calibrate", type=float, default=15.0, help="seconds to measure the capacity for")
    parser.add_argument("--renew", type=float, default=10.0, help="seconds from one new version to the next")
    parser.add_argument("--table", type=Path, help="a file for the report, as Markdown")
    given = parser.parse_args()
    if given.minutes < 2:
        parser.error("--minutes must be at least 2: the last third is compared with the one before")
    with tempfile.TemporaryDirectory(prefix="loadtest-soak-") as name:
        repository = Repository(Path(name))
        repository.renew()
        with run_server(_describe_server(repository.root), Path(sys.executable).parent) as up:
            minutes, load = asyncio.run(soak(up, repository, given))
    mix = ", ".join(f"{share} % {kind}" for kind, share in SHARES.items())
    table = write_table(minutes, load, _describe_machine(), f"Requests: {mix}, each over every wire.")
    print(table)
    if given.table:
        given.table.write_text(table)
    sys.exit(not all(verdict.holds for verdict in judge(minutes)))


if __name__ == "__main__":
    main()
