"""What was read is said in one line, and what reading did in a sentence each."""

from __future__ import annotations

from collections.abc import Sequence

from training.data.cases import Cases, Description, Label
from training.data.labelling import describe_classes
from training.data.raw import Raw

SHOWN = 5
"""Classes that the line names."""


def describe_source(train: Raw, test: Raw | None, cases: Cases, test_cases: Cases | None, origin: str) -> Description:
    """What the readers know of the series, and the line that is printed before training."""
    notes = train.notes if test is None else (*train.notes, *(note for note in test.notes if note not in train.notes))
    return Description(
        channel_names=_freeze(train.channel_names),
        units=_freeze(train.units),
        sampling_interval=train.sampling_interval,
        read="; ".join(_list_parts(train, cases, test_cases, origin)),
        notes=(*notes, *describe_classes(cases.labels, "the training set")),
    )


def _list_parts(raw: Raw, cases: Cases, test: Cases | None, origin: str) -> list[str]:
    n_cases, n_channels, n_timepoints = cases.series.shape
    lengths = _count(n_timepoints, "timepoint")
    if cases.lengths is not None:
        lengths = f"{cases.lengths.min()} to {cases.lengths.max()} timepoints"
    beside = "" if test is None else f", and {len(test.series)} to test,"
    parts = [f"{n_cases} series{beside} of {_count(n_channels, 'channel')} x {lengths} {origin}"]
    if raw.channel_names is not None and n_channels > 1:
        parts.append(f"channels {_list_some(raw.channel_names)}")
    if cases.labels is None:
        parts.append("no labels")
    else:
        classes = list(dict.fromkeys(cases.labels))
        where = f" from {raw.label_origin}" if raw.label_origin else ""
        parts.append(f"label{where} ({_count(len(classes), 'class', 'classes')}: {_list_some(classes)})")
    if cases.groups is not None:
        where = f" from {raw.group_origin}" if raw.group_origin else ""
        parts.append(f"group{where} ({_count(len(set(cases.groups)), 'group')})")
    return parts


def _count(number: int, one: str, several: str | None = None) -> str:
    return f"{number} {one if number == 1 else several or one + 's'}"


def _list_some(values: Sequence[Label]) -> str:
    some = ", ".join(map(str, values[:SHOWN]))
    return some if len(values) <= SHOWN else f"{some} and {len(values) - SHOWN} more"


def _freeze(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
