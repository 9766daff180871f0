"""Many clients at once, on every wire: each hears its own answer, the same as alone; large requests starve nobody."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.reliability.ledger import open_ledger
from tests.reliability.load import WIRES, Payloads, load_steadily
from tests.reliability.sizes import Sizes
from tests.reliability.victim import Suffering, watch
from tests.service.bundles import Labelled
from tests.service.grpc.conversation import answer, connect
from tests.service.server import Server, call_at_once, run_server, wait_until
from tests.service.wires import ask_over_arrow, ask_over_octets

pytestmark = pytest.mark.reliability


@pytest.mark.gate
def test_sixty_four_clients_each_hear_their_own_answer(server: Server, payloads: Payloads, sizes: Sizes):
    ledger = open_ledger("64 clients, distinct series, 7 wires")
    each, rest = divmod(64, len(WIRES))
    with (
        load_steadily(server, payloads, ledger, each=each, pause=0),
        load_steadily(server, payloads, ledger, wires=WIRES[:rest], pause=0),
    ):
        wait_until(lambda: ledger.tried >= sizes.concurrent_answers, seconds=120, what="all answers")
    ledger.require_none("wrong", "lost", "refused")


@pytest.mark.gate
def test_seeds_replay_bit_for_bit_under_load(server: Server, payloads: Payloads, cases: Labelled, sizes: Sizes):
    ledger = open_ledger("seeded /sample and /augment under load, three wires")
    sample = {"model": "sines", "counts": {"0": 20, "2": 5}, "seed": 11}
    augment = {"model": "sines", "series": cases.series[:9], "labels": cases.labels[:9], "seed": 12}
    wanted = {
        name: np.asarray(server.answer(name, **fields)["series"], np.float32)
        for name, fields in (("sample", sample), ("augment", augment))
    }

    def over_grpc(server: Server, operation: str, **fields: Any) -> dict[str, Any]:
        with connect(server) as channel:
            return answer(channel, operation, **fields)

    def compare(over: Any, operation: str, fields: dict[str, Any]) -> None:
        found = np.asarray(over(server, operation, **fields)["series"], np.float32)
        same = found.tobytes() == wanted[operation].tobytes()
        ledger.count("right" if same else "wrong", f"{operation} over {over.__name__}")

    with load_steadily(server, payloads, ledger, pause=0.005):
        ways = [ask_over_octets, ask_over_arrow, over_grpc] * sizes.replays
        call_at_once(
            [lambda way=way: compare(way, "sample", sample) for way in ways]
            + [lambda way=way: compare(way, "augment", augment) for way in ways]
        )
    ledger.require_none("wrong", "lost", "refused")


WINDOWS, WINDOW_SECONDS = 5, 3.0
TIMES = 3
"""How much longer than alone small requests may take, at the 99th percentile, beside one of 100 000 rows."""


def test_a_hundred_thousand_rows_do_not_starve_small_requests(repository: Path, tmp_path: Path, payloads: Payloads):
    """Windows alone and beside take turns, so that what else the machine does falls on both; their medians count."""
    ledger = open_ledger("small requests while one of 100 000 rows is answered")
    limits: dict[str, Any] = {"max_rows": 100_000, "queue_rows": 200_000, "max_body_bytes": 2**27}
    alone, beside = list[Suffering](), list[Suffering]()
    with run_server(tmp_path, repository, **limits) as server:
        for _ in range(WINDOWS):
            with watch(server, tmp_path, payloads.series) as suffering:
                time.sleep(WINDOW_SECONDS)
            alone.append(suffering)
            with _build_large_requests(server, payloads), watch(server, tmp_path, payloads.series) as suffering:
                time.sleep(WINDOW_SECONDS)
            beside.append(suffering)
    for suffering in (*alone, *beside):
        for status, count in suffering.statuses.items():
            ledger.counts["right" if status == "200" else "wrong"] += count
    before, during = (statistics.median(one.compute_percentile(99) for one in part) for part in (alone, beside))
    worst = statistics.median(one.worst for one in beside)
    ledger.notes.append(f"p99 {before:.1f} ms alone, {during:.1f} ms beside; worst {worst:.0f} ms")
    ledger.require_none("wrong")
    assert during <= TIMES * before
    assert worst < 250


@contextmanager
def _build_large_requests(server: Server, payloads: Payloads) -> Iterator[None]:
    """While the block lasts, a request of 100 000 rows is under way; at its end none is."""
    rows = np.resize(payloads.series, (100_000, *payloads.series.shape[1:]))
    content = rows.astype("<f4").tobytes() + b'{"model": "sines"}'
    head = {"content_type": "application/octet-stream", "seriesmith_shape": ",".join(map(str, rows.shape))}
    done, statuses = threading.Event(), list[int]()

    def send() -> None:
        while not done.is_set():
            statuses.append(server.send("classify", content, **head).status_code)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        wait_until(
            lambda: server.read_metrics()["seriesmith_queue_rows"] > 1000, seconds=30, what="a large request under way"
        )
        yield
    finally:
        done.set()
        sender.join(60)
    assert set(statuses) == {200}
