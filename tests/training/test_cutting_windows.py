"""Long recordings become windows that cross no gap and no end, and stay together in every split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data import load
from training.data.cases import DatasetError
from training.data.raw import Raw
from training.data.split import hold_out, split_folds
from training.data.windows import cut_windows

RANDOM = np.random.default_rng(0)


def make_recordings(*lengths: int, n_channels: int = 1) -> list[list[np.ndarray]]:
    """Recordings whose values say where they come from: 1000 times the recording, plus the timepoint."""
    return [[1000.0 * number + np.arange(length) for _ in range(n_channels)] for number, length in enumerate(lengths)]


def test_windows_follow_each_other_and_leave_the_rest_of_a_recording_out() -> None:
    cut = cut_windows(Raw(make_recordings(10, 7, 3)), 4, 3, "The file f")
    np.testing.assert_array_equal(np.asarray(cut.series)[:, 0, 0], [0, 3, 6, 1000, 1003])
    assert cut.groups == ["recording 0"] * 3 + ["recording 1"] * 2 and cut.labels is None
    assert cut.notes == (
        "windows of 4 timepoints, one every 3, without a gap: 5 of 2 of 3 recordings; timepoints in no window: 3 of 20",
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=4), st.integers(2, 12), st.integers(1, 15), st.data())
def test_every_window_is_a_stretch_of_one_recording_without_a_gap(
    lengths: list[int], length: int, stride: int, data: st.DataObject
) -> None:
    recordings = make_recordings(*lengths)
    for (values,) in recordings:
        values[data.draw(st.lists(st.integers(0, len(values) - 1), max_size=3))] = np.nan
    try:
        cut = cut_windows(Raw(recordings), length, stride, "The file f")
    except DatasetError:
        assert all(len(run) < length for (values,) in recordings for run in split_at_gaps(values))
        return
    assert cut.groups is not None
    for window, group in zip(np.asarray(cut.series)[:, 0], cut.groups, strict=True):
        assert np.all(np.diff(window) == 1) and f"recording {int(window[0] // 1000)}" == group


def split_at_gaps(values: np.ndarray) -> list[np.ndarray]:
    gaps = np.flatnonzero(np.isnan(values))
    return [run[~np.isnan(run)] for run in np.split(values, gaps)]


def test_a_step_in_time_is_a_gap_and_even_times_are_dropped() -> None:
    times = np.concatenate([np.arange(6) * 0.5, 100 + np.arange(5) * 0.5])
    cut = cut_windows(Raw(make_recordings(11), times=[times]), 4, 1, "The file f")
    np.testing.assert_array_equal(np.asarray(cut.series)[:, 0, 0], [0, 1, 2, 6, 7])
    assert cut.times is None


def test_uneven_times_stay_with_their_windows() -> None:
    times = np.array([0.0, 1.0, 2.2, 3.0, 4.1, 5.0])
    cut = cut_windows(Raw(make_recordings(6), times=[times]), 3, 3, "The file f")
    assert cut.times is not None
    np.testing.assert_allclose(cut.times, [[0, 1, 2.2], [0, 1.1, 2.0]])


def test_a_window_has_the_label_of_most_of_its_timepoints_and_ties_are_said() -> None:
    labels = list("aaabbb") + [None] * 6
    cut = cut_windows(Raw(make_recordings(12), timepoint_labels=[labels]), 4, 1, "The file f")
    assert cut.labels == ["a", "b", "b", "b"]
    assert cut.notes[1:3] == (
        "windows that have two labels equally often, and took the one that comes last: 1",
        "windows left out, as most of their timepoints have no label: 5",
    )


def test_a_stretch_that_is_too_short_is_refused_with_the_longest_there_is() -> None:
    with pytest.raises(DatasetError, match="no stretch of 8 timepoints without a gap; the longest has 7"):
        cut_windows(Raw(make_recordings(7, 3)), 8, 1, "The file f")


@pytest.mark.parametrize("seed", range(5))
def test_windows_of_a_recording_are_on_one_side_of_every_split(seed: int) -> None:
    raw = Raw(make_recordings(*[30] * 9), labels=list("ababababa"))
    cut = cut_windows(raw, 8, 3, "The file f")
    assert cut.groups is not None and cut.labels is not None
    labels, groups = [str(label) for label in cut.labels], [str(group) for group in cut.groups]
    for kept, held in [
        *split_folds(labels, groups, 3, seed, len(groups)),
        hold_out(labels, groups, 0.3, seed, len(groups)),
    ]:
        assert len(held) and not {groups[case] for case in kept} & {groups[case] for case in held}


def test_groups_that_are_given_hold_several_recordings() -> None:
    cut = cut_windows(Raw(make_recordings(8, 8), groups=["p", "p"], labels=[1, 2]), 4, 4, "The file f")
    assert cut.groups == ["p"] * 4 and cut.labels == [1, 1, 2, 2]


def test_recordings_of_the_training_and_the_test_set_are_different_groups(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X_train=np.arange(400.0).reshape(5, 1, 80), X_test=np.arange(160.0).reshape(2, 1, 80))
    dataset = load(data=tmp_path / "a.npz", window=20, stride=10)
    assert dataset.test is not None and len(dataset.test.series) == 14
    assert not set(dataset.train.groups or ()) & set(dataset.test.groups or ())
