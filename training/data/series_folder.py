"""A folder of tables, one series a file, in sub-folders or not, is one dataset."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import cast

from training.data.cases import DatasetError
from training.data.discover import find_readers
from training.data.folder import is_partition
from training.data.raw import Partitions, Raw
from training.data.source import Source
from training.data.tables.joining import Part, read_parts
from training.data.tables.table import Table
from training.data.unpack import find_stem, find_suffix


def find_series_files(folder: Path, source: Source) -> list[Path]:
    """The tables in a folder and below it, sorted, where each is a series; none where the folder holds datasets.

    A folder holds datasets where a file is called train or test, where `dataset` names a file or a sub-folder, or where
    there are not two tables.
    """
    if not folder.is_dir() or (source.dataset and (folder / source.dataset).is_dir()):
        return []
    names = None if source.names is None else source.names.resolve()
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and _find_opener(path) is not None]
    files = [path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    files = [path for path in files if find_stem(path).lower() != "readme" and path.resolve() != names]
    datasets = any(is_partition(path, word) for path in files for word in ("train", "test"))
    named = any(source.dataset in (path.stem, find_stem(path)) for path in files)
    return [] if datasets or named or len(files) < 2 else files


def read_series_files(folder: Path, files: list[Path], source: Source) -> Partitions:
    """A series per file; two partitions where the folder has nothing but the sub-folders train and test."""
    names = None if source.names is None else open_table(source.names, source)[0]
    tops = {path.relative_to(folder).parts[0].lower() if path.parent != folder else "" for path in files}
    if tops != {"train", "test"}:
        return _read_all(folder, files, names, source), None
    halves = {
        top: [path for path in files if path.relative_to(folder).parts[0].lower() == top] for top in ("train", "test")
    }
    train, test = (_read_all(paths[0].parents[len(paths[0].relative_to(folder).parts) - 2], paths, names, source)
                   for paths in halves.values())  # fmt: skip
    return train, test


def _read_all(folder: Path, files: list[Path], names: Table | None, source: Source) -> Raw:
    opened = [open_table(path, source) for path in files]
    parts = [Part(path.relative_to(folder), table) for path, (table, _) in zip(files, opened, strict=True)]
    settings = replace(source, decimal=opened[0][1].decimal)
    return read_parts(parts, names, settings, f"the folder {folder}")


def open_table(path: Path, source: Source) -> tuple[Table, Source]:
    """The table in a file, and the source with what its text says. DatasetError where it is no table."""
    opener = _find_opener(path)
    if opener is None:
        raise DatasetError(f"The file {path} is no table that can be read. Save it as .csv or .parquet.")
    return cast("tuple[Table, Source]", opener.open_table(path, source))


def _find_opener(path: Path) -> ModuleType | None:
    """The reader that gives the file's table."""
    readers = find_readers().get(find_suffix(path), [])
    return next((cast(ModuleType, reader) for reader in readers if hasattr(reader, "open_table")), None)
