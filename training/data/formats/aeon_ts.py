"""Reads aeon's `.ts` files, uni- and multivariate: channels separated by colons, timepoints by commas, label last.

aeon's own reader turns labels into lower case; this one keeps them as written.
Format: https://www.aeon-toolkit.org/en/stable/api_reference/file_specifications/ts.html
"""

from __future__ import annotations

from pathlib import Path

from training.data.cases import DatasetError
from training.data.raw import Partitions, Raw
from training.data.text import parse_numbers, read_lines

SUFFIXES = (".ts",)


def read(path: Path, settings: object) -> Partitions:
    """All cases as one training partition; unlabelled where the header says `@classLabel false`."""
    lines = [(line, text.strip()) for line, text in enumerate(read_lines(path), 1)]
    lines = [(line, text) for line, text in lines if text and not text.startswith("#")]
    header = _read_header([text for _, text in lines if text.startswith("@")], path)
    labelled = header.get("classlabel", "true") == "true"
    rows = [(line, text.split(":")) for line, text in lines if not text.startswith("@")]
    if labelled:
        _refuse_unlabelled(rows, path)
    channels = [(line, row[:-1] if labelled else row) for line, row in rows]
    series = [[parse_numbers(channel.split(","), path, line) for channel in case] for line, case in channels]
    return Raw(series, [row[-1].strip() for _, row in rows] if labelled else None), None


def _read_header(tags: list[str], path: Path) -> dict[str, str]:
    """The first word after each tag, both in lower case."""
    words = [tag[1:].lower().split() for tag in tags]
    header = {tag[0]: tag[1] if len(tag) > 1 else "" for tag in words if tag}
    if "data" not in header:
        raise DatasetError(f"The file {path} has no @data line, which a .ts file needs between header and cases.")
    if header.get("timestamps") == "true":
        raise DatasetError(f"The file {path} has timestamps, which are not read. Save evenly sampled values alone.")
    if header.get("targetlabel") == "true":
        raise DatasetError(
            f"The file {path} has a regression target, but classes were expected. Save it with @classLabel false "
            "and without the target, or with a class per case."
        )
    return header


def _refuse_unlabelled(rows: list[tuple[int, list[str]]], path: Path) -> None:
    for line, row in rows:
        if len(row) < 2 or "," in row[-1]:
            raise DatasetError(
                f"The file {path}, line {line}, has no label after its last colon. Write one for every case, or say "
                "@classLabel false."
            )
