"""A dataset is made of checked partitions that agree with each other."""

from __future__ import annotations

from training.data.cases import Cases, Dataset, DatasetError
from training.data.description import describe_source
from training.data.digest import compute_digest
from training.data.labelling import refuse_counting, refuse_senseless
from training.data.labels import are_plain_integers, check_groups, check_labels, refuse_lookalikes
from training.data.numbers import note_numbers
from training.data.raw import Raw
from training.data.series import check_series

MIN_TRAINING_CASES = 4


def check_dataset(name: str, train: Raw, test: Raw | None, origin: str = "") -> Dataset:
    """The dataset, or a DatasetError that names the first thing that is wrong with it.

    `origin` says in words where it is from.
    """
    as_integers = are_plain_integers([train] if test is None else [train, test])
    train_cases = _check_cases(train, f"The training set of {name}", MIN_TRAINING_CASES, as_integers)
    test_cases = None if test is None else _check_cases(test, f"The test set of {name}", 1, as_integers)
    if test_cases is not None:
        _refuse_other_shape(train_cases, test_cases)
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
    return Dataset(name, train_cases, test_cases, compute_digest(train_cases, test_cases), description)


def _check_cases(raw: Raw, where: str, min_cases: int, as_integers: bool) -> Cases:
    series = check_series(raw.series, where, min_cases)
    _check_description(raw, where, series.shape[1])
    labels = check_labels(raw, where, len(series), as_integers=as_integers)
    return Cases(series, labels, check_groups(raw, where, len(series)))


def _check_description(raw: Raw, where: str, n_channels: int) -> None:
    for what, values in (("channel names", raw.channel_names), ("units", raw.units)):
        if values is not None and len(values) != n_channels:
            raise DatasetError(
                f"{where} has {n_channels} channels but {len(values)} {what}; there must be one for each."
            )
    if raw.times is not None:
        raise DatasetError(
            f"The series of {where} are sampled at irregular times, and even steps were expected. Resample them first."
        )


def _refuse_other_shape(train: Cases, test: Cases) -> None:
    (_, *expected), (_, *came) = train.series.shape, test.series.shape
    if came != expected:
        raise DatasetError(
            f"The test set has {came[0]} channels of {came[1]} timepoints, but the training set has {expected[0]} of "
            f"{expected[1]}. Bring both to one shape, or leave the test set out."
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
