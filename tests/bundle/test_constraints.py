"""Projections onto constraints: the result meets them, a second one changes nothing, and what meets them stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy
from sklearn.isotonic import isotonic_regression

from bundle.errors import InvalidRequest
from bundle.generation.constraints import Constraints, fit_isotonic, measure_moves

VALUES = st.floats(-100, 100, width=32, allow_subnormal=False)
SERIES = of_numpy.arrays(np.float32, st.tuples(st.integers(1, 3), st.just(2), st.integers(2, 9)), elements=VALUES)


def make(**fields: Any) -> Constraints:
    """Constraints of two channels; what is not named is not constrained."""
    names = ("lower", "upper", "start_value", "end_value", "sum")
    parts: dict[str, Any] = {name: np.broadcast_to(np.float64(fields.pop(name, np.nan)), 2) for name in names}
    return Constraints(**parts, **fields)


@st.composite
def draw_constraints(draw: st.DrawFn, n_timepoints: int) -> Constraints:
    """Constraints that some series of `n_timepoints` meets: they are read off one."""
    monotone = draw(st.sampled_from([None, "increasing", "decreasing"]))
    feasible = draw(of_numpy.arrays(np.float64, (2, n_timepoints), elements=VALUES))
    if monotone is not None:
        feasible = np.sort(feasible, axis=1)[:, :: 1 if monotone == "increasing" else -1]
    feasible = feasible.astype(np.float32).astype(np.float64)
    of = {
        "lower": feasible.min(axis=1) - draw(st.floats(0, 5)),
        "upper": feasible.max(axis=1) + draw(st.floats(0, 5)),
        "start_value": feasible[:, 0],
        "end_value": feasible[:, -1],
        "sum": feasible.sum(axis=1),
    }
    return make(**{name: value for name, value in of.items() if draw(st.booleans())}, monotone=monotone)


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_a_projection_meets_every_constraint_and_a_second_changes_nothing(data: st.DataObject):
    series = data.draw(SERIES)
    constraints = data.draw(draw_constraints(series.shape[2]))
    constraints.check(series.shape[2], series.shape[2])
    found = constraints.project(series)
    assert np.array_equal(constraints.project(found), found)
    wide = found.astype(np.float64)
    steps = np.diff(wide, axis=2)
    assert constraints.monotone != "increasing" or (steps >= 0).all()
    assert constraints.monotone != "decreasing" or (steps <= 0).all()
    for channel in range(2):
        own = wide[:, channel]
        low, high = constraints.lower[channel], constraints.upper[channel]
        if np.float32(low) != np.float32(high):
            assert np.isnan(low) or (own >= low).all()
            assert np.isnan(high) or (own <= high).all()
        for name, place in (("start_value", 0), ("end_value", -1)):
            value = getattr(constraints, name)[channel]
            assert np.isnan(value) or (own[:, place] == np.float32(value)).all()
        total = constraints.sum[channel]
        assert np.isnan(total) or np.allclose(own.sum(axis=1), total, atol=3e-6 * np.abs(own).sum(axis=1).max() + 1e-4)


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_no_other_series_that_meets_them_is_nearer(data: st.DataObject):
    """The angle at the projection, to any series that meets the constraints, is not acute."""
    series = data.draw(SERIES)
    constraints = data.draw(draw_constraints(series.shape[2]))
    found = constraints.project(series).astype(np.float64)
    other = constraints.project(data.draw(of_numpy.arrays(np.float32, series.shape, elements=VALUES)))
    angle = ((series - found) * (other - found)).sum(axis=2)
    scale = np.abs(series - found).sum(axis=2) * np.abs(other - found).max(axis=2, initial=0)
    assert (angle <= 1e-5 * scale + 1e-2).all()


@given(of_numpy.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=VALUES))
@settings(deadline=None, max_examples=40)
def test_the_isotonic_regression_is_that_of_scikit_learn(series: np.ndarray):
    expected = np.stack([isotonic_regression(own) for own in series])
    np.testing.assert_allclose(fit_isotonic(series), expected, atol=1e-9)


def test_what_was_moved_is_measured_in_original_units():
    series = np.array([[[1, -2, 3], [0, 0, 0]], [[1, 2, 3], [0, 1, 0]]], np.float32)
    mean, largest = measure_moves(series, make(lower=0).project(series))
    assert mean.tolist() == pytest.approx([1 / 3, 0]) and largest.tolist() == [2, 0]


def test_a_bound_far_away_costs_no_precision():
    series = np.random.default_rng(0).standard_normal((3, 2, 50)).astype(np.float32)
    found = make(upper=3e38, lower=-3e38, sum=10).project(series)
    np.testing.assert_allclose(found, make(sum=10).project(series), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=2, dtype=np.float64), 10, rtol=1e-5)


def test_the_largest_numbers_stay_finite():
    series = np.full((1, 2, 2), np.finfo(np.float32).max, np.float32)
    constraints = make(start_value=-3e38, sum=1e38)
    constraints.check(3, 3)
    found = constraints.project(series)
    assert np.isfinite(found).all() and all(np.isfinite(move).all() for move in measure_moves(series, found))
    with pytest.raises(InvalidRequest, match="in 32-bit numbers"):
        make(start_value=-3e38, sum=1e38).check(2, 2)


CONFLICTS: list[tuple[dict[str, Any], str, str]] = [
    ({"lower": 2, "upper": 1}, "lower", "lower is 2 and upper 1"),
    ({"lower": 0, "start_value": -1}, "start_value", "start_value is -1, outside its bounds"),
    ({"upper": 0, "end_value": 1}, "end_value", "end_value is 1, outside its bounds"),
    ({"start_value": 2, "end_value": 1, "monotone": "increasing"}, "monotone", "not increasing"),
    ({"start_value": 1, "end_value": 2, "monotone": "decreasing"}, "monotone", "not decreasing"),
    ({"lower": 1, "sum": 5}, "sum", "sum is 5, and the others allow 6 to"),
    ({"start_value": 1, "end_value": 1, "monotone": "increasing", "sum": 7}, "sum", "allow 6 to 6"),
]


@pytest.mark.parametrize(("fields", "field", "words"), CONFLICTS)
def test_constraints_that_exclude_each_other_are_refused_in_words(fields: dict[str, Any], field: str, words: str):
    with pytest.raises(InvalidRequest) as caught:
        make(**fields).check(6, 6)
    assert words in caught.value.message and caught.value.field == field
