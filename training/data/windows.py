"""Long recordings become windows of one length; none crosses a recording's end or a gap, and those of one recording
form a group, so that no split and no fold ever parts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.raw import Raw
from training.data.room import require_room

WIDEST_STEP = 1.5
"""A step between two instants that is wider than this many usual (median) steps is a gap."""

ONE_GROUP = "all windows are one group, so that none can be held out: nothing will measure what is learned"
"""The note of windows that come from one recording."""


@dataclass(frozen=True)
class _Window:
    """Where a window begins, in timepoints of its recording."""

    recording: int
    start: int


def cut_windows(raw: Raw, length: int, stride: int, where: str, recording: str = "recording") -> Raw:
    """`raw`, whose series are recordings, cut into windows of `length` timepoints, one every `stride` timepoints.

    A gap is an instant without a value in any channel, or a step in time above `WIDEST_STEP` median steps. A window's
    label is its recording's, or the most frequent of its timepoints' (of equally frequent ones, the one that comes
    last); windows whose timepoints mostly have no label are left out. What is left out, and ties, are in the notes.
    Without groups, those of the first recording are called `recording` 0, and so on.

    Raises DatasetError, in words that begin with `where`, when no window fits.
    """
    if length < 1 or stride < 1:
        raise DatasetError(f"--window is {length} and --stride {stride} timepoints. Give numbers of at least 1.")
    pieces = [list(_find_pieces(raw, recording)) for recording in range(len(raw.series))]
    windows = [
        _Window(recording, start)
        for recording, found in enumerate(pieces)
        for begin, end in found
        for start in range(begin, end - length + 1, stride)
    ]
    if not windows:
        longest = max((end - begin for found in pieces for begin, end in found), default=0)
        raise DatasetError(
            f"{where} holds no stretch of {length} timepoints without a gap; the longest has {longest}. Give a shorter "
            "--window."
        )
    n_channels = len(raw.series[0])
    require_room(8 * len(windows) * n_channels * length, f"{where}, cut into {len(windows)} windows,")
    labels, windows, notes = _label_windows(raw, windows, length)
    recordings = [window.recording for window in windows]
    own_groups = [f"{recording} {number}" for number in range(len(raw.series))]
    groups = [(raw.groups or own_groups)[number] for number in recordings]
    if len(set(groups)) == 1:
        notes.append(ONE_GROUP)
    return replace(
        raw,
        series=np.stack([_cut(raw.series[w.recording], w.start, length) for w in windows]),
        labels=labels,
        groups=groups,
        group_origin=raw.group_origin or "its recording",
        timepoint_labels=None,
        times=_cut_times(raw, windows, length),
        notes=(*raw.notes, _describe_cut(raw, windows, length, stride), *notes),
    )


def _find_pieces(raw: Raw, recording: int) -> Iterator[tuple[int, int]]:
    """Begin and end of each stretch without a gap."""
    values = np.stack([np.asarray(channel, dtype=np.float64) for channel in raw.series[recording]])
    known = np.asarray((~np.isnan(values)).any(axis=0))
    breaks = np.zeros(len(known) + 1, dtype=np.bool_)  # before timepoint i
    breaks[1:-1] = known[1:] != known[:-1]
    if raw.times is not None and len(known) > 1:
        steps = np.diff(raw.times[recording])
        breaks[1:-1] |= steps > WIDEST_STEP * np.median(steps)
    edges = [0, *np.flatnonzero(breaks).tolist(), len(known)]
    yield from ((begin, end) for begin, end in pairwise(edges) if begin < end and known[begin])


def _label_windows(
    raw: Raw, windows: Sequence[_Window], length: int
) -> tuple[list[object] | None, list[_Window], list[str]]:
    """The windows' labels, the windows that have one, and what there is to say of the others and of ties."""
    if raw.timepoint_labels is None:
        labels = raw.labels
        return None if labels is None else [labels[w.recording] for w in windows], list(windows), []
    counted = [
        Counter(reversed(raw.timepoint_labels[w.recording][w.start : w.start + length])).most_common(2) for w in windows
    ]
    kept = [(top[0][0], w) for top, w in zip(counted, windows, strict=True) if not _is_absent(top[0][0])]
    ties = sum(len(top) == 2 and top[0][1] == top[1][1] and not _is_absent(top[0][0]) for top in counted)
    notes = []
    if ties:
        notes.append(f"windows that have two labels equally often, and took the one that comes last: {ties}")
    if len(kept) < len(windows):
        notes.append(f"windows left out, as most of their timepoints have no label: {len(windows) - len(kept)}")
    if not kept:
        raise DatasetError("No window has a label at most of its timepoints. Give a shorter --window, or no --label.")
    return [label for label, _ in kept], [window for _, window in kept], notes


def _is_absent(label: object) -> bool:
    return label is None or label == ""


def _cut(recording: Any, start: int, length: int) -> NDArray[np.float64]:
    return np.stack([np.asarray(channel[start : start + length], dtype=np.float64) for channel in recording])


def _cut_times(raw: Raw, windows: Sequence[_Window], length: int) -> list[NDArray[np.float64]] | None:
    """Each window's instants from its first; None where all are sampled evenly, to a hundredth of a step."""
    if raw.times is None:
        return None
    times = [raw.times[w.recording][w.start : w.start + length] for w in windows]
    times = [instants - instants[0] for instants in times]
    step = np.median(np.diff(times[0]))
    even = all(np.allclose(np.diff(instants), step, rtol=0.01, atol=0) for instants in times)
    return None if even else times


def _describe_cut(raw: Raw, windows: Sequence[_Window], length: int, stride: int) -> str:
    covered: dict[int, set[int]] = {}
    for window in windows:
        covered.setdefault(window.recording, set()).update(range(window.start, window.start + length))
    total = sum(len(recording[0]) for recording in raw.series)
    unused = total - sum(map(len, covered.values()))
    return (
        f"windows of {length} timepoints, one every {stride}, without a gap: {len(windows)} of {len(covered)} of "
        f"{len(raw.series)} recordings; timepoints in no window: {unused} of {total}"
    )
