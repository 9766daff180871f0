"""Writes JSON lines, a case a line: `series` `[n_channels][n_timepoints]`, null a missing value, and `label`, `group`
and `times` where there are any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.raw import Raw
from training.data.writing.arrays import list_arrays, list_values, note_lost

SUFFIXES = (".jsonl", ".ndjson")


def write(path: Path, cases: Raw) -> tuple[str, ...]:
    """Every case on a line."""
    columns: dict[str, list[Any]] = {"series": [_to_json(array) for array in list_arrays(cases)]}
    if cases.labels is not None:
        columns["label"] = list(list_values(cases.labels))
    if cases.groups is not None:
        columns["group"] = list(list_values(cases.groups))
    if cases.times is not None:
        columns["times"] = [own.tolist() for own in cases.times]
    with path.open("w", encoding="utf-8") as file:
        for values in zip(*columns.values(), strict=True):
            file.write(json.dumps(dict(zip(columns, values, strict=True)), ensure_ascii=False) + "\n")
    return note_lost(cases, "timepoint_labels", "channel_names", "units", "sampling_interval")


def _to_json(array: NDArray[Any]) -> list[list[float | None]]:
    shortest = array.astype(str).astype(np.float64)  # a float32 as people write it, 0.1 and not 0.10000000149011612
    written: NDArray[np.object_] = shortest.astype(object)
    written[np.isnan(array)] = None
    found: list[list[float | None]] = written.tolist()
    return found
