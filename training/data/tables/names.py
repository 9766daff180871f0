"""Names of timepoints form one run, a channel for each beginning; what does not belong to it is left over.

`t0 … t9`, `0 … 9`, `x1 …`, `a_0 … a_9` beside `b_0 … b_9` (channels a and b), `0.0, 0.1, …`, `10 ms, 20 ms, …` and
dates are runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError

_NUMBER = re.compile(r"([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)\s*([a-zµμ]*)", re.ASCII)
_LAST = re.compile(r"(.*?)[ _\-.:\[(]?(\d+(?:\.\d+)?)[\])]?", re.ASCII)
_FIRST = re.compile(r"(\d+)[ _\-.:](.*\D.*)", re.ASCII)
_SECONDS = {"s": "s", "sec": "s", "ms": "ms", "us": "us", "ns": "ns", "min": "min", "h": "h", "d": "d"}
LEAST = 8
"""Names that are a run whatever else the table holds; fewer are one where they begin at 0 or 1 and are half of it."""

Key = tuple[str, str, bool]


@dataclass(frozen=True)
class Run:
    """The columns `[n_channels][n_timepoints]` in the order of time.

    channels: their names, "" where there is no more than one. interval: the step with its unit, where names are times.
    times: `[n_timepoints]` where the steps are uneven. reordered: the file has the columns in another order.
    """

    channels: tuple[str, ...]
    columns: tuple[tuple[int, ...], ...]
    interval: str | None
    times: NDArray[np.float64] | None
    reordered: bool


def find_run(names: dict[int, str], subject: str) -> Run | None:
    """The run that most of the names, by column, belong to; None where they form none.

    Raises DatasetError where two columns have one name, or a name is missing between two others.
    """
    groups: dict[Key, dict[float, int]] = {}
    for column, name in names.items():
        parsed = _parse_name(name)
        if parsed is not None:
            key, position = parsed
            if position in groups.setdefault(key, {}):
                raise DatasetError(
                    f"{subject} has two columns for one timepoint: {names[groups[key][position]]!r} "
                    f"and {name!r}. Rename one of them, or leave it out with --ignore {column + 1}."
                )
            groups[key][position] = column
    if not groups:
        return None
    longest = max(groups.values(), key=len)
    shared = {key: found for key, found in groups.items() if found.keys() == longest.keys()}
    size = sum(map(len, shared.values()))
    if len(longest) < LEAST and (len(longest) < 2 or min(longest) > 1 or 2 * size < len(names)):
        return None
    return _build_run(shared, names, subject)


def is_run(names: Sequence[str]) -> bool:
    """Whether the names, all numbers, are evenly spaced whole numbers or times: a header, rather than a case."""
    try:
        positions = np.array([float(name) for name in names])
    except ValueError:
        return False
    steps = np.diff(positions)
    return len(steps) > 0 and bool(steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-6))


def _parse_name(name: str) -> tuple[Key, float] | None:
    """Beginning, unit, whether the name is a time, and the position in the run."""
    name = name.strip()
    if (found := _NUMBER.fullmatch(name)) and (not found[2] or found[2] in _SECONDS):
        is_time = bool(found[2]) or not found[1].lstrip("+-").isdigit()
        return ("", _SECONDS.get(found[2], ""), is_time), float(found[1])
    if name[:4].isdigit() and (date := _parse_date(name)) is not None:
        return ("", "date", True), date
    if found := _FIRST.fullmatch(name):
        return (found[2], "", False), float(found[1])
    if found := _LAST.fullmatch(name):
        return (found[1], "", False), float(found[2])
    return None


def _parse_date(name: str) -> float | None:
    try:
        return (datetime.fromisoformat(name).replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()
    except ValueError:
        return None


def _build_run(groups: dict[Key, dict[float, int]], names: dict[int, str], subject: str) -> Run:
    positions = np.array(sorted(next(iter(groups.values()))))
    columns = tuple(tuple(found[position] for position in positions) for found in groups.values())
    channels = tuple(key[0] for key in groups)
    _, unit, is_time = next(iter(groups))
    steps = np.diff(positions)
    even = bool(np.allclose(steps, steps[0], rtol=1e-3))
    if not even and not is_time and not _are_plain(groups):
        gap = int(np.argmax(steps > steps.min()))
        before, after = (names[columns[0][at]] for at in (gap, gap + 1))
        raise DatasetError(
            f"{subject} has no column between {before!r} and {after!r}. The names of timepoints count "
            "on without a gap: add the column, or rename them."
        )
    timed = is_time or (_are_plain(groups) and not (even and steps[0] == 1))
    return Run(
        channels if len(channels) > 1 else ("",),
        columns,
        _write_interval(steps[0], unit) if timed and even else None,
        None if even else positions - positions[0],
        any(list(row) != sorted(row) for row in columns),
    )


def _are_plain(groups: dict[Key, dict[float, int]]) -> bool:
    return all(key[0] == "" for key in groups)


def _write_interval(step: float, unit: str) -> str:
    if unit == "date":
        return f"{step / 86400:.6g} d" if step >= 86400 else f"{step:.6g} s"
    return f"{step:.6g} {unit}".strip()
