"""Many clients at once, on every wire: each hears its own answer, the same as alone; large requests starve nobody."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.reliability.ledger import open_ledger
from tests.reliability.load import WIRES, Payloads, steady_load
from tests.reliability.victim import watched
from tests.service.grpc.conversation import answer, connected
from tests.service.server import Server, at_once, serving, until
from tests.service.wires import over_arrow, over_octets

pytestmark = pytest.mark.reliability


def test_sixty_four_clients_each_hear_their_own_answer(server: Server, payloads: Payloads):
    ledger = open_ledger("64 clients, distinct series, 7 wires")
    each, rest = divmod(64, len(WIRES))
    with (
        steady_load(server, payloads, ledger, each=each, pause=0),
        steady_load(server, payloads, ledger, wires=WIRES[:rest], pause=0),
    ):
        until(lambda: ledger.tried >= 4000, seconds=120, what="4 000 answers")
    ledger.require_none("wrong", "lost", "refused")


def test_seeds_replay_bit_for_bit_under_load(server: Server, payloads: Payloads, cases: Any):
    ledger = open_ledger("seeded /sample and /augment under load, three wires")
    sample = {"model": "sines", "counts": {"0": 20, "2": 5}, "seed": 11}
    augment = {"model": "sines", "series": cases.series[:9], "labels": cases.labels[:9], "seed": 12}
    wanted = {
        name: np.asarray(server.answer(name, **fields)["series"], np.float32)
        for name, fields in (("sample", sample), ("augment", augment))
    }

    def over_grpc(server: Server, operation: str, **fields: Any) -> dict[str, Any]:
        with connected(server) as channel:
            return answer(channel, operation, **fields)

    def compare(over: Any, operation: str, fields: dict[str, Any]) -> None:
        found = np.asarray(over(server, operation, **fields)["series"], np.float32)
        same = found.tobytes() == wanted[operation].tobytes()
        ledger.count("right" if same else "wrong", f"{operation} over {over.__name__}")

    with steady_load(server, payloads, ledger, pause=0.005):
        ways = [over_octets, over_arrow, over_grpc] * 10
        at_once(
            [lambda way=way: compare(way, "sample", sample) for way in ways]
            + [lambda way=way: compare(way, "augment", augment) for way in ways]
        )
    ledger.require_none("wrong", "lost", "refused")


def test_a_hundred_thousand_rows_do_not_starve_small_requests(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("small requests while one of 100 000 rows is answered")
    limits: dict[str, Any] = {"max_rows": 100_000, "queue_rows": 200_000, "max_body_bytes": 2**27}
    with serving(tmp_path, repository, **limits) as server:
        rows = np.resize(payloads.series, (100_000, *payloads.series.shape[1:]))
        content = rows.astype("<f4").tobytes() + b'{"model": "sines"}'
        head = {"content_type": "application/octet-stream", "seriesmith_shape": "100000,2,64"}
        with watched(server, tmp_path, payloads.series) as alone:
            time.sleep(4)
        done = threading.Event()

        def send_large() -> None:
            while not done.is_set():
                assert server.send("classify", content, **head).status_code == 200

        sender = threading.Thread(target=send_large)
        sender.start()
        time.sleep(0.5)
        with watched(server, tmp_path, payloads.series) as beside:
            time.sleep(6)
        done.set()
        sender.join(60)
    for suffering in (alone, beside):
        for status, count in suffering.statuses.items():
            ledger.counts["right" if status == "200" else "wrong"] += count
    p99 = alone.percentile(99), beside.percentile(99)
    ledger.notes.append(f"p99 {p99[0]:.1f} ms alone, {p99[1]:.1f} ms beside; worst {beside.worst:.0f} ms")
    ledger.require_none("wrong")
    assert beside.worst < 250
