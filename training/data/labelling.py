"""Labels are what they seem: text in one form, classes rather than measurements or ids; a case has one or none."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError, Label
from training.data.raw import Partitions, Raw

ABSENT = ("", "?", "nan", "na", "n/a", "none", "null")
"""What stands for a label that is not there, in lower case."""
MOST_DIFFERENT = 0.8
"""Share of the cases that the classes may be: more are ids, or measurements."""
MANY = 10
"""Different fractions that labels may be, whatever the number of cases."""


def settle_partitions(partitions: Partitions, drop_unlabelled: bool) -> Partitions:
    """Both partitions with settled labels."""
    train, test = partitions
    settled = None if test is None else settle_labels(test, "the test set", drop_unlabelled)
    return settle_labels(train, "the training set", drop_unlabelled), settled


def settle_labels(raw: Raw, where: str, drop_unlabelled: bool) -> Raw:
    """The cases with labels in one Unicode form (NFC, without surrounding blanks), those without a label left out where
    that was asked for; both are said in the notes."""
    if raw.labels is None:
        return raw
    labels = [_normalise(label) for label in raw.labels]
    changed = sorted(
        {str(one) for one, other in zip(raw.labels, labels, strict=True) if one != other and isinstance(one, str)}
    )
    notes = []
    if changed:
        notes.append(
            f"{len(changed)} labels of {where} were brought into one form (Unicode NFC, trimmed): {changed[0]!r}"
        )
    kept = [case for case, label in enumerate(labels) if not is_absent(label)]
    if drop_unlabelled and len(kept) < len(labels):
        notes.append(f"{len(labels) - len(kept)} cases of {where} without a label were left out")
        raw = _select(raw, kept)
        labels = [labels[case] for case in kept]
    return replace(raw, labels=labels, notes=(*raw.notes, *notes))


def is_absent(label: object) -> bool:
    """Whether a label says that there is none."""
    if label is None or (isinstance(label, float) and np.isnan(label)):
        return True
    return isinstance(label, str) and label.strip().lower() in ABSENT


def refuse_senseless(labels: Sequence[Label] | None, where: str) -> None:
    """DatasetError when labels of the training set are measurements or ids rather than classes."""
    if labels is None:
        return
    classes = Counter(labels)
    remedy = "Say where the label is with --label (--label none: nowhere), or group the values into classes."
    fractions = {label for label in classes if _is_fraction(label)}
    if len(fractions) > max(2, len(labels) / 3) or len(fractions) > max(MANY, len(labels) / 20):
        raise DatasetError(
            f"The labels of {_lower(where)} are {len(fractions)} different fractions ({_list_some(fractions)}), so "
            f"they are measurements rather than classes. {remedy}"
        )
    if len(classes) > MOST_DIFFERENT * len(labels):
        raise DatasetError(
            f"The {len(labels)} cases of {_lower(where)} have {len(classes)} different labels ({_list_some(classes)}), "
            f"so they are ids or measurements rather than classes. {remedy}"
        )


def refuse_counting(labels: Sequence[Label] | None, first: NDArray[np.float32], where: str) -> None:
    """DatasetError when the first values `[n_cases]` count the cases of each class: rows are instants, labels ids."""
    if labels is None:
        return
    rows: dict[Label, list[float]] = {}
    for label, value in zip(labels, first.tolist(), strict=True):
        rows.setdefault(label, []).append(value)
    if all(len(values) > 2 and np.array_equal(np.diff(values), np.ones(len(values) - 1)) for values in rows.values()):
        raise DatasetError(
            f"The first value of each case of {_lower(where)} counts the cases of its label, so a row is one instant "
            "and the label is the id of a series. Say so: --id 1 --time 2."
        )


def describe_classes(labels: Sequence[Label] | None, where: str) -> tuple[str, ...]:
    """What is worth saying of the classes of a training set."""
    classes = Counter(labels or ())
    single = [label for label, count in classes.items() if count == 1]
    notes = []
    if len(classes) == 1:
        notes.append(f"all cases of {_lower(where)} have the label {next(iter(classes))}: nothing tells classes apart")
    if single:
        words = "a class has" if len(single) == 1 else f"{len(single)} classes have"
        notes.append(f"{words} a single case: {_list_some(single)}; it is never held out, so nothing measures it")
    return tuple(notes)


def write_form(label: Label) -> str:
    """What a label reads as: `1.0` and `1e0` read as `1`; `01`, a code, does not."""
    text = str(label).strip()
    if isinstance(label, str) and any(mark in text for mark in ".eE+") and "_" not in text:
        try:
            value = float(text)
        except ValueError:
            return text
        if np.isfinite(value):
            return str(int(value)) if value.is_integer() else repr(value)
    return text


def _normalise(label: object) -> object:
    return unicodedata.normalize("NFC", label).strip() if isinstance(label, str) else label


def _is_fraction(label: Label) -> bool:
    try:
        return isinstance(label, str) and "_" not in label and not float(label).is_integer()
    except (ValueError, OverflowError):
        return False


def _select(raw: Raw, kept: Sequence[int]) -> Raw:
    series = raw.series[kept] if isinstance(raw.series, np.ndarray) else [raw.series[case] for case in kept]
    groups = None if raw.groups is None else [raw.groups[case] for case in kept]
    times = None if raw.times is None else [raw.times[case] for case in kept]
    instants = None if raw.timepoint_labels is None else [raw.timepoint_labels[case] for case in kept]
    rows = np.asarray(kept, np.int64)
    return replace(raw, series=series, groups=groups, times=times, timepoint_labels=instants, rows=rows)


def _lower(where: str) -> str:
    return where[0].lower() + where[1:]


def _list_some(values: Sequence[Label] | set[Label] | Counter[Label]) -> str:
    shown = ", ".join(str(value)[:40] for value in list(values)[:3])
    return shown if len(values) <= 3 else f"{shown} …"
