"""Windows of a single recording: its stretches are groups, so that a fit can hold some out."""

from __future__ import annotations

import numpy as np

from studio.reading.windowing import MOST_STRETCHES, group_by_stretch
from training.data.raw import Raw
from training.data.windows import ONE_GROUP, cut_windows


def _cut(n_windows: int, stride: int = 10) -> Raw:
    recording = np.arange(10 + stride * (n_windows - 1), dtype=np.float64)
    return cut_windows(Raw([[recording]]), 10, stride, "The recording")


def test_stretches_of_one_recording_are_groups_in_the_order_of_time() -> None:
    grouped = group_by_stretch(_cut(45), overlap=False)
    assert grouped.groups is not None and len(set(grouped.groups)) == MOST_STRETCHES
    assert [str(group) for group in grouped.groups] == sorted(map(str, grouped.groups))
    counts = [grouped.groups.count(group) for group in set(grouped.groups)]
    assert max(counts) - min(counts) <= 1
    assert ONE_GROUP not in grouped.notes
    assert "10 stretches" in grouped.notes[-1] and "overlap" not in grouped.notes[-1]


def test_overlap_at_the_borders_is_said() -> None:
    assert "overlap" in group_by_stretch(_cut(20, stride=5), overlap=True).notes[-1]


def test_too_few_windows_stay_one_group() -> None:
    raw = _cut(3)
    assert group_by_stretch(raw, overlap=False) is raw and ONE_GROUP in raw.notes
