"""A file is read by the one reader that `--format`, its suffix or its content names."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from training.data.cases import DatasetError
from training.data.discover import Reader, find_readers
from training.data.raw import Partitions
from training.data.settings import CommonSettings
from training.data.source import Source, find_set
from training.data.unpack import find_suffix, read_bytes

HEAD = 65_536
"""Bytes of a file that `recognise` sees."""


def read_file(path: Path, source: Source) -> Partitions:
    """What the file's reader finds in it. Raises DatasetError where no reader, or no single one, takes it."""
    reader = choose_reader(path, source)
    _refuse_foreign_settings(reader, path, source)
    return reader.read(path, source)


def choose_reader(path: Path, source: Source) -> Reader:
    """The reader that `--format` names, by a suffix without its dot or a module's name; without it, the readers of the
    suffix; of several, those that have every setting given; of these, the one that recognises the first bytes."""
    readers = find_readers()
    candidates = _find_named(readers, source.format) if source.format else readers.get(find_suffix(path), [])
    candidates = [reader for reader in candidates if not _find_foreign(reader, source)] or candidates
    if not candidates:
        raise DatasetError(
            f"The file {path} has the suffix {path.suffix!r}, which no reader knows. Supported are "
            f"{', '.join(sorted(readers))}; save it as one of them, or say with --format what it is."
        )
    if len(candidates) == 1:
        return candidates[0]
    head = read_bytes(path, HEAD)
    found = [reader for reader in candidates if _recognises(reader, path, head)]
    if len(found) != 1:
        names = ", ".join(_get_name(reader) for reader in (found or candidates))
        raise DatasetError(
            f"The file {path} could be read as any of {names}. Say which with --format."
            if found
            else f"The file {path} looks like none of {names}. Check what is in it, or say what it is with --format."
        )
    return found[0]


def list_suffixes(format: str | None) -> list[str]:
    """The suffixes of the files that may be read: all, or those of the format."""
    readers = find_readers()
    named = _find_named(readers, format) if format else None
    return sorted(suffix for suffix, found in readers.items() if named is None or named[0] in found)


def _find_named(readers: dict[str, list[Reader]], format: str) -> list[Reader]:
    every = [reader for of_suffix in readers.values() for reader in of_suffix]
    named = [reader for reader in every if _get_name(reader) == format][:1]
    found = named or readers.get(f".{format.lower().removeprefix('.')}", [])
    if not found:
        known = sorted({suffix[1:] for suffix in readers} | {_get_name(reader) for reader in every})
        raise DatasetError(f"There is no format {format!r}. Take one of {', '.join(known)}.")
    return found


def _get_name(reader: Reader) -> str:
    return reader.__name__.rpartition(".")[2]


def _recognises(reader: Reader, path: Path, head: bytes) -> bool:
    recognise = getattr(reader, "recognise", None)
    return recognise is not None and bool(recognise(path, head))


def _refuse_foreign_settings(reader: Reader, path: Path, source: Source) -> None:
    """A setting that the reader does not have would be dropped."""
    if foreign := _find_foreign(reader, source):
        flags = ", ".join(f"--{name}" for name in foreign)
        raise DatasetError(
            f"The file {path} is read as {_get_name(reader)}, which has no use for {flags}. Leave them out, or name "
            "the format that the file is in with --format."
        )


def _find_foreign(reader: Reader, source: Source) -> list[str]:
    """The settings given that the reader does not have; layout and key pass, as ever, where there are no arrays."""
    own = {field.name for field in fields(getattr(reader, "Settings", CommonSettings))}
    everywhere = {field.name for field in fields(CommonSettings)} | {"layout", "key"}
    return sorted(set(find_set(source)) - own - everywhere)
