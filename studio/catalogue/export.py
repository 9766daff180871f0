"""Cases as files that `training/fit.py --data` reads, with the meaning that they have in the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from studio.catalogue.cases import StoredCases


def export_cases(cases: StoredCases, name: str, folder: Path) -> Path:
    """Write cases into a folder and return the path to give as data.

    Series that are sampled evenly become arrays in `<name>.npz`: NaN at the ends of shorter ones, which the reader cuts
    off again. Those with times become `<name>_TRAIN.parquet` and `<name>_TEST.parquet`, whose channels have no names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
    has_test = bool((cases.parts == "test").any())
    if cases.times is None:
        path = folder / f"{stem}.npz"
        np.savez(path, **_collect_arrays(cases, has_test))
        return path
    for part, suffix in (("train", "_TRAIN"), ("test", "_TEST"))[: 1 + has_test]:
        _write_lists(cases.select(cases.parts == part), folder / f"{stem}{suffix}.parquet")
    return folder / f"{stem}_TRAIN.parquet"


def _collect_arrays(cases: StoredCases, has_test: bool) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for part, suffix in (("train", "_train"), ("test", "_test")) if has_test else (("train", ""),):
        own = np.flatnonzero(cases.parts == part)
        arrays[f"X{suffix}"] = cases.series[own]
        if cases.labels is not None:
            arrays[f"y{suffix}"] = np.array([cases.labels[case] for case in own])
        if cases.groups is not None:
            arrays[f"groups{suffix}"] = np.array(_name_groups(cases))[own]
    if cases.channel_names is not None:
        arrays["channel_names"] = np.array(cases.channel_names)
    if cases.units is not None:
        arrays["units"] = np.array(cases.units)
    if cases.sampling_interval is not None:
        arrays["sampling_interval"] = np.array([cases.sampling_interval])
    return arrays


def _name_groups(cases: StoredCases) -> list[str]:
    """The groups; a case without one is a group of its own."""
    return [f"of its own: {case}" if group is None else group for case, group in enumerate(cases.groups or ())]


def _write_lists(cases: StoredCases, path: Path) -> None:
    assert cases.times is not None
    lists = [[channel.tolist() for channel in array] for array in cases.list_arrays()]
    times = [own[:length].tolist() for own, length in zip(cases.times, cases.lengths, strict=True)]
    columns: dict[str, Any] = {
        "series": pa.array(lists, pa.list_(pa.list_(pa.float32()))),
        "times": pa.array(times, pa.list_(pa.float64())),
    }
    if cases.labels is not None:
        columns["label"] = pa.array(cases.labels)
    if cases.groups is not None:
        columns["group"] = pa.array(_name_groups(cases))
    pq.write_table(pa.table(columns), path)
