"""Partitions become the catalogue's cases. Refused is what is no series or no label; what cannot be learnt from, a
single recording for instance, may be kept nevertheless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.catalogue.cases import Part, StoredCases, pad
from training.data.cases import Cases, DatasetError
from training.data.description import describe_source
from training.data.labelling import refuse_counting, refuse_senseless
from training.data.labels import are_plain_integers, check_groups, check_labels, refuse_lookalikes
from training.data.numbers import note_numbers
from training.data.raw import Partitions, Raw
from training.data.series import narrow_series

PARTS: tuple[Part, Part] = ("train", "test")


def check_partitions(name: str, partitions: Partitions, origin: str) -> tuple[list[StoredCases], tuple[str, ...]]:
    """Both partitions as cases; what was read, and then the notes. Raises DatasetError."""
    raws = [raw for raw in partitions if raw is not None]
    as_integers = are_plain_integers(raws)
    wheres = [f"The training set of {name}", f"The test set of {name}"]
    cases = [check_raw(raw, where, part, as_integers) for raw, where, part in zip(raws, wheres, PARTS, strict=False)]
    _refuse_disagreement(cases)
    labels = [label for one in cases for label in one.labels or ()]
    refuse_lookalikes(labels)
    if labels and len(cases[0]) >= 4:
        refuse_senseless(labels, wheres[0])
        refuse_counting(cases[0].labels, cases[0].series[:, 0, 0], wheres[0])
    noted = [note_numbers(raw, where) for raw, where in zip(raws, wheres, strict=False)]
    described = describe_source(
        noted[0], noted[1] if len(noted) > 1 else None, _to_cases(cases[0]),
        _to_cases(cases[1]) if len(cases) > 1 else None, origin,
    )  # fmt: skip
    return cases, (described.read, *described.notes)


def check_raw(raw: Raw, where: str, part: Part, as_integers: bool = False) -> StoredCases:
    """One partition as cases. Raises DatasetError, in words that begin with `where`."""
    if not len(raw.series):
        raise DatasetError(f"{where} holds no series. Give one at least.")
    narrow = narrow_series(raw.series, where)
    arrays = list(narrow)
    if (shortest := min(array.shape[1] for array in arrays)) < 2:
        case = next(case for case, array in enumerate(arrays) if array.shape[1] < 2)
        raise DatasetError(
            f"{where} has {shortest} timepoints in case {case} (counted from 0), and a series needs 2 at least. Drop "
            "it; if the axes are in another order, give the layout."
        )
    _check_description(raw, where, len(arrays[0]))
    lengths = np.array([array.shape[1] for array in arrays], np.int64)
    return StoredCases(
        narrow if isinstance(narrow, np.ndarray) else pad(arrays),
        lengths,
        check_labels(raw, where, len(arrays), as_integers=as_integers),
        check_groups(raw, where, len(arrays)),
        np.full(len(arrays), part),
        channel_names=_freeze(raw.channel_names),
        units=_freeze(raw.units),
        sampling_interval=raw.sampling_interval,
        times=_pad_times(raw, lengths),
    )


def _pad_times(raw: Raw, lengths: NDArray[np.int64]) -> NDArray[np.float64] | None:
    if raw.times is None:
        return None
    own = [np.asarray(times, np.float64)[:length] for times, length in zip(raw.times, lengths, strict=True)]
    return pad(own, np.float64)


def _check_description(raw: Raw, where: str, n_channels: int) -> None:
    for what, values in (("channel names", raw.channel_names), ("units", raw.units)):
        if values is not None and len(values) != n_channels:
            raise DatasetError(
                f"{where} has {n_channels} channels but {len(values)} {what}; there must be one for each."
            )


def _refuse_disagreement(cases: Sequence[StoredCases]) -> None:
    if len(cases) < 2:
        return
    train, test = cases
    if train.series.shape[1] != test.series.shape[1]:
        raise DatasetError(
            f"The test set has {test.series.shape[1]} channels, but the training set has {train.series.shape[1]}. "
            "Bring both to one shape, or leave the test set out."
        )
    if (train.labels is None) != (test.labels is None):
        raise DatasetError("One of training and test set has labels, the other has none. Label both, or neither.")


def _to_cases(cases: StoredCases) -> Cases:
    uneven = len(np.unique(cases.lengths)) > 1
    groups = None if cases.groups is None else tuple(str(group) for group in cases.groups)
    return Cases(cases.series, cases.labels, groups, cases.lengths if uneven else None)


def _freeze(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def to_raw(cases: StoredCases) -> Raw:
    """Cases as writers and windows take them."""
    arrays: Any = cases.list_arrays()
    times = None
    if cases.times is not None:
        times = [own[:length] for own, length in zip(cases.times, cases.lengths, strict=True)]
    grouped = cases.groups is not None and None not in cases.groups
    return Raw(
        arrays if len(np.unique(cases.lengths)) > 1 or not len(cases) else cases.series,
        labels=cases.labels,
        groups=cases.groups if grouped else None,
        channel_names=cases.channel_names,
        units=cases.units,
        sampling_interval=cases.sampling_interval,
        times=times,
    )


def mark_part(cases: StoredCases, part: Part) -> StoredCases:
    """The cases, all of one partition."""
    return replace(cases, part=np.full(len(cases), part))
