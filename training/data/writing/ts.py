"""Writes aeon's `.ts` files: channels separated by colons, timepoints by commas, the label last, `?` a missing value.

Format: https://www.aeon-toolkit.org/en/stable/api_reference/file_specifications/ts.html
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.raw import Raw
from training.data.writing.arrays import list_arrays, list_values, note_lost

SUFFIXES = (".ts",)


def write(path: Path, cases: Raw) -> tuple[str, ...]:
    """Every case on a line, with its times where it has any.

    DatasetError for a label that the format cannot hold: its header separates labels by blanks, its lines by colons.
    """
    labels = None if cases.labels is None else [str(label) for label in list_values(cases.labels)]
    _refuse_labels(labels or (), path)
    arrays = list_arrays(cases)
    times: Sequence[NDArray[np.float64] | None] = cases.times or [None] * len(arrays)
    lines = [_write_header(path.stem, cases, arrays, labels)]
    for number, (array, own) in enumerate(zip(arrays, times, strict=True)):
        fields = [_write_channel(channel, own) for channel in array]
        lines.append(":".join([*fields, *([labels[number]] if labels else [])]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return note_lost(cases, "timepoint_labels", "groups", "channel_names", "units", "sampling_interval")


def _write_header(name: str, cases: Raw, arrays: list[NDArray[np.float64]], labels: Sequence[str] | None) -> str:
    n_channels = len(arrays[0]) if arrays else 1
    lengths = {array.shape[1] for array in arrays}
    tags = {
        "problemName": "".join(name.split()),
        "timeStamps": _write_flag(cases.times is not None),
        "missing": _write_flag(any(np.isnan(array).any() for array in arrays)),
        "univariate": _write_flag(n_channels == 1),
        "dimension": str(n_channels),
        "equalLength": _write_flag(len(lengths) <= 1),
        "seriesLength": str(max(lengths, default=0)),
        "classLabel": "false" if labels is None else f"true {' '.join(dict.fromkeys(labels))}",
    }
    if len(lengths) > 1:
        del tags["seriesLength"]
    return "\n".join([*(f"@{tag} {value}" for tag, value in tags.items()), "@data"])


def _write_flag(holds: bool) -> str:
    return "true" if holds else "false"


def _write_channel(channel: NDArray[np.float64], times: NDArray[np.float64] | None) -> str:
    values = np.where(np.isnan(channel), "?", channel.astype(str))
    if times is None:
        return ",".join(values)
    return ",".join(f"({time},{value})" for time, value in zip(times.astype(str), values, strict=True))


def _refuse_labels(labels: Sequence[str], path: Path) -> None:
    for label in labels:
        if not label or any(mark in label for mark in ":,()") or label.split() != [label]:
            raise DatasetError(
                f"The label {label!r} cannot stand in {path}: a .ts file separates labels by blanks and channels by "
                "colons. Rename it, or write a .csv, .parquet, .npz or .jsonl file."
            )
