"""Cuts the series of a dataset, recordings, into windows.

Windows of one recording are a group, which no split parts. Of a dataset that is a single recording none could be held
out, and no model could say what is usual: there, the recording's stretches are the groups.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from studio.catalogue.card import summarise
from studio.catalogue.cases import Part, StoredCases, concatenate
from studio.catalogue.parquet import read_parquet, write_parquet
from studio.reading.checking import PARTS, check_raw, to_raw
from training.data.raw import Raw
from training.data.windows import ONE_GROUP, cut_windows

MOST_STRETCHES = 10
LEAST_WINDOWS = 2
"""Windows that a stretch has at least."""


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
    if part == "train" and len(cases) == 1:
        raw = group_by_stretch(raw, overlap=request["stride"] < request["window"])
    return check_raw(raw, where, part), raw.notes


def group_by_stretch(raw: Raw, overlap: bool) -> Raw:
    """Windows of one recording, in their order, with the stretches that they lie in as groups, and a note of it; as
    they are where there are too few. `overlap` says whether neighbours share timepoints."""
    n_windows = len(raw.series)
    n_stretches = min(MOST_STRETCHES, n_windows // LEAST_WINDOWS)
    if n_stretches < 2:
        return raw
    groups = [f"stretch {place * n_stretches // n_windows}" for place in range(n_windows)]
    note = f"the recording's {n_stretches} stretches, one after the other, are the groups: some can be held out"
    if overlap:
        note += "; windows at their borders overlap, and what is measured of those held out flatters a little"
    notes = (*(one for one in raw.notes if one != ONE_GROUP), note)
    return replace(raw, groups=groups, group_origin="its stretch of the recording", notes=notes)
