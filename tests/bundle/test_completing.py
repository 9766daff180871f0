"""What is missing is drawn from the posterior: with a linear decoder its law is known, and it comes out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle.generation.completing import Completer, Completion, Wish, run
from bundle.generation.conditioning import TEMPERATURE
from bundle.generation.mixture import MixtureParameters
from bundle.generation.partial import PartialCase
from bundle.generation.residual import Bridges, ResidualLaw

N_CHANNELS, LENGTH, LATENT_DIM = 2, 30, 3
LAW = ResidualLaw(np.array([0.3, 0.1]), np.array([0.8, 0.0]))
TIME = np.linspace(0, 2 * np.pi, LENGTH)
BASE = np.stack([[np.sin(k * TIME + 1), np.cos(k * TIME)] for k in range(1, LATENT_DIM + 1)])
GRID = np.arange(LENGTH, dtype=np.float64)


class Linear:
    """Decodes a code to a sum of waves, each times a coordinate."""

    def decode(self, latent: np.ndarray) -> np.ndarray:
        series: np.ndarray = np.einsum("nl,lct->nct", latent, BASE).astype(np.float32)
        return series


def make_completer(*means: float, weights: tuple[float, ...] = ()) -> Completer:
    """Two classes or one, each a normal distribution around the same number in every coordinate."""
    centres = np.array([[[mean] * LATENT_DIM] for mean in means])
    covariances = np.tile(0.5 * np.eye(LATENT_DIM), (len(means), 1, 1, 1))
    share = np.array(weights or [1 / len(means)] * len(means))
    return Completer(Linear(), MixtureParameters(np.ones((len(means), 1)), centres, covariances), share, LAW)


def make_case(seed: int = 0, mean: float = 0.0, share: float = 0.5) -> PartialCase:
    random = np.random.default_rng(seed)
    values = Linear().decode(random.normal(mean, 0.7, (1, LATENT_DIM)))[0] + random.normal(0, 0.1, (N_CHANNELS, LENGTH))
    values[random.random(values.shape) < share] = np.nan
    values[:, 0] = 0.5
    return PartialCase(values.astype(np.float32), GRID)


def complete(case: PartialCase, n: int = 10, seed: int = 0, class_index: int | None = None) -> Completion:
    return run(make_completer(0.0, 2.0).complete(case, Wish(n, 0.9, seed), class_index))


def compute_covariance() -> np.ndarray:
    """Of the residual, `[n_channels * length, n_channels * length]`, as its definition says."""
    apart = np.abs(GRID[:, None] - GRID)
    blocks = [scale**2 * correlation**apart for scale, correlation in zip(LAW.scale, LAW.correlation, strict=True)]
    whole = np.zeros((N_CHANNELS, LENGTH, N_CHANNELS, LENGTH))
    for channel, block in enumerate(blocks):
        whole[channel, :, channel] = block
    return whole.reshape(N_CHANNELS * LENGTH, -1)


@given(st.integers(0, 1000))
def test_what_is_observed_of_the_residual_is_whitened(seed: int):
    case = make_case(seed)
    bridges, factor = Bridges(LAW, case), np.linalg.cholesky(compute_covariance())
    columns = bridges.whiten(factor.T.reshape(-1, N_CHANNELS, LENGTH)).T
    assert np.allclose(columns @ columns.T, np.eye(len(columns)), atol=1e-6)


@given(st.integers(0, 1000))
def test_a_gap_is_filled_with_the_normal_law_given_what_is_observed(seed: int):
    case = make_case(seed)
    bridges, covariance = Bridges(LAW, case), compute_covariance()
    seen = case.observed.reshape(-1)
    gain = covariance[:, seen] @ np.linalg.inv(covariance[np.ix_(seen, seen)])
    residual = np.random.default_rng(seed).normal(size=(1, N_CHANNELS, LENGTH))
    assert np.allclose(bridges.fill(residual).reshape(-1), gain @ residual.reshape(-1)[seen], atol=1e-6)
    left = np.diag(covariance - gain @ covariance[seen])
    assert np.allclose(bridges.variance.reshape(-1), left, atol=1e-6)


def test_drawn_residuals_are_nothing_where_observed_and_vary_as_they_should():
    case = make_case()
    bridges = Bridges(LAW, case)
    drawn = bridges.draw(np.random.default_rng(0).standard_normal((20_000, N_CHANNELS, LENGTH), np.float32))
    assert (drawn[:, case.observed] == 0).all()
    assert np.allclose(drawn.var(axis=0), bridges.variance, atol=0.03 * LAW.scale.max() ** 2)


def test_the_law_is_measured_from_residuals_that_follow_it():
    empty = PartialCase(np.full((N_CHANNELS, LENGTH), np.nan, np.float32), GRID)
    noise = np.random.default_rng(0).standard_normal((2000, N_CHANNELS, LENGTH), np.float32)
    drawn = Bridges(LAW, empty).draw(noise)
    counted = np.ones(drawn.shape, bool)
    counted[:, :, 20:] = False
    for measured in (ResidualLaw.measure(drawn), ResidualLaw.measure(np.where(counted, drawn, 1e6), counted)):
        assert np.allclose(measured.scale, LAW.scale, rtol=0.03)
        assert np.allclose(measured.correlation, LAW.correlation, atol=0.03)


def test_the_expectation_and_its_interval_are_those_of_the_normal_law():
    """With one component and a linear decoder all is normal; the likelihood counts by one over the temperature."""
    case = make_case()
    completion = run(make_completer(0.0).complete(case, Wish(4000, 0.9, 0)))
    bridges = Bridges(LAW, case)
    design = bridges.whiten(BASE) / np.sqrt(TEMPERATURE)
    given_values = np.where(case.observed, case.values, 0)[None].astype(float)
    posterior = np.linalg.inv(2 * np.eye(LATENT_DIM) + design @ design.T)
    code = posterior @ design @ bridges.whiten(given_values)[0] / np.sqrt(TEMPERATURE)
    decoded = np.einsum("l,lct->ct", code, BASE)
    expected = decoded + bridges.fill(np.where(case.observed, case.values - decoded, 0)[None])[0]
    slopes = BASE - bridges.fill(np.where(case.observed, BASE, 0))
    deviation = np.sqrt(np.einsum("lct,lk,kct->ct", slopes, posterior, slopes) + bridges.variance)
    missing = ~case.observed
    assert np.abs((completion.series - expected)[missing] / deviation[missing]).max() < 0.35  # of 128 draws
    width = (completion.upper - completion.lower)[missing] / deviation[missing]
    assert np.allclose(width, 2 * 1.645, rtol=0.2) and abs(width.mean() / 3.29 - 1) < 0.05
    inside = (completion.completions >= completion.lower) & (completion.completions <= completion.upper)
    assert np.allclose(inside[:, missing].mean(), 0.9, atol=0.02)


def test_observed_values_are_kept_bit_for_bit():
    case = make_case()
    completion = complete(case)
    for array in (completion.series, completion.lower, completion.upper, *completion.completions):
        assert np.array_equal(array[case.observed], case.values[case.observed])


def test_a_smaller_wish_is_the_start_of_a_larger_one():
    few, many = (complete(make_case(), n) for n in (10, 200))
    assert np.array_equal(few.completions, many.completions[:10])
    assert np.array_equal(few.series, many.series) and np.array_equal(few.lower, many.lower)


def test_equal_seeds_give_equal_bits_and_others_do_not():
    one, again, other = (complete(make_case(), seed=seed).completions for seed in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


@pytest.mark.parametrize(("mean", "index"), [(0.0, 0), (2.0, 1)])
def test_the_class_is_found_from_what_is_observed(mean: float, index: int):
    probabilities = complete(make_case(mean=mean)).class_probabilities
    assert probabilities.argmax() == index and np.isclose(probabilities.sum(), 1)


def test_the_class_that_is_told_is_the_one_completed():
    completion = complete(make_case(mean=2.0), class_index=0)
    assert completion.class_probabilities.tolist() == [1.0, 0.0]


def test_a_class_of_no_share_is_never_found():
    completer = make_completer(0.0, 2.0, weights=(1.0, 0.0))
    assert run(completer.complete(make_case(mean=2.0), Wish(1, 0.9, 0))).class_probabilities.tolist() == [1.0, 0.0]


def test_with_nothing_missing_every_completion_is_the_case():
    case = make_case(share=0.0)
    assert (complete(case).completions == case.values).all()


def test_a_channel_without_any_value_is_completed_from_the_others():
    whole = make_case(share=0.0)
    blind = whole.values.copy()
    blind[1] = np.nan
    completion = complete(replace(whole, values=blind))
    error = completion.series[1] - whole.values[1]
    assert np.sqrt(np.square(error).mean()) < 0.4 * whole.values[1].std()  # what is noise in it stays unknown


def test_timepoints_between_those_of_the_grid_are_read_on_straight_lines():
    case = PartialCase(np.zeros((1, 3), np.float32), np.array([0.0, 0.25, 2.0]))
    assert case.read(np.array([[[4.0, 8.0, 1.0]]], np.float32)).tolist() == [[[4.0, 5.0, 1.0]]]
