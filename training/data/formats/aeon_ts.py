"""Reads aeon's and sktime's `.ts` files: channels separated by colons, timepoints by commas, the label last.

Series may differ in length, `?` and `NaN` are missing values, and with `@timeStamps true` a timepoint is
`(instant,value)`, the instant a number or an ISO 8601 date. Lines that begin with `#` or `%` are comments, `%` before
`@data` alone. aeon's own reader turns labels into lower case; this one keeps them as written, blanks and all.
Format: https://www.aeon-toolkit.org/en/stable/api_reference/file_specifications/ts.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.instants import parse_instants
from training.data.raw import Partitions, Raw
from training.data.text import parse_numbers, read_lines

SUFFIXES = (".ts",)

_OUTSIDE_BRACKETS = re.compile(r":(?![^()]*\))")
"""A colon that is not part of an instant such as (2007-01-01 00:01:00,241.75)."""
_PAIR = re.compile(r"\s*\(([^()]*),([^(),]*)\)\s*(?:,|$)")

Line = tuple[int, str]
Case = list[NDArray[np.float64]]


@dataclass(frozen=True)
class _Header:
    labelled: bool
    timestamps: bool


def read(path: Path, settings: object) -> Partitions:
    """All cases as one training partition; unlabelled where the header says `@classLabel false`."""
    header, lines = _split_file(path)
    rows = [(line, _OUTSIDE_BRACKETS.split(text)) for line, text in lines]
    if header.labelled:
        _refuse_unlabelled(rows, path)
    labels = [row[-1].strip() for _, row in rows] if header.labelled else None
    # Without labels aeon's own writer ends a line in a colon all the same.
    channels = [(line, row[:-1] if header.labelled or not row[-1].strip() else row) for line, row in rows]
    if header.timestamps:
        timed = [_parse_timed_case(texts, path, line) for line, texts in channels]
        return Raw([case for case, _ in timed], labels, times=[times for _, times in timed]), None
    series = [[parse_numbers(text.split(","), path, line) for text in texts] for line, texts in channels]
    return Raw(series, labels), None


def _split_file(path: Path) -> tuple[_Header, list[Line]]:
    """The header, and the lines of the cases; lines count from 1."""
    lines = [(line, text.strip()) for line, text in enumerate(read_lines(path), 1)]
    lines = [(line, text) for line, text in lines if text and not text.startswith("#")]
    data = next((at for at, (_, text) in enumerate(lines) if text.lower() == "@data"), None)
    if data is None:
        raise DatasetError(f"The file {path} has no @data line, which a .ts file needs between header and cases.")
    return _parse_header(lines[:data], path), lines[data + 1 :]


def _parse_header(lines: list[Line], path: Path) -> _Header:
    """What the tags say; the first word after each, in lower case, decides."""
    words = {}
    for line, text in lines:
        if text.startswith("@"):
            tag, *values = text[1:].lower().split()
            words[tag] = values[0] if values else ""
        elif not text.startswith("%"):
            raise DatasetError(
                f"The file {path}, line {line}, stands before @data and is neither a tag (@) nor a comment (# or %): "
                f"{text[:40]!r}. Move it behind @data, or make it a comment."
            )
    if words.get("targetlabel") == "true":
        raise DatasetError(
            f"The file {path} has a regression target, but classes were expected. Save it with @classLabel false "
            "and without the target, or with a class per case."
        )
    labelled = words.get("classlabel", words.get("targetlabel", "true"))  # aeon says of no labels: @targetlabel false
    return _Header(labelled == "true", words.get("timestamps") == "true")


def _refuse_unlabelled(rows: list[tuple[int, list[str]]], path: Path) -> None:
    for line, row in rows:
        if len(row) < 2 or "," in row[-1]:
            raise DatasetError(
                f"The file {path}, line {line}, has no label after its last colon. Write one for every case, or say "
                "@classLabel false."
            )


def _parse_timed_case(texts: list[str], path: Path, line: int) -> tuple[Case, NDArray[np.float64]]:
    """The channels of a case and their common instants, in seconds where they are dates."""
    parsed = [_parse_timed_channel(text, path, line) for text in texts]
    times = parsed[0][0]
    for channel, (other, _) in enumerate(parsed):
        if not np.array_equal(times, other):
            raise DatasetError(
                f"The file {path}, line {line}, has other instants in channel {channel} than in channel 0 (counted "
                "from 0). Give every channel the same instants, with ? where a value is missing."
            )
    return [values for _, values in parsed], times


def _parse_timed_channel(text: str, path: Path, line: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pairs, end = [], 0
    for pair in _PAIR.finditer(text):
        if pair.start() != end:
            break
        pairs.append((pair[1], pair[2]))
        end = pair.end()
    if end != len(text) or not pairs:
        raise DatasetError(
            f"The file {path}, line {line}, has {text[end : end + 40]!r} where (instant,value) was expected, as "
            "@timeStamps is true. Write every timepoint so, or say @timeStamps false."
        )
    where = f"The file {path}, line {line},"
    return parse_instants([instant for instant, _ in pairs], where), parse_numbers(
        [value for _, value in pairs], path, line
    )
