"""Ways through the latent space keep their ends, turn round, and leave alone what they do not move."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from bundle.generation.walks import interpolate, traverse

COORDINATE = st.floats(-50, 50, allow_subnormal=False)
PAIRS = of_numpy.arrays(np.float64, (2, 3, 4), elements=COORDINATE)
METHODS = st.sampled_from(["linear", "spherical"])
POSITIONS = np.linspace(0, 1, 5)


@given(PAIRS, METHODS)
@settings(deadline=None)
def test_a_way_begins_and_ends_at_its_ends_and_the_way_back_is_the_same_reversed(pair, method):
    start, end = pair
    way = interpolate(start, end, POSITIONS, method)
    np.testing.assert_allclose(way[:, 0], start, atol=1e-9)
    np.testing.assert_allclose(way[:, -1], end, atol=1e-9)
    np.testing.assert_allclose(way, interpolate(end, start, POSITIONS, method)[:, ::-1], atol=1e-6)


@given(PAIRS)
@settings(deadline=None)
def test_no_point_of_an_arc_is_further_from_the_origin_than_the_further_end(pair):
    start, end = pair
    distances = np.linalg.norm(interpolate(start, end, POSITIONS, "spherical"), axis=2)
    assert (distances <= np.maximum(*np.linalg.norm(pair, axis=2))[:, None] + 1e-6).all()


@given(PAIRS, st.floats(0.1, 10))
@settings(deadline=None)
def test_an_arc_between_parallel_codes_and_one_from_the_origin_are_lines(pair, factor):
    start, _ = pair
    for end in (factor * start, -factor * start, np.zeros_like(start)):
        arc, line = (interpolate(start, end, POSITIONS, method) for method in ("spherical", "linear"))
        np.testing.assert_allclose(arc, line, atol=1e-9)


def test_an_arc_between_unit_codes_stays_on_the_sphere_at_even_angles():
    arc = interpolate(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), POSITIONS, "spherical")[0]
    angles = np.linspace(0, np.pi / 2, 5)
    np.testing.assert_allclose(arc, np.stack([np.cos(angles), np.sin(angles)], axis=1), atol=1e-12)


@pytest.mark.parametrize("method", ["linear", "spherical"])
def test_three_steps_hold_the_middle(method):
    random = np.random.default_rng(0)
    start, end = random.standard_normal((2, 5, 6))
    coarse, fine = (interpolate(start, end, np.linspace(0, 1, steps), method) for steps in (3, 9))
    np.testing.assert_allclose(coarse[:, 1], fine[:, 4], atol=1e-12)


def test_a_traversal_moves_one_axis_and_no_other():
    centres, deviations = np.arange(8, dtype=np.float64).reshape(2, 4), np.full((2, 4), 0.5)
    codes = traverse(centres, deviations, np.array([3, 0]), np.array([-2.0, 0.0, 2.0]))
    assert codes.shape == (2, 2, 3, 4)
    np.testing.assert_allclose(codes[:, :, 1], np.repeat(centres[:, None], 2, axis=1))
    np.testing.assert_allclose((codes - centres[:, None, None])[:, 0, :, 3], [[-1, 0, 1]] * 2)
    assert (codes[:, 0, :, :3] == centres[:, None, :3]).all() and (codes[:, 1, :, 1:] == centres[:, None, 1:]).all()
