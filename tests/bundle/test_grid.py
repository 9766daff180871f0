"""Series of any length, with gaps, at times of their own: onto a bundle's grid and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bundle.errors import InvalidRequest
from bundle.gaps import measure_longest_run
from bundle.grid import bring_to_lengths, put_on_grid
from bundle.resampling import resample
from bundle.shape import SeriesShape

BOUNDS: dict[str, Any] = {"longest_gap": 0.25, "most_missing": 0.5}
RANDOM = np.random.default_rng(0)


def make_shape(policy: str = "fixed", gaps: str = "refuse", n_timepoints: int = 40, n_channels: int = 2) -> SeriesShape:
    bounds = {} if policy == "fixed" else {"shortest": 4, "longest": 80 if policy == "resample" else n_timepoints}
    allowed = {} if gaps == "refuse" else BOUNDS
    return SeriesShape.model_validate(
        {"n_channels": n_channels, "n_timepoints": n_timepoints, "length_policy": policy, "gap_policy": gaps}
        | bounds
        | allowed
    )


def make_cases(*lengths: int) -> list[np.ndarray]:
    return [np.cumsum(RANDOM.normal(size=(2, length)), axis=1).astype(np.float32) for length in lengths]


@pytest.mark.parametrize("policy", ["fixed", "resample", "pad"])
@pytest.mark.parametrize("gaps", ["refuse", "interpolate", "mask"])
def test_complete_series_of_the_grid_s_length_stay_bit_for_bit(policy: str, gaps: str):
    cases = np.stack(make_cases(40, 40, 40))
    for given_as in (cases, list(cases)):
        placed = put_on_grid(given_as, make_shape(policy, gaps))
        assert np.array_equal(placed.series, cases) and np.array_equal(placed.restore(placed.series), cases)
        assert placed.lengths.tolist() == [40] * 3 and placed.n_filled == 0


@pytest.mark.parametrize("policy", ["resample", "pad"])
def test_a_case_lies_on_the_grid_as_it_would_alone(policy: str):
    cases = make_cases(13, 40, 5, 13)
    together = put_on_grid(cases, make_shape(policy))
    for number, case in enumerate(cases):
        alone = put_on_grid(case[None], make_shape(policy))
        assert np.array_equal(alone.series[0], together.series[number])
        back = together.restore(together.series)[number]
        assert np.array_equal(back[:, : case.shape[1]], alone.restore(alone.series)[0])
        assert not back[:, case.shape[1] :].any()


def test_padding_repeats_the_last_value_counts_in_no_error_and_is_cut_off_again():
    cases = make_cases(13, 40)
    placed = put_on_grid(cases, make_shape("pad"))
    assert (placed.series[0, :, 13:] == cases[0][:, -1:]).all() and placed.counted is not None
    assert placed.counted[0].sum() == 26 and placed.counted[1].all()
    assert np.array_equal(placed.restore(placed.series)[0, :, :13], cases[0])


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 90), st.integers(2, 90), st.floats(-1e6, 1e6), st.floats(-1e3, 1e3))
def test_resampling_keeps_constants_ends_and_when_it_lengthens_straight_lines(
    n_from: int, n_to: int, level: float, slope: float
):
    constant = resample(np.full((1, 1, n_from), level, np.float32), n_to)
    assert np.allclose(constant, np.float32(level), rtol=1e-6)
    if n_to >= n_from:
        line = resample(np.linspace(level, level + slope, n_from, dtype=np.float32)[None, None], n_to)
        expected = np.linspace(level, level + slope, n_to)
        assert np.allclose(line[0, 0], expected, rtol=1e-5, atol=1e-5 * (abs(level) + abs(slope)) + 1e-30)


@settings(max_examples=50, deadline=None)
@given(st.integers(4, 40), st.integers(0, 2**32 - 1))
def test_lengthening_a_smooth_series_and_shortening_it_again_keeps_it(length: int, seed: int):
    phase = np.random.default_rng(seed).uniform(0, 6)
    wave = np.sin(np.linspace(0, 3, length) + phase).astype(np.float32)[None, None]
    again = bring_to_lengths(resample(wave, 80), np.array([length]), make_shape("resample", n_timepoints=80))
    assert np.abs(again - wave).max() < 2.5 / length


@pytest.mark.parametrize("gaps", ["interpolate", "mask"])
def test_a_gap_is_filled_on_a_straight_line_and_counted(gaps: str):
    whole = np.stack([np.arange(40.0), np.arange(40.0) ** 2]).astype(np.float32)
    holed = whole.copy()
    holed[0, 5:9] = holed[1, 0] = np.nan
    placed = put_on_grid([whole, holed], make_shape(gaps=gaps))
    assert np.allclose(placed.series[1, 0], whole[0]) and placed.series[1, 1, 0] == whole[1, 1]
    assert (placed.n_filled, placed.n_gappy) == (5, 1)
    if gaps == "mask":
        assert placed.counted is not None and placed.counted[0].all() and (~placed.counted[1]).sum() == 5
    else:
        assert placed.counted is None


def test_missing_timepoints_at_the_end_shorten_a_series_where_lengths_vary_and_are_a_gap_where_they_do_not():
    (case,) = make_cases(40)
    case[:, 36:] = np.nan
    shorter = put_on_grid(case[None], make_shape("resample"))
    assert shorter.lengths.tolist() == [36] and shorter.n_filled == 0
    filled = put_on_grid(case[None], make_shape("fixed", "interpolate"))
    assert filled.n_filled == 8 and (filled.series[0, :, 36:] == case[:, 35:36]).all()


def test_times_place_values_between_the_first_and_the_last_and_answers_lie_at_them():
    shape = make_shape("resample")
    times = [np.sort(RANDOM.uniform(0, 5, length)) + 1e9 for length in (30, 17)]
    cases = [np.stack([2 * (own - 1e9) + 1, 0 * own]).astype(np.float32) for own in times]
    placed = put_on_grid(cases, shape, times)
    for case, line in zip(cases, placed.series, strict=True):
        assert np.allclose(line[0], np.linspace(case[0, 0], case[0, -1], 40), atol=1e-4)
    back = placed.restore(placed.series)
    assert all(np.allclose(back[place, :, : case.shape[1]], case, atol=1e-4) for place, case in enumerate(cases))


def test_even_times_are_as_good_as_none():
    cases = make_cases(12, 30)
    times = [np.linspace(3, 7, case.shape[1]) for case in cases]
    timed, plain = (put_on_grid(cases, make_shape("resample"), given_times) for given_times in (times, None))
    assert np.allclose(timed.series, plain.series, atol=1e-5)


def _hole(*places: tuple[int, int, int]) -> np.ndarray:
    (case,) = make_cases(40)
    for channel, start, end in places:
        case[channel, start:end] = np.nan
    return case


REFUSED: dict[str, tuple[list[np.ndarray], SeriesShape, str]] = {
    "a gap in a complete one": ([*make_cases(40), _hole((1, 7, 8))], make_shape(), r"series\[1\]\[1\]\[7\] is nan"),
    "another length": (make_cases(40, 41), make_shape(), r"series\[1\] has 41 timepoints; the model takes 40"),
    "too short": (make_cases(9, 3), make_shape("pad"), r"series\[1\] has 3 timepoints; the model takes 4 to 40"),
    "too long": (make_cases(81), make_shape("resample"), "81 timepoints; the model takes 4 to 80"),
    "nothing": ([np.full((2, 9), np.nan, np.float32)], make_shape("pad"), "has 0 timepoints"),
    "mostly missing": ([_hole((0, 0, 40), (1, 3, 5))], make_shape(gaps="mask"), "no value at all in channel 0"),
    "half missing": (
        [_hole((0, 0, 22), (1, 0, 22))], make_shape(gaps="mask"), r"misses 55% of its values; at most 50% may be"
    ),
    "a long gap": ([_hole((1, 4, 15))], make_shape(gaps="interpolate"), "gap of 11 of its 40 timepoints; .* 25%"),
    "channels": ([np.zeros((3, 40), np.float32)], make_shape(gaps="mask"), "3 channels; the model takes 2"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_the_bundle_does_not_take_is_refused_by_the_case_s_number(kind: str):
    cases, shape, words = REFUSED[kind]
    with pytest.raises(InvalidRequest, match=words):
        put_on_grid(cases, shape)


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([np.arange(9.0)], "there are 2 series and times for 1"),
        ([np.arange(9.0), np.arange(8.0)], r"times\[1\] has 8 values, and series\[1\] 9"),
        ([np.arange(9.0), np.arange(10.0)], r"times\[1\] has 10 values"),
        ([np.arange(9.0), np.zeros(9)], r"times\[1\] does not rise"),
        ([np.arange(9.0), np.full(9, np.nan)], r"times\[1\]"),
    ],
)
def test_times_that_are_none_are_refused(times: list[Any], words: str):
    with pytest.raises(InvalidRequest, match=words):
        put_on_grid(make_cases(9, 9), make_shape("resample"), times)
    with pytest.raises(InvalidRequest, match="the model takes none"):
        put_on_grid(make_cases(9, 9), make_shape("pad"), [np.linspace(0, 1, 9)] * 2)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=7, max_size=7), min_size=1, max_size=3))
def test_the_longest_run_is_the_longest_run(rows: list[list[bool]]):
    texts = ["".join("x" if flag else " " for flag in row) for row in rows]
    assert measure_longest_run(np.array(rows)) == max(len(run) for text in texts for run in text.split(" "))


@pytest.mark.parametrize(
    "fields",
    [
        {"length_policy": "resample"},
        {"shortest": 3, "longest": 9},
        {"length_policy": "pad", "shortest": 3, "longest": 9},
        {"length_policy": "resample", "shortest": 9, "longest": 3},
        {"length_policy": "resample", "shortest": 3, "longest": 2**20},
        {"gap_policy": "mask"},
        {"gap_policy": "mask", "longest_gap": 0.1},
        {"longest_gap": 0.1, "most_missing": 0.1},
    ],
)
def test_a_shape_states_the_bounds_that_its_policies_have_and_no_others(fields: dict[str, Any]):
    with pytest.raises(ValidationError):
        SeriesShape.model_validate({"n_channels": 2, "n_timepoints": 40} | fields)
