"""Reads JSON lines, and JSON: series as `/augment` takes and gives them, whole bodies or one case a line.

A body has `series` `[n_cases][n_channels][n_timepoints]` (or `[n_cases][n_timepoints]`) and `labels`; a line of one
case has `series` `[n_channels][n_timepoints]` (or `[n_timepoints]`), `label` and, for instance, `group`. Both may have
`times`. `null` is a missing value. Keys that are no part of a case (`model`, `seed` …) are left out, and that is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from training.data.cases import DatasetError
from training.data.raw import Partitions
from training.data.tables.reading import read_table
from training.data.tables.settings import TableSettings
from training.data.tables.table import Table
from training.data.unpack import find_suffix, read_text

SUFFIXES = (".jsonl", ".ndjson", ".json")
Settings = TableSettings
SINGULAR = {"labels": "label", "groups": "group", "times": "times"}
"""What holds one value a case in a body, and in a line of one case."""

Case = dict[str, Any]


def read(path: Path, settings: TableSettings) -> Partitions:
    """All cases as one training partition."""
    cases: list[tuple[int, Case]] = []
    dropped: set[str] = set()
    for line, found in _parse_lines(path):
        own, more = _split_body(found, path, line)
        cases += [(line, case) for case in own]
        dropped |= more
    if not cases:
        raise DatasetError(f'The file {path} holds no cases. Give lines such as {{"series": [1, 2], "label": "a"}}.')
    where = f"the file {path}"
    notes = (
        (f"the keys {', '.join(sorted(dropped))} of {where} were left out: they are no part of a case",)
        if dropped
        else ()
    )
    return read_table(_build_table(cases, where, notes), settings), None


def _parse_lines(path: Path) -> Iterator[tuple[int, Case]]:
    text = read_text(path)
    whole = find_suffix(path) == ".json"
    for line, part in [(1, text)] if whole else enumerate(text.split("\n"), 1):
        if not part.strip():
            continue
        try:
            found = json.loads(part)
        except (ValueError, RecursionError) as error:
            raise DatasetError(f"The file {path}, line {line}, is no JSON: {error}. Write an object a line.") from error
        for each in found if isinstance(found, list) else [found]:
            if not isinstance(each, dict):
                raise DatasetError(
                    f"The file {path}, line {line}, holds {str(each)[:40]}, and an object with 'series' was expected."
                )
            yield line, each


def _split_body(found: Case, path: Path, line: int) -> tuple[list[Case], set[str]]:
    """The cases of a line, and the keys that are no part of one; a line without series has none."""
    if "series" not in found:
        if any(isinstance(value, list) for value in found.values()):
            raise DatasetError(
                f"The file {path}, line {line}, has lists but no 'series'; its keys are {', '.join(found)}. Call the "
                "values 'series'."
            )
        return [], set(found)
    columns = {key: found[key] for key in (*SINGULAR, "synthetic") if _is_column(key, found.get(key))}
    series = found["series"]
    if not columns and not (_measure_depth(series) == 3 and "label" not in found):
        return [found], set()
    if not isinstance(series, list) or any(len(values) != len(series) for values in columns.values()):
        counts = ", ".join(f"{len(values)} {key}" for key, values in columns.items())
        raise DatasetError(
            f"The file {path}, line {line}, has {len(series)} series but {counts}; there must be one for each."
        )
    rest = set(found) - {"series", *SINGULAR}
    labels = {SINGULAR[key]: values for key, values in columns.items() if key in SINGULAR}
    cases = [{"series": case, **{key: values[at] for key, values in labels.items()}} for at, case in enumerate(series)]
    return cases, rest


def _is_column(key: str, values: Any) -> bool:
    """Whether `values` has one for each case of a body; the times of one case are a list of numbers."""
    return _measure_depth(values) == 2 if key == "times" else isinstance(values, list)


def _measure_depth(values: Any) -> int:
    depth = 0
    while isinstance(values, list) and values:
        values, depth = values[0], depth + 1
    return depth


def _build_table(cases: list[tuple[int, Case]], where: str, notes: tuple[str, ...]) -> Table:
    names = tuple(dict.fromkeys(name for _, case in cases for name in case))
    columns = []
    for name in names:
        values = [case.get(name) for _, case in cases]
        try:
            columns.append(pa.array(values))
        except pa.ArrowException as error:
            raise DatasetError(
                f"The values of {name!r} in {where} are of several types: {error}. Write all of them in one way, "
                "numbers without quotes."
            ) from error
    return Table(where, names, tuple(columns), [line for line, _ in cases], notes=notes)
