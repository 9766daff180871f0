"""Writes NumPy `.npz` archives: `X` `[n_cases, n_channels, n_timepoints]`, NaN a missing value, `y` and `groups`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from training.data.cases import DatasetError
from training.data.raw import Raw
from training.data.writing.arrays import is_regular, list_arrays, list_values, note_lost

SUFFIXES = (".npz",)


def write(path: Path, cases: Raw) -> tuple[str, ...]:
    """One array for all series; DatasetError where they differ in length or have times of their own."""
    if not is_regular(cases):
        raise DatasetError(
            f"The series for {path} differ in length or have times of their own, and an .npz holds one array of all. "
            "Write a .ts, .jsonl, .csv, .parquet or .arrow file."
        )
    found = {"y": cases.labels, "groups": cases.groups}
    arrays: dict[str, Any] = {"X": np.stack(list_arrays(cases))}
    arrays |= {name: np.array(list_values(values)) for name, values in found.items() if values is not None}
    np.savez(path, **arrays)
    return note_lost(cases, "timepoint_labels", "channel_names", "units", "sampling_interval")
