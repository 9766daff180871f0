"""A dataset is made of checked partitions that agree with each other."""

from __future__ import annotations

from dataclasses import replace

from bundle.grid import OnGrid
from bundle.shape import SeriesShape
from training.data.cases import Cases, Dataset, DatasetError
from training.data.description import describe_source
from training.data.digest import compute_digest
from training.data.labelling import refuse_counting, refuse_senseless
from training.data.labels import are_plain_integers, check_groups, check_labels, refuse_lookalikes
from training.data.numbers import note_numbers
from training.data.raw import Raw
from training.data.series import check_series
from training.data.shaping import DEFAULT, Part, Shaping, choose_shape, describe_shape, place

MIN_TRAINING_CASES = 4


def check_dataset(name: str, train: Raw, test: Raw | None, origin: str = "", shaping: Shaping = DEFAULT) -> Dataset:
    """The dataset, or a DatasetError that names the first thing that is wrong with it.

    `origin` says in words where it is from.
    """
    raws = [train] if test is None else [train, test]
    as_integers = are_plain_integers(raws)
    parts = [_check_part(train, f"The training set of {name}", MIN_TRAINING_CASES)]
    parts += [] if test is None else [_check_part(test, f"The test set of {name}", 1)]
    if test is not None:
        _refuse_other_channels(parts)
    shape = _add_description(choose_shape(parts, shaping), train)
    placed = [(part, place(part, shape)) for part in parts]
    train_cases, *others = [
        _check_cases(raw, part.where, grid, as_integers) for raw, (part, grid) in zip(raws, placed, strict=True)
    ]
    test_cases = others[0] if others else None
    if test_cases is not None:
        _refuse_one_unlabelled(train_cases, test_cases)
        refuse_lookalikes((*(train_cases.labels or ()), *(test_cases.labels or ())))
        _refuse_new_labels(train_cases, test_cases)
    refuse_lookalikes(train_cases.labels or ())
    # A test set that repeats the labels shows that they are classes, though each has a single training case.
    known = None if train_cases.labels is None else (*train_cases.labels, *((test_cases and test_cases.labels) or ()))
    refuse_senseless(known, f"The training set of {name}")
    refuse_counting(train_cases.labels, train_cases.series[:, 0, 0], f"The training set of {name}")
    train = note_numbers(train, f"The training set of {name}")
    test = None if test is None else note_numbers(test, f"The test set of {name}")
    description = describe_source(train, test, train_cases, test_cases, origin)
    description = replace(description, notes=(*description.notes, *describe_shape(placed, shape)))
    return Dataset(name, train_cases, test_cases, compute_digest(train_cases, test_cases), shape, description)


def _check_part(raw: Raw, where: str, min_cases: int) -> Part:
    return Part(where, check_series(raw.series, where, min_cases), raw.times)


def _check_cases(raw: Raw, where: str, grid: OnGrid, as_integers: bool) -> Cases:
    n_cases, n_channels, _ = grid.series.shape
    _check_description(raw, where, n_channels)
    labels = check_labels(raw, where, n_cases, as_integers=as_integers)
    lengths = None if grid.shape.is_fixed else grid.lengths
    return Cases(grid.series, labels, check_groups(raw, where, n_cases), lengths, grid.counted, raw.rows)


def _check_description(raw: Raw, where: str, n_channels: int) -> None:
    for what, values in (("channel names", raw.channel_names), ("units", raw.units)):
        if values is not None and len(values) != n_channels:
            raise DatasetError(
                f"{where} has {n_channels} channels but {len(values)} {what}; there must be one for each."
            )


def _add_description(shape: SeriesShape, raw: Raw) -> SeriesShape:
    """The shape with what the reader knows of the channels."""
    return shape.model_copy(
        update={
            "channel_names": None if raw.channel_names is None else list(raw.channel_names),
            "units": None if raw.units is None else list(raw.units),
            "sampling_interval": raw.sampling_interval,
        }
    )


def _refuse_other_channels(parts: list[Part]) -> None:
    expected, came = (len(part.cases[0]) for part in parts)
    if came != expected:
        raise DatasetError(
            f"The test set has {came} channels, but the training set has {expected}. Bring both to one shape, or leave "
            "the test set out."
        )


def _refuse_one_unlabelled(train: Cases, test: Cases) -> None:
    if (train.labels is None) != (test.labels is None):
        labelled, unlabelled = ("test", "training") if train.labels is None else ("training", "test")
        raise DatasetError(
            f"The {labelled} set is labelled but the {unlabelled} set is not. Label both or neither, or leave the "
            "test set out."
        )


def _refuse_new_labels(train: Cases, test: Cases) -> None:
    unknown = sorted(set(test.labels or ()) - set(train.labels or ()), key=str)
    if unknown:
        raise DatasetError(
            f"The test set has labels unknown in the training set: {', '.join(map(repr, unknown[:10]))}"
            f"{f' and {len(unknown) - 10} more' if len(unknown) > 10 else ''}. Give training cases of those "
            "classes, or drop them from the test set."
        )
