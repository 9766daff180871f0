"""Seeded series replay bit for bit, whatever else is asked for with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle.engine.bundle import Bundle
from bundle.generation.blocks import generate_blocks
from bundle.generation.mixture import MixtureParameters
from bundle.generation.recipe import BLOCK_ROWS, MAX_PROPOSALS, MAX_REDRAWS, MAX_SEED, Noise, Recipe


def test_equal_seeds_give_equal_series_and_other_seeds_or_classes_others(sines: Bundle) -> None:
    first = sines.sample(0, 10, seed=5).series
    assert np.array_equal(first, sines.sample(0, 10, seed=5).series)
    assert not np.array_equal(first, sines.sample(0, 10, seed=6).series)
    assert not np.array_equal(first, sines.sample(1, 10, seed=5).series)


@pytest.mark.parametrize("count", [1, 10, BLOCK_ROWS, BLOCK_ROWS + 1])
def test_fewer_series_are_the_start_of_more(sines: Bundle, count: int) -> None:
    more = sines.sample(2, 2 * BLOCK_ROWS + 5, seed=3)
    fewer = sines.sample(2, count, seed=3)
    assert np.array_equal(fewer.series, more.series[:count])
    assert np.array_equal(fewer.log_density, more.log_density[:count])


def test_a_block_is_made_without_those_before_it(sines: Bundle) -> None:
    recipe = Recipe(1, 3 * BLOCK_ROWS, 9, sines.choose_expansion(None))
    last = generate_blocks(sines, recipe, range(2, 3))
    assert np.array_equal(last.series, sines.sample(1, 3 * BLOCK_ROWS, seed=9).series[2 * BLOCK_ROWS :])


@given(st.integers(0, MAX_SEED), st.integers(0, 999), st.integers(0, 2**40), st.integers(0, 79), st.integers(0, 5))
def test_noise_is_that_of_philox_whatever_was_drawn_before(
    seed: int, class_index: int, block: int, stream: int, drawn: int
) -> None:
    noise = Noise(Recipe(class_index, 1, seed, 1.0))
    noise.move_to(block + 1, stream).random(drawn, dtype=np.float32)
    moved = noise.move_to(block, stream)
    key, counter = np.array([seed, class_index], np.uint64), np.array([0, stream, block, 0], np.uint64)
    fresh = np.random.Generator(np.random.Philox(key=key, counter=counter))
    assert np.array_equal(moved.random(7, dtype=np.float32), fresh.random(7, dtype=np.float32))
    assert np.array_equal(moved.standard_normal(5), fresh.standard_normal(5))
    assert np.array_equal(moved.integers(0, 1000, 3), fresh.integers(0, 1000, 3))


def test_no_two_blocks_and_no_two_rows_are_alike(sines: Bundle) -> None:
    series = sines.sample(0, 3 * BLOCK_ROWS, seed=0).series
    assert len(np.unique(series.reshape(len(series), -1), axis=0)) == len(series)


def test_a_larger_expansion_spreads_wider(sines: Bundle) -> None:
    spread = [sines.sample(0, 200, seed=1, expansion=factor).series[:, 0].std(axis=0).mean() for factor in (0.1, 4)]
    narrow, wide = spread
    assert wide > 1.5 * narrow


def test_a_class_inside_its_rival_is_bounded_in_proposals_and_says_so(sines: Bundle) -> None:
    own = sines.mixture
    assert own is not None
    hopeless = MixtureParameters(own.weights, own.means.copy(), own.covariances.copy())
    hopeless.means[0] = hopeless.means[1]
    hopeless.covariances[0] = hopeless.covariances[1] * 1.0
    hopeless.covariances[1] = hopeless.covariances[1] * 0.9999
    hopeless.weights[0] = hopeless.weights[1]
    samples = sines.sample(0, 20, seed=0, expansion=1e-4, mixture=hopeless)
    assert samples.n_fallbacks == 20 and samples.n_proposals == 20 * MAX_PROPOSALS * (1 + MAX_REDRAWS)
    assert samples.acceptance == 0
    assert np.isfinite(samples.series).all()
