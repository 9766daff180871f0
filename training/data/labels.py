"""A label keeps the type it was written in, and no two labels look alike."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from bundle.manifest import MOST_CLASSES
from bundle.strict import INTEGERS, MOST_LETTERS
from training.data.cases import DatasetError, Label
from training.data.labelling import is_absent, write_form
from training.data.raw import Raw

_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]*")


def check_labels(raw: Raw, where: str, n_cases: int, *, as_integers: bool) -> tuple[Label, ...] | None:
    """One label per case, or None; whole floats become integers, and text does when `as_integers`."""
    if raw.labels is None:
        return None
    _refuse_count(raw.labels, where, n_cases, "labels")
    labels = tuple(_label(value, case, where) for case, value in enumerate(raw.labels))
    if (n_classes := len(set(labels))) > MOST_CLASSES:
        raise DatasetError(
            f"{where} has {n_classes} classes, but a bundle holds {MOST_CLASSES} at most. Check that the labels are "
            "classes and not numbers of cases; join rare classes, or leave the labels out."
        )
    return tuple(int(label) for label in labels) if as_integers else labels


def check_groups(raw: Raw, where: str, n_cases: int) -> tuple[str, ...] | None:
    """One group per case as text, or None."""
    if raw.groups is None:
        return None
    _refuse_count(raw.groups, where, n_cases, "groups")
    return tuple(_group(value, case, where) for case, value in enumerate(raw.groups))


def are_plain_integers(partitions: Sequence[Raw]) -> bool:
    """Whether all labels of all partitions came as text that an integer would print as ("7", but not "07" or "7.0")."""
    labels = [label for raw in partitions for label in raw.labels or ()]
    text = all(raw.plain_integers for raw in partitions)
    return text and all(_is_plain_integer(str(label)) for label in labels)


def _is_plain_integer(label: str) -> bool:
    return len(label) <= 20 and _PLAIN_INTEGER.fullmatch(label) is not None and int(label) in INTEGERS


def refuse_lookalikes(labels: Sequence[Label]) -> None:
    """DatasetError when two labels read alike: 1 and "1" of different type, or "1", "1.0" and "1e0"."""
    seen: dict[str, Label] = {}
    for label in labels:
        other = seen.setdefault(write_form(label), label)
        if type(other) is type(label) and other != label:
            raise DatasetError(
                f"The labels {other!r} and {label!r} read as one, but are written in two ways. Write each in one way."
            )
        if type(other) is not type(label):
            raise DatasetError(
                f"The label {label} comes both as an integer and as text, which nobody could tell apart. "
                "Write the labels of both partitions in one type."
            )


def _label(value: object, case: int, where: str) -> Label:
    if isinstance(value, str) and not is_absent(value):
        return _require_bounded_text(str(value), case, where)
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return _require_bounded_integer(int(value), case, where)
    if isinstance(value, float) and value.is_integer():
        return _require_bounded_integer(int(value), case, where)
    raise DatasetError(
        f"The label of case {case} (counted from 0) of {where} is {value!r}, of type {type(value).__name__}, but a "
        "label is an integer or non-empty text. Write it as one"
        + (
            "; leave cases without a label out with --drop-unlabelled, or give a class of that name a plainer one."
            if is_absent(value)
            else ", or leave the labels out if there are none."
        )
    )


def _require_bounded_text(label: str, case: int, where: str) -> str:
    if len(label) > MOST_LETTERS or not label.isprintable():
        raise DatasetError(
            f"The label of case {case} (counted from 0) of {where}, {label[:40]!r}, has {len(label)} characters; a "
            f"label is {MOST_LETTERS} at most, all of them printable. Give the classes shorter, plainer names."
        )
    return label


def _require_bounded_integer(label: int, case: int, where: str) -> int:
    if label not in INTEGERS:
        raise DatasetError(
            f"The label of case {case} (counted from 0) of {where} is {label:.0e}, which 64 bits do not hold. "
            "Write such labels as text."
        )
    return label


def _group(value: object, case: int, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise DatasetError(
            f"The group of case {case} (counted from 0) of {where} is {value!r}, of type {type(value).__name__}, but "
            "a group is an integer or non-empty text. Write it as one, or leave the groups out."
        )
    return str(value)


def _refuse_count(values: Sequence[object], where: str, n_cases: int, what: str) -> None:
    if len(values) != n_cases:
        raise DatasetError(
            f"{where} has {n_cases} series but {len(values)} {what}; there must be one for each. Check that both come "
            "from the same selection, and that the layout names the axes in their order."
        )
