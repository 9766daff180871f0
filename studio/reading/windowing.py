"""Cuts the series of a dataset, recordings, into windows."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from studio.catalogue.card import summarise
from studio.catalogue.cases import Part, StoredCases, concatenate
from studio.catalogue.parquet import read_parquet, write_parquet
from studio.reading.checking import PARTS, check_raw, to_raw
from training.data.windows import cut_windows


def cut(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Cut `request["path"]` into windows of `window` timepoints, one every `stride`; the answer has notes and summary,
    and `cases.parquet` lies in the folder."""
    parts: list[StoredCases] = []
    notes: list[str] = []
    for part in PARTS:
        cases = read_parquet(request["path"], part)
        if len(cases):
            cut_cases, more = _cut_part(cases, part, request)
            parts.append(cut_cases)
            notes += more
    whole = concatenate(parts)
    write_parquet(whole, str(folder / "cases.parquet"))
    return {"notes": notes, "summary": asdict(summarise(whole)), "n_cases": len(whole)}


def _cut_part(cases: StoredCases, part: Part, request: dict[str, Any]) -> tuple[StoredCases, tuple[str, ...]]:
    where = f"The {'training' if part == 'train' else 'test'} set of {request['name']}"
    recording = "recording" if part == "train" else "test recording"
    raw = cut_windows(to_raw(cases), request["window"], request["stride"], where, recording)
    return check_raw(raw, where, part), raw.notes
