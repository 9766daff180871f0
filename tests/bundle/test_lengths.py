"""A made series has the length of the case that it came from, or a drawn one, whatever is made beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.generation.blocks import generate_blocks
from bundle.generation.given import GivenCases
from bundle.generation.lengths import choose_lengths, draw_lengths
from bundle.generation.policy import PolicyName
from bundle.generation.recipe import Recipe

KNOWN = np.array([20, 30, 64])


def make_recipe(count: int, seed: int = 1, policy: PolicyName = "warps", given: GivenCases | None = None) -> Recipe:
    return Recipe(0, count, seed, 1.0, policy, given)


def test_equal_seeds_draw_equal_lengths_and_more_start_with_those_of_fewer():
    many = draw_lengths(make_recipe(100), KNOWN)
    assert np.array_equal(draw_lengths(make_recipe(37), KNOWN), many[:37])
    assert not np.array_equal(draw_lengths(make_recipe(100, seed=2), KNOWN), many)
    assert set(many.tolist()) == set(KNOWN.tolist()) and draw_lengths(make_recipe(0), KNOWN).shape == (0,)


def test_the_source_decides_and_what_has_none_has_the_length_drawn_for_it():
    source, drawn = np.array([2, -1, 0, -1]), np.array([1, 2, 3, 4])
    assert choose_lengths(source, KNOWN, drawn).tolist() == [64, 2, 20, 4]
    assert choose_lengths(np.full(4, -1), np.empty(0, np.int64), drawn).tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("policy", ["warps", "guided"])
def test_the_source_is_the_case_whose_values_a_warped_series_has(policy: PolicyName):
    levels = np.array([0, 100, 200, 300, 400])
    cases = (levels[:, None, None] + np.random.default_rng(0).uniform(-1, 1, (5, 1, 30))).astype(np.float32)
    idle: Any = type("Idle", (), {"blocks_at_once": 2, "make_side_by_side": lambda _, make, numbers: [make(numbers)]})()
    samples = generate_blocks(idle, make_recipe(50, policy=policy, given=GivenCases(cases)), range(4))
    assert samples.source.shape == (50,) and len(set(samples.source.tolist())) == 5
    assert np.abs(samples.series.mean(axis=(1, 2)) - levels[samples.source]).max() < 1


@pytest.mark.parametrize("policy", ["latent", "interpolation"])
def test_the_source_of_a_moved_case_lies_nearest_to_it(sines: Bundle, policy: PolicyName):
    """Cases whose texture, which moving keeps, is their own."""
    series = sines.sample(0, 6, seed=0).series
    own = np.random.default_rng(1).normal(size=series.shape) * series.std(axis=(0, 2), keepdims=True)
    cases = (series + own).astype(np.float32)
    given = GivenCases(cases, sines.encode(cases)[0])
    samples = sines.sample(0, 40, seed=1, policy=policy, given=given)
    scale = cases.std(axis=(0, 2), keepdims=True)
    distance = np.square((samples.series[:, None] - cases) / scale).mean(axis=(2, 3))
    assert np.array_equal(distance.argmin(axis=1), samples.source)


def test_what_is_decoded_has_no_source(sines: Bundle):
    assert (sines.sample(0, 20, seed=0).source == -1).all()


def test_the_lengths_of_some_blocks_are_theirs_among_all():
    many = draw_lengths(make_recipe(100), KNOWN)
    assert np.array_equal(draw_lengths(make_recipe(100), KNOWN, range(2, 4)), many[32:64])
    assert np.array_equal(draw_lengths(make_recipe(100), KNOWN, range(6, 7)), many[96:])
