"""A worker makes and scores series about as fast as the bare runtime on one thread; `pytest -s` prints how fast."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bundle.cores import count_cores
from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.repository import SHIPPED
from loadtest.sampling import measure_rate
from training.scale.bundles import pack
from training.scale.inputs import open_inputs
from training.scale.making import make_shard, plan_generation
from training.scale.places import Place
from training.scale.sampling import generate
from training.scale.scoring import BATCH_ROWS, Scoring, score_part

pytestmark = pytest.mark.long

GUNPOINT = SHIPPED / "gunpoint" / "1"
ROWS, ROUNDS = 8192, 3

CALM = 0.5
"""The load up to which the machine counts as idle."""


def measure(work: Callable[[], object]) -> float:
    """Series a second of processor time: what else the machine does counts in neither."""
    begun = time.process_time()
    work()
    return ROWS / (time.process_time() - begun)


def compare(ours: Callable[[int], float], bare: Callable[[int], float], what: str) -> float:
    """The median over rounds of our rate to that of the bare runtime, in turns."""
    pairs = [(ours(number), bare(number)) for number in range(ROUNDS)]
    own, raw = (statistics.median(pair[place] for pair in pairs) for place in (0, 1))
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"\n{what}: {own:.0f} series a second of a core's time, {raw:.0f} by the bare runtime, ratio {ratio:.2f}")
    return ratio


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    loaded = Bundle.load(GUNPOINT, Runtime("cpu", 1))
    loaded.warm_up()
    return loaded


def test_a_worker_makes_series_as_fast_as_the_bare_runtime(bundle: Bundle, tmp_path: Path):
    packed = pack(GUNPOINT)

    def make(number: int) -> float:
        job = plan_generation(packed, {0: ROWS // 2, 1: ROWS // 2}, number, shard_rows=ROWS)
        return measure(partial(make_shard, job, Place(str(tmp_path / str(number))), 0))

    assert compare(make, lambda number: measure(partial(measure_rate, bundle, ROWS // 2, number)), "generation") > 0.9


def test_a_worker_scores_series_as_fast_as_the_bare_runtime(bundle: Bundle, tmp_path: Path):
    packed = pack(GUNPOINT)
    make_shard(
        plan_generation(packed, {0: ROWS // 2, 1: ROWS // 2}, 1, shard_rows=ROWS), Place(str(tmp_path / "in")), 0
    )
    inputs = open_inputs(str(tmp_path / "in"), ROWS)
    series = np.array(inputs.read(inputs.pieces[0])["series"].to_pylist(), np.float32)

    def score_bare() -> None:
        for start in range(0, ROWS, BATCH_ROWS):
            batch = series[start : start + BATCH_ROWS]
            latent, _ = bundle.encode(batch)
            bundle.classify(batch)
            bundle.compute_typicality(latent)
            bundle.compute_reconstruction_error(batch, bundle.decode(latent))

    def score(number: int) -> float:
        return measure(partial(score_part, Scoring(packed, inputs), Place(str(tmp_path / f"out{number}")), 0))

    assert compare(score, lambda _: measure(score_bare), "scoring") > 0.9


def test_two_workers_make_nearly_twice_as_much_as_one(tmp_path: Path):
    if count_cores() < 2 or os.getloadavg()[0] > CALM:
        pytest.skip(f"the load is {os.getloadavg()[0]:.1f}: two idle cores are needed to see what a second one brings")
    packed = pack(GUNPOINT)
    seconds = dict[int, list[float]]({1: [], 2: []})
    for number in range(ROUNDS):
        for workers in (1, 2):
            job = plan_generation(packed, {0: 4 * ROWS, 1: 4 * ROWS}, number, shard_rows=ROWS // 2)
            begun = time.perf_counter()
            generate(job, Place(str(tmp_path / f"{number}-{workers}")), workers)
            seconds[workers].append(time.perf_counter() - begun)
    one, two = (8 * ROWS / statistics.median(seconds[workers]) for workers in (1, 2))
    print(f"\none worker {one:.0f} series a second, two {two:.0f}: {two / one:.2f} times, starting included")
    assert two / one > 1.6
