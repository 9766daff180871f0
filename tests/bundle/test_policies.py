"""By whatever policy series are made, a seed makes them again, bit for bit, and fewer are the start of more."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.generation.blocks import generate_blocks
from bundle.generation.given import GivenCases, group_by_class
from bundle.generation.policy import POLICIES, PolicyName, choose_possible
from bundle.generation.recipe import BLOCK_ROWS, Recipe, Samples
from training import data as datasets

MAKING = [policy for policy in POLICIES if policy != "none"]
FROM_CASES: list[PolicyName] = ["warps", "guided", "interpolation", "interpolation+warps"]


@pytest.fixture(scope="module")
def given(sines: Bundle) -> dict[int, GivenCases]:
    """Cases of `sines`, by class, with their codes."""
    cases = datasets.load("sines").test
    assert cases is not None and cases.labels is not None
    return group_by_class(cases.series, np.array(cases.labels, np.int64), sines.encode(cases.series)[0])


def _make(bundle: Bundle, policy: PolicyName, count: int, given: GivenCases | None, seed: int = 3) -> Samples:
    return bundle.sample(2, count, seed, policy=policy, given=given)


@pytest.mark.parametrize("policy", MAKING)
@pytest.mark.parametrize("count", [1, 10, BLOCK_ROWS + 1])
def test_fewer_series_are_the_start_of_more(sines: Bundle, given: dict, policy: PolicyName, count: int):
    more, fewer = (_make(sines, policy, n, given[2]).series for n in (2 * BLOCK_ROWS + 5, count))
    assert fewer.shape == (count, 2, 64) and fewer.dtype == np.float32
    assert np.array_equal(fewer, more[:count])


@pytest.mark.parametrize("policy", MAKING)
def test_a_seed_makes_the_same_again_and_another_seed_or_policy_others(sines: Bundle, given: dict, policy: PolicyName):
    first, again = (_make(sines, policy, 20, given[2]).series for _ in range(2))
    others = [_make(sines, policy, 20, given[2], seed=4)]
    others += [_make(sines, another, 20, given[2]) for another in MAKING if another != policy]
    assert np.array_equal(first, again)
    assert not any(np.array_equal(first, other.series) for other in others)


@pytest.mark.parametrize("policy", MAKING)
def test_a_block_is_made_without_those_before_it(sines: Bundle, given: dict, policy: PolicyName):
    recipe = Recipe(2, 3 * BLOCK_ROWS, 3, 2.0, policy, given[2])
    whole = sines.sample(2, 3 * BLOCK_ROWS, 3, 2.0, policy=policy, given=given[2])
    assert np.array_equal(generate_blocks(sines, recipe, range(2, 3)).series, whole.series[2 * BLOCK_ROWS :])


@pytest.mark.parametrize("policy", MAKING)
def test_no_two_series_are_alike_and_none_is_a_given_one(sines: Bundle, given: dict, policy: PolicyName):
    series = _make(sines, policy, 3 * BLOCK_ROWS, given[2]).series
    flat = np.concatenate([series, given[2].series]).reshape(-1, 128)
    assert len(np.unique(flat, axis=0)) == len(flat)


@pytest.mark.parametrize("policy", MAKING)
def test_made_series_are_of_their_class(sines: Bundle, given: dict, policy: PolicyName):
    probabilities = sines.classify(_make(sines, policy, 100, given[2]).series)
    assert (probabilities.argmax(axis=1) == 2).mean() > 0.9


@pytest.mark.parametrize("policy", FROM_CASES)
def test_of_no_given_case_series_come_from_the_mixture(sines: Bundle, policy: PolicyName):
    mixture: PolicyName = "latent+warps" if policy.endswith("+warps") else "latent"
    assert choose_possible(policy, 0) == mixture
    assert np.array_equal(_make(sines, policy, 9, None).series, _make(sines, mixture, 9, None).series)


def test_of_one_given_case(sines: Bundle, given: dict[int, GivenCases]):
    assert given[2].latent is not None
    one = GivenCases(given[2].series[:1], given[2].latent[:1])
    guided, warps = (_make(sines, policy, 9, one).series for policy in ("guided", "warps"))
    assert (
        np.array_equal(guided, warps)
        and choose_possible("guided", 1) == "warps"
        and choose_possible("guided", 2) == "guided"
    )
    low, high = one.series.min(axis=2), one.series.max(axis=2)
    assert (warps.min(axis=2) >= low - 1e-3).all() and (warps.max(axis=2) <= high + 1e-3).all()
    between = one.move_between(9, np.random.default_rng(0))
    assert np.array_equal(between.end, np.repeat(given[2].latent[:1], 9, axis=0))
    assert np.array_equal(between.decode(sines.decode), np.repeat(one.series, 9, axis=0))


def test_cases_go_part_of_the_way_to_the_codes_of_others():
    ends = np.array([[0, 0], [8, 0], [0, 8]], np.float32)
    between = GivenCases(np.zeros((3, 1, 4), np.float32), ends).move_between(600, np.random.default_rng(0)).end
    on_sides = [np.isclose(between[:, 1], 0), np.isclose(between[:, 0], 0), np.isclose(between.sum(axis=1), 8)]
    assert np.array_equal(np.logical_or.reduce(on_sides), np.ones(600, bool))
    assert all(150 < side.sum() < 250 for side in on_sides) and (between >= 0).all()
    assert np.abs(between[:, None] - ends).sum(axis=2).min() >= 1.5


def test_cases_go_towards_what_is_proposed_and_keep_what_no_code_describes():
    series = np.array([[[1, 2, 3]], [[5, 5, 9]]], np.float32)
    target = np.full((400, 2), 4, np.float32)
    moved = GivenCases(series, np.zeros((2, 2), np.float32)).move_towards(target, np.random.default_rng(0))
    share = moved.end / target
    assert (share[:, 0] == share[:, 1]).all() and 0.2 <= share.min() < 0.22 and 0.58 < share.max() <= 0.6
    assert 150 < (moved.series == series[0]).all(axis=(1, 2)).sum() < 250

    def decode(latent: np.ndarray) -> np.ndarray:
        return np.repeat(10 + latent[:, :1, None], 3, axis=2)

    np.testing.assert_allclose(moved.decode(decode), moved.series + moved.end[:, :1, None], atol=1e-5)


@pytest.mark.parametrize("policy", ["latent", "interpolation"])
def test_given_cases_keep_their_texture(sines: Bundle, given: dict[int, GivenCases], policy: PolicyName):
    ripple = np.float32(20) * np.where(np.arange(64) % 2, 1, -1).astype(np.float32)
    rippled = GivenCases(given[2].series + ripple, given[2].latent)
    plain, with_ripple = (
        np.abs(np.diff(_make(sines, policy, 20, cases).series, n=2, axis=2)).mean() for cases in (given[2], rippled)
    )
    assert with_ripple > plain + 50  # the ripple alone: 80


def test_what_comes_from_given_cases_has_no_density(sines: Bundle, given: dict):
    samples = _make(sines, "interpolation", 70, given[2])
    assert (samples.acceptance, samples.n_proposals, samples.n_fallbacks) == (1.0, 70, 0)
    for made in (samples, _make(sines, "latent", 70, given[2])):
        assert np.isnan(made.log_density).all() and len(made.log_density) == 70
    assert np.isfinite(_make(sines, "latent", 70, None).log_density).all()


def test_nothing_is_made_by_the_policy_none(sines: Bundle):
    with pytest.raises(ValueError, match="'none' makes no series"):
        sines.sample(0, 1, 0, policy="none")
