"""A .zip of a folder becomes that folder, within limits on files and bytes, and nothing of it lies elsewhere."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from training.data.cases import DatasetError

MOST_FILES = 20_000
LEFT_OUT = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
PIECE = 2**20

_BROKEN = (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def unpack(archive: Path, folder: Path, name: str, most_bytes: int) -> Path:
    """Unpack into `name` in a folder, which is made, and return what to read: the one file or folder that there is,
    else all. Raises DatasetError."""
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(archive) as opened:
            _unpack_members(opened, archive.name, partial / name, most_bytes)
    except DatasetError:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    except _BROKEN as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise DatasetError(
            f"The file {archive.name} is no zip archive that can be read: {error}. Pack it anew."
        ) from error
    try:
        partial.rename(folder)
    except OSError:  # another reading was faster
        shutil.rmtree(partial, ignore_errors=True)
    return find_content(folder)


def find_content(folder: Path) -> Path:
    """The folder below which everything lies, or the one file that there is."""
    while True:
        entries = list(folder.iterdir())
        if len(entries) != 1:
            return folder
        if entries[0].is_file():
            return entries[0]
        folder = entries[0]


def _unpack_members(opened: zipfile.ZipFile, name: str, folder: Path, most_bytes: int) -> None:
    members = [member for member in opened.infolist() if not member.is_dir() and not _is_left_out(member.filename)]
    if not members:
        raise DatasetError(f"The file {name} holds no files. Pack those that hold the series.")
    if len(members) > MOST_FILES:
        raise DatasetError(f"The file {name} holds {len(members)} files, but {MOST_FILES} at most are read. Join them.")
    left = most_bytes
    if sum(member.file_size for member in members) > most_bytes:
        raise explain_size(name, most_bytes)
    for member in members:
        path = folder / _check_path(member, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(member) as packed, path.open("xb") as file:
            while piece := packed.read(PIECE):
                left -= len(piece)
                if left < 0:
                    raise explain_size(name, most_bytes)
                file.write(piece)


def explain_size(name: str, most_bytes: int) -> DatasetError:
    """What is said of an archive that unpacks to more than is read."""
    return DatasetError(
        f"The file {name} unpacks to more than {most_bytes / 2**30:.3g} GiB, as much as is read here. "
        "Pack fewer files, or send them as .npz or .parquet."
    )


def _is_left_out(path: str) -> bool:
    return any(part in LEFT_OUT or part.startswith("._") for part in PurePosixPath(path).parts)


def _check_path(member: zipfile.ZipInfo, name: str) -> PurePosixPath:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    mode = member.external_attr >> 16
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0] or len(member.filename) > 1000:
        raise DatasetError(
            f"The file {name} holds {member.filename[:80]!r}, a path outside of it. Pack a folder's files."
        )
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise DatasetError(
            f"The file {name} holds {member.filename[:80]!r}, which is no plain file. Pack the file itself."
        )
    if member.flag_bits & 1:
        raise DatasetError(f"The file {name} is encrypted. Pack it without a password.")
    return path
