"""The signals of one recording become one series, or a sentence says why they do not fit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.raw import Raw

ANNOTATIONS = ("annotations", "atr")
"""What `--label` and `--ignore` call them: those in an EDF file, and those beside a WFDB record."""


@dataclass(frozen=True)
class Signal:
    """One channel of a recording: its values `[n_timepoints]` in `unit`, `frequency` of them a second."""

    name: str
    unit: str
    frequency: float
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Annotation:
    """A label from `start` (in seconds) on; to the next annotation where it has no `duration` (in seconds)."""

    start: float
    duration: float | None
    label: str


def choose_channels(names: Sequence[str], wanted: Sequence[str], ignored: Sequence[str], where: str) -> list[int]:
    """The numbers of the channels to read: those wanted, in that order, or all that are not ignored.

    Annotations may be ignored too, and are no channel.
    """
    ignored = [name for name in ignored if name not in ANNOTATIONS]
    for name in (*wanted, *ignored):
        if list(names).count(name) != 1:
            raise DatasetError(
                f"{where} has {list(names).count(name)} channels called {name!r}; its channels are {', '.join(names)}. "
                "Name one of them with --value or --ignore."
            )
    chosen = [names.index(name) for name in wanted] or [at for at, name in enumerate(names) if name not in ignored]
    if not chosen:
        raise DatasetError(f"{where} has no channel left; its channels are {', '.join(names)}. Ignore fewer.")
    return chosen


def make_recording(signals: Sequence[Signal], annotations: Sequence[Annotation] | None, where: str) -> Raw:
    """One case of all signals, with a label for each timepoint where there are annotations.

    Raises DatasetError where the signals differ in frequency or length.
    """
    sampled = {(signal.frequency, len(signal.values)) for signal in signals}
    if len(sampled) > 1:
        listed = ", ".join(f"{signal.name} {signal.frequency:g}" for signal in signals)
        raise DatasetError(
            f"{where} has channels of different sampling frequency, in Hz: {listed}. Choose those of one frequency "
            "with --value (the channels to read) or --ignore (those to leave out)."
        )
    (frequency, n_timepoints), *_ = sampled
    return Raw(
        [[signal.values for signal in signals]],
        channel_names=[signal.name for signal in signals],
        units=[signal.unit for signal in signals],
        sampling_interval=f"{1 / frequency:.9g} s",
        timepoint_labels=None if annotations is None else [_label_timepoints(annotations, frequency, n_timepoints)],
        label_origin=None if annotations is None else "annotations",
    )


def _label_timepoints(annotations: Sequence[Annotation], frequency: float, n_timepoints: int) -> list[object]:
    """The label that holds at each timepoint; None where none does."""
    labels: list[object] = [None] * n_timepoints
    ordered = sorted(annotations, key=lambda annotation: annotation.start)
    ends = [annotation.start for annotation in ordered[1:]] + [n_timepoints / frequency]
    for annotation, following in zip(ordered, ends, strict=True):
        end = following if annotation.duration is None else annotation.start + annotation.duration
        first, last = (min(max(0, round(instant * frequency)), n_timepoints) for instant in (annotation.start, end))
        labels[first:last] = [annotation.label] * (last - first)
    return labels
