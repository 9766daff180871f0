"""A worker makes and scores series about as fast as the bare runtime on one thread; `pytest -s` prints how fast."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
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


_bare: list[Bundle] = []


def load_bare() -> None:
    """In a process of its own: the bundle, warm."""
    _bare.append(Bundle.load(GUNPOINT, Runtime("cpu", 1)))
    measure_rate(_bare[0], 64, 0)


def make_bare(count: int) -> float:
    return measure_rate(_bare[0], count, 1)


def measure_bare(workers: int) -> float:
    """Series a second of the bare runtime in so many processes at a time, each warm before."""
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), load_bare) as pool:
        list(pool.map(make_bare, [64] * workers))
        begun = time.perf_counter()
        list(pool.map(make_bare, [4 * ROWS // workers] * workers))  # of each of two classes
        return 8 * ROWS / (time.perf_counter() - begun)


def test_a_second_worker_brings_what_a_second_core_does(tmp_path: Path):
    if count_cores() < 2 or os.getloadavg()[0] > CALM:
        pytest.skip(f"the load is {os.getloadavg()[0]:.1f}: two idle cores are needed to see what a second one brings")
    packed = pack(GUNPOINT)
    rates = dict[str, list[float]]({"one": [], "two": [], "bare one": [], "bare two": []})
    for number in range(ROUNDS):
        for workers, name in ((1, "one"), (2, "two")):
            job = plan_generation(packed, {0: 16 * ROWS, 1: 16 * ROWS}, number, shard_rows=ROWS // 2)
            begun = time.perf_counter()
            generate(job, Place(str(tmp_path / f"{number}-{workers}")), workers)
            rates[name].append(32 * ROWS / (time.perf_counter() - begun))
            rates[f"bare {name}"].append(measure_bare(workers))
    one, two, bare_one, bare_two = (statistics.median(found) for found in rates.values())
    print(f"\none worker {one:.0f} series a second, two {two:.0f}: {two / one:.2f} times, starting included")
    print(f"the bare runtime in one process {bare_one:.0f}, in two {bare_two:.0f}: {bare_two / bare_one:.2f} times")
    # Two workers are processes, which take a second to start; one is this process.
    assert two / one > 0.85 * bare_two / bare_one
