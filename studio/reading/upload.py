"""Reads what somebody uploaded: as it is asked for, else by a guess; what was found goes into a Parquet file, a look at
it into the answer."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from studio.catalogue.card import summarise
from studio.catalogue.cases import StoredCases, concatenate
from studio.catalogue.parquet import write_parquet
from studio.reading.arrays import describe_arrays, guess_arrays, list_arrays
from studio.reading.checking import check_partitions
from studio.reading.columns import describe_columns, guess_settings
from studio.reading.refusing import drop_flags, explain
from studio.reading.settings import ReadSettings
from studio.reading.thinning import thin
from studio.reading.unpacking import find_content, unpack
from training.data.cases import DatasetError
from training.data.choose import choose_reader, list_suffixes
from training.data.folder import resolve
from training.data.load import load_raw
from training.data.recording_folder import find_recordings
from training.data.series_folder import find_series_files, open_table
from training.data.source import Source, make_source
from training.data.tables.table import Table
from training.data.tables.text import parse_table
from training.data.unpack import PACKED, decode, find_suffix, read_bytes

PER_CLASS, MOST_PREVIEWED, PREVIEWED_TIMEPOINTS = 8, 160, 500
HEAD_BYTES = 4 * 2**20
"""Of a text, by which its columns are guessed."""

NAMES = ("names", "labels", "label", "files", "metadata", "index", "info", "annotations", "classes", "targets")
"""Stems of a table that says what the other files of a folder are."""

_APART = re.compile(r"(^y|(^|[_-])(labels?|targets?|class(es)?)$|^(labels?|targets?)[_-])(?!.*test)", re.IGNORECASE)
"""Stems of files of labels beside those of the series; those of the test set are found by theirs."""


def read_upload(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Read `request["path"]` with `request["settings"]`. The answer has settings, columns, preview, refusal and
    summary, and `cases.parquet` lies in the folder."""
    settings = ReadSettings.model_validate(request["settings"])
    try:
        path = _find_data(Path(request["path"]), int(request["most_bytes"]))
    except DatasetError as damaged:
        refusal = asdict(explain(damaged))
        return {"settings": settings.model_dump(), "columns": None, "preview": None, "refusal": refusal}
    place = path if path.is_dir() else path.parent
    os.chdir(path.parent)
    data, path = _choose_example(path)
    source = make_source(data=_shorten(data), **settings.to_fields(_shorten(place)))
    source, cases, read, error = _read_or_guess(path, source)
    answer = {
        "settings": settings.model_copy(update=_list_settings(source)).model_dump(),
        "columns": _describe(path, source),
        "suffix": _find_own_suffix(path, source),
        "preview": None,
        "refusal": None if error is None else asdict(explain(error)),
    }
    if cases is None:
        return answer
    if len(cases) > request["max_series"]:
        message = f"there are {len(cases)} series; a dataset has {request['max_series']} at most here. Send fewer."
        return answer | {"refusal": {"message": message, "file": None, "row": None}}
    summary = summarise(cases)
    write_parquet(cases, str(folder / "cases.parquet"))
    preview = {
        "read": drop_flags(read[0]),
        "notes": [drop_flags(note) for note in read[1:]],
        "shape": summary.shape,
        "classes": summary.classes,
        **_preview(cases),
    }
    return answer | {"preview": preview, "summary": asdict(summary)}


def _find_data(path: Path, most_bytes: int) -> Path:
    """The file or folder to read; an archive of several files is unpacked, once for all readings."""
    if path.suffix.lower() != ".zip":
        return path
    unpacked = path.parent.parent / "unpacked"
    return find_content(unpacked) if unpacked.exists() else unpack(path, unpacked, path.stem, most_bytes)


def _choose_example(path: Path) -> tuple[Path, Path]:
    """What to read, and the file or folder by which its settings are guessed.

    A folder of one dataset is that of its training set; where files of labels lie beside a single other file, that is
    read.
    """
    if not path.is_dir():
        return path, path
    plain = make_source(data=path)
    series = find_series_files(path, plain)
    alone = [file for file in series if not _APART.search(file.stem)]
    if len(alone) == 1 < len(series):
        return alone[0], alone[0]
    if series or find_recordings(path, plain):
        return path, path
    try:
        return path, resolve(path, None, list_suffixes(None))[1]
    except DatasetError:
        return path, path


def _shorten(path: Path) -> Path:
    """The path from here, so that sentences hold no folders of the server's."""
    return Path(path.resolve().relative_to(Path.cwd()))


def _read_or_guess(path: Path, source: Source) -> tuple[Source, StoredCases | None, tuple[str, ...], Exception | None]:
    """The settings that were used, the cases, what was read and the notes, and the last refusal."""
    refused: Exception | None = None
    tried: list[Source] = []
    for candidate in _list_candidates(path, source):
        if candidate in tried:
            continue
        tried.append(candidate)
        try:
            cases, read = _read(candidate)
        except (DatasetError, ValueError, OverflowError) as error:
            refused = error
        else:
            return candidate, cases, read, None
    return tried[-1], None, (), refused


def _list_candidates(path: Path, source: Source) -> Iterator[Source]:
    """The settings as they came, then what is guessed."""
    yield source
    apart = _list_apart(path) if path.is_file() and not source.label else []
    if apart:
        source = replace(source, label=(apart[0].name,))
        yield source
    if source.format is None and find_suffix(path) in (".txt", ".tsv") and path.is_file():
        source = replace(source, format="delimited")  # refused as a file of the UCR archive, if it seemed to be one
    try:
        if find_suffix(path) == ".npz" and path.is_file():
            guessed = guess_arrays(list_arrays(path), source)
        elif (found := _open_example(path, source)) is not None:
            table, opened = found
            guessed = guess_settings(table, opened, in_folder=path.is_dir())
        else:
            guessed = source
    except (DatasetError, ValueError):
        guessed = source
    guessed = replace(guessed, decimal=source.decimal)
    if path.is_dir():
        guessed = _guess_folder(path, guessed)
    yield guessed
    if find_suffix(path) in (".npz", ".npy") and source.layout is None:
        yield replace(guessed, layout="n_cases,n_timepoints,n_channels")


def _guess_folder(path: Path, source: Source) -> Source:
    """Labels are what sub-folders are called, or stand in a table of names."""
    files = _list_series(path, source)
    tops = {file.parent.relative_to(path).as_posix() for file in files}
    listed = [file for file in files if file.stem.lower() in NAMES and file.parent == path]
    if source.names is None and listed and len(files) > 1:
        label = source.label if source.label != ("folder",) else ()
        names = open_table(listed[0], source)[0].names or ()
        columns = [name for name in names[1:] if name]
        return replace(source, names=_shorten(listed[0]), label=label or tuple(columns[:1]), ignore=())
    if not source.label and len(tops) > 1 and {top.lower() for top in tops} != {"train", "test"}:
        return replace(source, label=("folder",))
    return source


def _list_apart(path: Path) -> list[Path]:
    """Files of labels beside a file."""
    beside = [file for file in sorted(path.parent.iterdir()) if _APART.search(file.stem) and file.is_file()]
    return [file for file in beside if file != path]


def _list_series(path: Path, source: Source) -> list[Path]:
    return find_series_files(path, source) or find_recordings(path, source)


def _open_example(path: Path, source: Source) -> tuple[Table, Source] | None:
    """The table, or of a folder's the first; the beginning of a long text. None where it is none."""
    if path.is_dir():
        files = [file for file in find_series_files(path, source) if file.stem.lower() not in NAMES]
        if not files:
            return None
        return open_table(_shorten(files[0]), source)
    if not hasattr(choose_reader(_shorten(path), source), "open_table"):
        return None
    suffix = find_suffix(path)
    if suffix in (".csv", ".tsv", ".txt") and len(head := read_bytes(path, HEAD_BYTES)) == HEAD_BYTES:
        text = decode(head, "replace").rpartition("\n")[0]
        return parse_table(text, f"the file {path.name}", source)  # type: ignore[return-value]
    return open_table(_shorten(path), source)


def _read(source: Source) -> tuple[StoredCases, tuple[str, ...]]:
    name, partitions, origin = load_raw(source)
    parts, read = check_partitions(name, partitions, origin)
    return concatenate(parts), read


def _list_settings(source: Source) -> dict[str, Any]:
    """The fields of `ReadSettings` that a source has."""
    found = {name: getattr(source, name) for name in ReadSettings.model_fields}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}
    return plain | {"names": None if source.names is None else source.names.name}


def _describe(path: Path, source: Source) -> list[dict[str, Any]] | None:
    try:
        if path.is_file() and find_suffix(path) == ".npz":
            return describe_arrays(list_arrays(path), source) or None
        found = _open_example(path, source)
        return None if found is None else describe_columns(found[0], source)
    except (DatasetError, ValueError):
        return None


def _find_own_suffix(path: Path, source: Source) -> str:
    """Of what was read: a folder's is that of its first file."""
    files = _list_series(path, source) if path.is_dir() else [path]
    suffix = find_suffix(files[0]) if files else ""
    return "" if suffix in PACKED else suffix


def _preview(cases: StoredCases) -> dict[str, Any]:
    """A few series of each class, of fewer timepoints."""
    train = np.flatnonzero(cases.parts == "train")
    chosen: list[int] = []
    counts: dict[object, int] = {}
    for case in train:
        label = cases.labels[case] if cases.labels is not None else None
        counts[label] = counts.get(label, 0) + 1
        if counts[label] <= PER_CLASS and len(chosen) < MOST_PREVIEWED:
            chosen.append(int(case))
    shown = cases.select(np.array(chosen, np.intp))
    series, step = thin(shown.list_arrays(), PREVIEWED_TIMEPOINTS)
    return {"series": series, "step": step, "labels": None if shown.labels is None else list(shown.labels)}
