"""One connection of HTTP/2 starves nobody: a victim's small requests go on, memory stays, the server answers after."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from tests.reliability.floods import FLOODS, hoard_answers, pour
from tests.reliability.ledger import open_ledger
from tests.reliability.processes import measure_resident_bytes
from tests.reliability.sizes import Sizes
from tests.reliability.victim import watch
from tests.service.bundles import Labelled
from tests.service.grpc.conversation import answer, connect
from tests.service.server import Server, run_server, wait_until

pytestmark = pytest.mark.reliability

WORST_MS = 250
HELD_BYTES = 64 * 2**20
GROWTH_BYTES = 64 * 2**20
IN_THE_GATE = {"resets", "continuations"}
"""The cheapest to send and the dearest to serve, and the one that needs no stream."""


@pytest.fixture(scope="module")
def flooded(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Cuts off who does not read for two seconds, and holds 64 MiB at most."""
    limits: dict[str, Any] = {"write_seconds": 2, "max_held_bytes": HELD_BYTES, "max_body_bytes": 16 * 2**20}
    with run_server(tmp_path_factory.mktemp("flooded"), repository, **limits) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def _warm(flooded: Server, cases: Labelled, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Memory that every server takes at first is no growth."""
    pour(flooded.grpc, FLOODS["resets"], 1)
    with watch(flooded, tmp_path_factory.mktemp("warm"), cases.series):
        time.sleep(1)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.gate] if name in IN_THE_GATE else []) for name in FLOODS]
)
def test_a_flood_keeps_nobody_waiting(flooded: Server, cases: Labelled, tmp_path: Path, name: str, sizes: Sizes):
    before = measure_resident_bytes(flooded)
    worst: list[float] = []
    for _ in range(sizes.flood_windows):
        with watch(flooded, tmp_path, cases.series) as victim:
            sent = pour(flooded.grpc, FLOODS[name], sizes.flood_seconds)
        growth = measure_resident_bytes(flooded) - before
        victim.account(open_ledger(f"HTTP/2 flood of {name}, {sent} in {sizes.flood_seconds:g} s"), growth)
        assert victim.statuses.keys() == {"200"}
        worst.append(victim.worst)
    assert statistics.median(worst) < WORST_MS
    assert growth < GROWTH_BYTES
    with connect(flooded) as channel:
        assert answer(channel, "classify", model="sines", series=cases.series[:2])["probabilities"].shape == (2, 3)


def test_answers_that_nobody_reads_are_bounded_and_given_up(flooded: Server, cases: Labelled, tmp_path: Path):
    many = np.tile(cases.series[:10], (300, 1, 1))  # 1.5 MB
    before = measure_resident_bytes(flooded)
    with watch(flooded, tmp_path, cases.series) as victim:
        hoard = hoard_answers(flooded.grpc, 250, many)
        time.sleep(1)
        growth = measure_resident_bytes(flooded) - before
    victim.account(open_ledger("250 × Reconstruct(3000) that nobody reads"), growth)
    assert growth < HELD_BYTES + GROWTH_BYTES
    assert victim.statuses.keys() == {"200"}
    assert victim.worst < WORST_MS
    wait_until(
        lambda: flooded.read_metrics()["seriesmith_held_bytes"] < 2**20, seconds=20, what="the answers to be given up"
    )
    hoard.close()


def test_a_server_with_all_its_connections_takes_a_new_client(repository: Path, cases: Labelled, tmp_path: Path):
    with run_server(tmp_path, repository, max_connections=50, head_seconds=60) as small:
        idle = [grpc.insecure_channel(small.grpc, [("grpc.use_local_subchannel_pool", 1)]) for _ in range(60)]
        for channel in idle:
            grpc.channel_ready_future(channel).result(timeout=20)
        with connect(small) as channel:
            answer(channel, "classify", model="sines", series=cases.series[:2])
        assert small.read_metrics()["seriesmith_connections"] <= 51
        for channel in idle:
            channel.close()
