"""Numbers that float32 would lose are refused, and numbers that stand for something else are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.real_data import DATA, needs_real_data
from training.data import DatasetError, load
from training.data.numbers import note_numbers
from training.data.raw import Raw

SERIES = np.random.default_rng(0).normal(5.0, 2.0, (30, 2, 40))


def list_notes(series: np.ndarray) -> tuple[str, ...]:
    return note_numbers(Raw(series), "The training set of any").notes


def change(series: np.ndarray, share: float, value: float) -> np.ndarray:
    """The series with that share of the values of channel 1 replaced."""
    changed = series.copy()
    flat = changed[:, 1].reshape(-1)
    flat[np.random.default_rng(1).permutation(flat.size)[: round(share * flat.size)]] = value
    changed[:, 1] = flat.reshape(changed[:, 1].shape)
    return changed


def test_an_offset_that_float32_cannot_resolve_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=SERIES + np.array([0, 1e9])[:, None])
    with pytest.raises(
        DatasetError, match=r"channel 1 of the training set of a.*steps of 64 .*Subtract an offset of.*1e"
    ):
        load(data=tmp_path / "a.npz")


@settings(max_examples=50, deadline=None)
@given(st.floats(1e-3, 1e12), st.floats(1e-3, 1e6))
def test_what_passes_keeps_its_values_within_a_hundredth_of_its_deviation(offset: float, scale: float) -> None:
    series = offset + scale * SERIES[:4]
    try:
        list_notes(series)
    except DatasetError:
        return
    deviation = series.std(axis=(0, 2), keepdims=True)
    assert np.all(np.abs(series.astype(np.float32).astype(np.float64) - series) <= 0.01 * deviation)


def test_values_beyond_reason_are_refused_by_their_place(tmp_path: Path) -> None:
    series = SERIES.copy()
    series[3::3, 0, 7] = 1e17
    np.savez(tmp_path / "a.npz", X=series)
    with pytest.raises(
        DatasetError, match=r"9 values of channel 0.*a million times.*1e\+17, in case 3.*--missing 1e\+17"
    ):
        load(data=tmp_path / "a.npz")
    series[:, :, 7] = 5
    assert list_notes(series) == ()


def test_a_code_far_from_all_other_values_is_named_until_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, X=change(SERIES, 0.02, -200))
    (note,) = load(data=path).description.notes
    assert note.startswith("24 values of channel 1") and "are -200, far from all others" in note
    assert note.endswith("give --missing -200")


@pytest.mark.parametrize(
    "series",
    [
        SERIES,
        np.zeros_like(SERIES),
        np.full_like(SERIES, 1e9),
        np.clip(SERIES, 3, 7),
        (SERIES > 7).astype(float),
        np.round(SERIES),
        SERIES.cumsum(axis=2),
        SERIES * 1e30,
        SERIES * 1e-30,
        np.exp(SERIES),
        SERIES.astype(np.float32),
        np.round(SERIES * 1000).astype(int),
    ],
    ids=[
        "normal",
        "zeros",
        "constant",
        "clipped",
        "binary",
        "few levels",
        "walks",
        "large",
        "small",
        "skewed",
        "f4",
        "int",
    ],
)
def test_plain_numbers_have_nothing_said_of_them(series: np.ndarray) -> None:
    assert list_notes(series) == ()


def test_whole_numbers_that_float32_rounds_are_said() -> None:
    series = np.round(SERIES * 1e7)
    series[0, 0, 0] = 2**24 + 1
    notes = list_notes(series)
    assert len(notes) == 2 and all("beyond 2^24 and rounded to float32" in note for note in notes)
    assert "16777217 becomes 16777216" in list_notes(np.where(np.abs(series) > 2**24 + 1, 0, series))[0]


@needs_real_data
@pytest.mark.parametrize("name", sorted(path.name for path in (DATA / "ucr").glob("*")))
def test_a_real_archive_has_nothing_refused(name: str) -> None:
    load(name, DATA / "ucr")
