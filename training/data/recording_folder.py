"""A folder of recordings, one a file, in sub-folders or not, is one dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.data.cases import DatasetError
from training.data.choose import read_file
from training.data.discover import find_readers
from training.data.raw import Partitions, Raw
from training.data.recordings import ANNOTATIONS
from training.data.series_folder import open_table
from training.data.source import Source
from training.data.tables.joining import look_up_files
from training.data.tables.roles import GROUPS, LABELS

FOLDER = "folder"
"""What `--label` and `--group` call the sub-folder that a file is in."""


def find_recordings(folder: Path, source: Source) -> list[Path]:
    """The files in a folder and below it, sorted, that are one recording each; none where it is no folder."""
    if not folder.is_dir() or (source.dataset and (folder / source.dataset).is_dir()):
        return []
    suffixes = {
        suffix
        for suffix, readers in find_readers().items()
        if any(getattr(reader, "IS_RECORDING", False) for reader in readers)
    }
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix.lower() in suffixes]
    return [path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def read_recordings(folder: Path, files: Sequence[Path], source: Source) -> Partitions:
    """A case per file; two partitions where the folder has nothing but the sub-folders train and test.

    Raises DatasetError where the recordings differ in channels, units or sampling interval.
    """
    tops = {path.relative_to(folder).parts[0].lower() if path.parent != folder else "" for path in files}
    if tops != {"train", "test"}:
        return _read_all(folder, files, source), None
    halves = {half: [path for path in files if path.relative_to(folder).parts[0].lower() == half] for half in tops}
    return tuple(  # type: ignore[return-value]
        _read_all(folder / halves[half][0].relative_to(folder).parts[0], halves[half], source)
        for half in ("train", "test")
    )


def _read_all(folder: Path, files: Sequence[Path], source: Source) -> Raw:
    about, notes = _describe_files(folder, files, source)
    own = replace(
        source,
        label=() if "labels" in about else source.label,
        group=(),
        names=None,
        ignore=(*source.ignore, *ANNOTATIONS) if "labels" in about else source.ignore,
    )
    raws: list[Raw] = []
    for path in files:
        raw, _ = read_file(path, own)
        if raws:
            _require_alike(raws[0], raw, files[0], path)
        raws.append(raw)
    first = raws[0]
    by_timepoint = [labels for raw in raws for labels in raw.timepoint_labels or ()]
    return replace(
        first,
        series=[case for raw in raws for case in raw.series],
        timepoint_labels=by_timepoint or None,
        notes=tuple(dict.fromkeys([*notes, *(note for raw in raws for note in raw.notes)])),
        **about,
    )


def _describe_files(folder: Path, files: Sequence[Path], source: Source) -> tuple[dict[str, Any], list[str]]:
    """Labels and groups of whole recordings, by the sub-folder or a table of names, and what was not used of that."""
    columns: dict[str, list[object]] = {FOLDER: [path.parent.relative_to(folder).as_posix() for path in files]}
    notes: list[str] = []
    if source.names is not None:
        table, settings = open_table(source.names, source)
        found, notes = look_up_files([path.relative_to(folder) for path in files], table, settings)
        columns |= found
    about: dict[str, Any] = {}
    for flag, usual in (("label", LABELS), ("group", GROUPS)):
        given = getattr(source, flag)
        name = next((name for name in columns if name in given or (not given and name.lower() in usual)), None)
        if name is not None:
            about |= {f"{flag}s": columns[name], f"{flag}_origin": "the sub-folder" if name == FOLDER else f"{name!r}"}
        elif flag == "group" and given:
            raise DatasetError(f"There is no group {given[0]!r}; there are {', '.join(columns)}. Name one of them.")
    return about, notes


def _require_alike(first: Raw, other: Raw, first_path: Path, path: Path) -> None:
    for what, flag in (("channel_names", "--value"), ("units", "--value"), ("sampling_interval", "")):
        here, there = getattr(other, what), getattr(first, what)
        if here != there:
            remedy = f"Choose the channels that all have, with {flag}" if flag else "Resample them"
            raise DatasetError(
                f"The recording {path} has the {what.replace('_', ' ')} {_list(here)}, but {first_path} has "
                f"{_list(there)}. {remedy}, or move those that differ elsewhere."
            )


def _list(values: str | Sequence[str]) -> str:
    return values if isinstance(values, str) else ", ".join(values)
