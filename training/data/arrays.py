"""Named arrays of a file become partitions, and none that looks like data is left out without a word.

Names: `X`, `y`, `groups`, or the same with `_train` and `_test` appended; `--key`, `--label` and `--group` give others.
`channel_names` and `units` (text, one a channel) and `sampling_interval` (text) are read where they are there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.layout import move_cases_first, move_channels_first
from training.data.raw import Partitions, Raw
from training.data.room import require_room
from training.data.settings import ArraySettings

DESCRIPTIONS = ("channel_names", "units", "sampling_interval")

NOWHERE = ("none",)
"""What `--label` says where there is no label, or where it is in a file of its own."""

_TELLING = re.compile(
    r"(x|y|z|data|series|samples?|signals?|labels?|targets?|class(es)?|groups?|subjects?|patients?|persons?|ids?|folds?|"
    r"splits?|train(ing)?|test(ing)?|val(id|idation)?|dev|idx|ind(ex|ices)|mask|[_\d])+",
    re.IGNORECASE,
)
"""Names made of nothing but words for cases, labels, groups and splits."""

Values = NDArray[Any] | list[NDArray[Any]]


@dataclass(frozen=True)
class Array:
    """One array of a file, not yet read.

    shape: its axes; of a list of arrays of unequal length, one number, its length.
    n_bytes: what it takes in memory.
    read: gives the array, or the list.
    """

    shape: tuple[int, ...]
    n_bytes: int
    read: Callable[[], Values]


@dataclass(frozen=True)
class _Names:
    """The arrays of one partition, by what they are."""

    series: str
    labels: str | None
    groups: str | None


def read_arrays(arrays: Mapping[str, Array], settings: ArraySettings, where: str) -> Partitions:
    """The training partition and, where there is one, the test partition; `where` is the file in words ("The file F").

    Raises DatasetError where the series are not found, or another array looks like data and is not declared.
    """
    _require_one_each(settings)
    parts = list(_find_partitions(arrays, settings, where))
    notes = list(_check_unused(arrays, parts, settings, where))
    used = {name for part in parts for name in (part.series, part.labels, part.groups) if name is not None}
    require_room(sum(arrays[name].n_bytes for name in used), where)
    described = _read_descriptions(arrays, where)
    train, *test = [_read_raw(arrays, part, settings, where, described) for part in parts]
    return Raw(**{**vars(train), "notes": (*train.notes, *notes)}), test[0] if test else None


def _require_one_each(settings: ArraySettings) -> None:
    for flag, names in (("--label", settings.label), ("--group", settings.group)):
        if len(names) > 1:
            raise DatasetError(f"{flag} names {len(names)} arrays, {', '.join(names)}, but takes one. Join them first.")


def _find_partitions(arrays: Mapping[str, Array], settings: ArraySettings, where: str) -> Iterator[_Names]:
    base, is_split = _find_series(arrays, settings.key, where)
    suffixes = [s for s in ("_train", "_test") if base + s in arrays] if is_split else [""]
    for suffix in suffixes:
        yield _Names(
            base + suffix,
            _find_column(arrays, settings.label, "y", suffix, where),
            _find_column(arrays, settings.group, "groups", suffix, where),
        )


def _find_series(arrays: Mapping[str, Array], key: str | None, where: str) -> tuple[str, bool]:
    """The name of the series array without its partition, and whether there is a split."""
    base = (key or "X").removesuffix("_train")
    whole, split = base in arrays, f"{base}_train" in arrays
    if whole and split and key is None:
        raise DatasetError(f"{where} holds both {base} and {base}_train. Name one of them with --key.")
    if not whole and not split:
        raise DatasetError(
            f"{where} holds no array {base!r} or '{base}_train'; the keys there are "
            f"{', '.join(sorted(arrays)) or 'none'}. Name the series array with --key."
        )
    return base, split and (not whole or key != base)


def _find_column(
    arrays: Mapping[str, Array], given: Sequence[str], default: str, suffix: str, where: str
) -> str | None:
    """The array of labels or groups of the partition with that suffix."""
    if tuple(given) == NOWHERE:
        return None
    base = (given[0] if given else default).removesuffix("_train")
    if base + suffix in arrays:
        return base + suffix
    stray = base if suffix else f"{base}_train"
    if stray in arrays:
        raise DatasetError(
            f"{where} holds {stray!r} but not {base + suffix!r}, which would belong to the series chosen. "
            "Name series, labels and groups alike: all with _train or _test appended, or none."
        )
    if given and suffix != "_test":
        raise DatasetError(
            f"{where} holds no array {base + suffix!r}; the keys there are {', '.join(sorted(arrays))}. Name one of "
            "them."
        )
    return None


def _check_unused(
    arrays: Mapping[str, Array], parts: Sequence[_Names], settings: ArraySettings, where: str
) -> Iterator[str]:
    """A note on each array that is left out; refuses those that look like cases, labels, groups or a split."""
    used = {name for part in parts for name in (part.series, part.labels, part.groups)}
    series = [arrays[part.series].shape for part in parts]
    for name in sorted(set(arrays) - used - set(DESCRIPTIONS)):
        shape = arrays[name].shape
        left_out = name in settings.ignore or (settings.label == NOWHERE and name.split("_")[0] == "y")
        if not left_out and (looks := _describe_looks(name, shape, series)):
            raise DatasetError(
                f"{where} holds {name!r}, of the shape {shape}, which is not used and looks like {looks}. Say what it "
                f"is: --label {name}, --group {name}, --key {name}, or --ignore {name} to leave it out."
            )
        yield f"{name!r}, of the shape {shape}, is not used"


def _describe_looks(name: str, shape: tuple[int, ...], series: Sequence[tuple[int, ...]]) -> str | None:
    """What an unused array could be, in words; None for what is plainly no data, such as a single number."""
    if not shape or max(shape) <= 1:
        return None
    if _TELLING.fullmatch(name):
        return "cases, labels, groups or a split, by its name"
    if any(used[0] in (shape[0], max(shape) if shape[0] == 1 else None) for used in series):
        return "labels or groups, as it has one row for each case"
    if any(len(shape) == len(used) and shape[1:] == used[1:] for used in series):
        return "cases, as it has the axes of the series"
    return None


def _read_descriptions(arrays: Mapping[str, Array], where: str) -> dict[str, Any]:
    found: dict[str, Any] = {name: _to_values(arrays[name].read()) for name in DESCRIPTIONS if name in arrays}
    if interval := found.get("sampling_interval"):
        found["sampling_interval"] = str(interval[0])
    for name in DESCRIPTIONS[:2]:
        if not all(isinstance(value, str) for value in found.get(name, ())):
            raise DatasetError(f"{where} holds {name!r} that are no text. Save them as text, one for each channel.")
    return found


def _read_raw(
    arrays: Mapping[str, Array], part: _Names, settings: ArraySettings, where: str, described: dict[str, Any]
) -> Raw:
    what = f"The array {part.series!r} of {where[0].lower()}{where[1:]}"
    values = arrays[part.series].read()
    if isinstance(values, list):
        series: Any = [list(move_channels_first(case, settings.layout, what)) for case in values]
    else:
        series = move_cases_first(values, settings.layout, what)
    by_timepoint = None if part.labels is None else _read_timepoint_labels(arrays[part.labels], series)
    return Raw(
        series,
        timepoint_labels=by_timepoint,
        labels=None if part.labels is None or by_timepoint else _read_column(arrays, part.labels, where),
        groups=None if part.groups is None else _read_column(arrays, part.groups, where),
        label_origin=None if part.labels is None else f"array {part.labels!r}",
        group_origin=None if part.groups is None else f"array {part.groups!r}",
        **described,
    )


def _read_timepoint_labels(array: Array, series: Any) -> list[list[object]] | None:
    """A label for each timepoint of each case, where the array has as many; a single recording's is a vector."""
    if not isinstance(series, np.ndarray):
        return None
    n_cases, _, n_timepoints = series.shape
    is_vector = n_cases == 1 and max(array.shape, default=0) == n_timepoints
    if n_timepoints == 1 or not (array.shape == (n_cases, n_timepoints) or is_vector):
        return None
    labels = _to_values(array.read())
    return [labels[case * n_timepoints : (case + 1) * n_timepoints] for case in range(n_cases)]


def _read_column(arrays: Mapping[str, Array], name: str, where: str) -> list[object]:
    """One value for each case; an array `[n_cases, 1]` or `[1, n_cases]` is flattened."""
    values = arrays[name].read()
    shape = arrays[name].shape
    if len(shape) != 1 and not (len(shape) == 2 and 1 in shape):
        raise DatasetError(
            f"The array {name!r} of {where[0].lower()}{where[1:]} has the shape {shape}, but one value per case was "
            "expected. Flatten it, or turn one-hot rows into class labels."
        )
    return _to_values(values)


def _to_values(values: Values) -> list[Any]:
    """Plain Python values; bytes become text, and so do dates, of which NumPy would make nanoseconds."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        values = values.astype(str)
    flat = [item for value in values for item in np.ravel(value).tolist()] if isinstance(values, list) else values
    plain = np.ravel(flat).tolist() if isinstance(flat, np.ndarray) else flat
    return [value.decode(errors="replace") if isinstance(value, bytes) else value for value in plain]
