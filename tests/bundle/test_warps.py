"""Warps bend time and nothing else, by the laws that they are named after."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from bundle.generation import warps
from bundle.generation.alignment import FINEST, align, interpolate
from training.learning.warps import warp_series as torch_warped

Warp = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def _warp_guided(series: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return warps.warp_guided(series, series[random.permutation(len(series))])


WARPS: dict[str, Warp] = {
    "time warp": warps.warp_time,
    "window slice": warps.slice_window,
    "window warp": warps.warp_window,
    "guided warp": _warp_guided,
    "both by chance": lambda series, random: warps.warp(series, 0.5, random),
    "at least one": warps.warp_surely,
}


def _draw_walks(n_cases: int = 12, n_timepoints: int = 60) -> np.ndarray:
    steps = np.random.default_rng(0).standard_normal((n_cases, 2, n_timepoints))
    walks: np.ndarray = (steps.cumsum(axis=2) * [[1.0], [1e4]]).astype(np.float32)
    return walks


def _make_ramps(n_cases: int, n_timepoints: int) -> np.ndarray:
    """Series that say where in time they are taken from, 0 … 1."""
    return np.tile(np.linspace(0, 1, n_timepoints, dtype=np.float32), (n_cases, 1, 1))


@pytest.mark.parametrize("n_timepoints", [1, 2, 3, 60, 300])
@pytest.mark.parametrize("name", WARPS)
def test_shape_and_dtype_stay_and_values_stay_within_their_channel(name: str, n_timepoints: int):
    series = _draw_walks(n_timepoints=n_timepoints)
    before = series.copy()
    made = WARPS[name](series, np.random.default_rng(1))
    assert made.shape == series.shape and made.dtype == np.float32 and np.array_equal(series, before)
    slack = 1e-6 * np.abs(series).max(axis=2)
    assert (made.min(axis=2) >= series.min(axis=2) - slack).all()
    assert (made.max(axis=2) <= series.max(axis=2) + slack).all()


@pytest.mark.parametrize("name", WARPS)
def test_time_runs_forwards_in_every_channel_alike(name: str):
    walks = _draw_walks()
    ramps = _make_ramps(*walks[:, 0].shape)
    # The last channel says where the others were taken from.
    made = WARPS[name](np.concatenate([walks, ramps], axis=1), np.random.default_rng(2))
    position = made[:, 2].astype(np.float64)
    assert (np.diff(position, axis=1) >= 0).all() and position.min() >= 0 and position.max() <= 1
    difference = np.abs(made[:, :2] - interpolate(walks, position)).max(axis=(0, 2))
    assert (difference < 1e-5 * np.abs(walks).max(axis=(0, 2))).all()


@pytest.mark.parametrize("name", WARPS)
def test_equal_generators_give_equal_bits_and_others_other_series(name: str):
    series = _draw_walks()
    first, again, other = (WARPS[name](series, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_time_warp_keeps_both_ends_and_a_slice_is_nine_tenths_at_one_speed():
    ramps = _make_ramps(200, 50)
    bent = warps.warp_time(ramps, np.random.default_rng(0))[:, 0]
    assert np.allclose(bent[:, [0, -1]], [0, 1])
    cut = warps.slice_window(ramps, np.random.default_rng(0))[:, 0]
    assert np.allclose(np.diff(cut, axis=1), 0.9 / 49, atol=1e-6)
    assert cut[:, 0].min() < 0.01 and cut[:, 0].max() > 0.09 and (cut[:, 0] <= 0.1).all()


def test_a_window_runs_at_half_or_double_speed_beside_the_rest():
    speed = (
        np.diff(warps.warp_window(_make_ramps(200, 201), np.random.default_rng(0))[:, 0].astype(float), axis=1) * 200
    )
    usual = np.median(speed, axis=1)
    slowed, hastened = np.isclose(usual, 1.1, atol=1e-3), np.isclose(usual, 0.95, atol=1e-3)
    assert (slowed | hastened).all() and 60 < slowed.sum() < 140
    assert np.allclose(speed[slowed].min(axis=1), 0.55, atol=1e-3)
    assert np.allclose(speed[hastened].max(axis=1), 1.9, atol=1e-3)


def _warp_in_torch(series: np.ndarray, probability: float) -> np.ndarray:
    generator = torch.Generator().manual_seed(0)
    return np.asarray(torch_warped(torch.from_numpy(series), probability, generator).numpy())


def test_the_same_positions_give_what_training_makes_of_them():
    walks = _draw_walks(100, 64)[:, :1]
    in_torch = _warp_in_torch(np.concatenate([walks, _make_ramps(100, 64)], axis=1), 0.5)
    ours = interpolate(walks, in_torch[:, 1].astype(np.float64))
    assert np.abs(ours - in_torch[:, :1]).max() < 1e-5 * np.abs(walks).max()


@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0])
def test_positions_have_the_law_that_they_have_in_training(probability: float):
    """Two samples of 6 000: quantiles of the position at four timepoints differ by less than chance may make them."""
    ramps = _make_ramps(6000, 40)
    ours = warps.warp(ramps, probability, np.random.default_rng(0))[:, 0]
    theirs = _warp_in_torch(ramps, probability)[:, 0]
    for timepoint in (0, 10, 20, 39):
        levels = np.linspace(0.05, 0.95, 10)
        mine, other = (np.quantile(positions[:, timepoint], levels) for positions in (ours, theirs))
        assert np.abs(mine - other).max() < 0.012
    untouched = [(positions == positions[0, 0] + ramps[:, 0]).all(axis=1).mean() for positions in (ours, theirs)]
    assert untouched[0] == pytest.approx((1 - probability) ** 2, abs=0.02)


def test_surely_warped_leaves_no_case_as_it_was():
    series = _draw_walks(500)
    changed = (warps.warp_surely(series, np.random.default_rng(0)) != series).any(axis=(1, 2))
    by_chance = (warps.warp(series, 0.5, np.random.default_rng(0)) != series).any(axis=(1, 2))
    assert changed.all() and 0.65 < by_chance.mean() < 0.85


@pytest.mark.parametrize("n_timepoints", [80, 2 * FINEST])
def test_a_guided_warp_moves_towards_its_guide_in_time_and_keeps_its_own_values(n_timepoints: int):
    time = np.linspace(0, 1, n_timepoints)

    def bump(centre: float, height: float) -> np.ndarray:
        return (height * np.exp(-(((time - centre) / 0.05) ** 2)))[None, None].astype(np.float32)

    made = warps.warp_guided(bump(0.50, 7.0), bump(0.55, 0.01) - 3)[0, 0]
    assert 0.515 < time[made.argmax()] < 0.56
    assert made.max() == pytest.approx(7.0, rel=0.03) and made.min() >= 0


def test_a_case_guided_by_itself_stays():
    walks = _draw_walks()
    assert np.allclose(warps.warp_guided(walks, walks), walks, rtol=1e-5)
    constant = np.ones((2, 1, 30), np.float32)
    assert np.array_equal(warps.warp_guided(constant, constant), constant)


def _align_plainly(series: np.ndarray, guide: np.ndarray, radius: int) -> tuple[float, list[int]]:
    """Dynamic time warping as textbooks write it: the least cost, and the series' timepoints along the path."""
    n_timepoints = series.shape[1]
    least = np.full((n_timepoints + 1, n_timepoints + 1), np.inf)
    least[0, 0] = 0
    for i in range(n_timepoints):
        for j in range(max(0, i - radius), min(n_timepoints, i + radius + 1)):
            cost = ((guide[:, i] - series[:, j]) ** 2).sum()
            least[i + 1, j + 1] = cost + min(least[i, j], least[i, j + 1], least[i + 1, j])
    i = j = n_timepoints
    path = [j - 1]
    while (i, j) != (1, 1):
        ways = {(i - 1, j - 1): 0, (i - 1, j): 1, (i, j - 1): 2}
        i, j = min(ways, key=lambda cell: (least[cell], ways[cell]))
        path.append(j - 1)
    return float(least[-1, -1]), path[::-1]


@pytest.mark.parametrize("n_timepoints", [2, 7, 40])
def test_the_alignment_is_that_of_the_textbook(n_timepoints: int):
    series, guides = _draw_walks(6, n_timepoints), _draw_walks(6, n_timepoints)[::-1]
    position = align(series, guides)
    for case in range(6):
        one, other = (
            (cases[case] - cases[case].mean(axis=1, keepdims=True, dtype=float))
            / cases[case].std(axis=1, keepdims=True, dtype=float)
            for cases in (series, guides)
        )
        _, path = _align_plainly(one, other, max(1, int(np.ceil(0.1 * n_timepoints))))
        even = np.linspace(0, len(path) - 1, n_timepoints)
        expected = np.interp(even, np.arange(len(path)), path) / (n_timepoints - 1)
        assert np.allclose(position[case], expected, atol=1e-9)
