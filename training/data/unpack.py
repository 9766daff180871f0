"""The bytes and the text of a file, unpacked where it is a .gz, or a .zip of one file."""

from __future__ import annotations

import codecs
import gzip
import zipfile
import zlib
from pathlib import Path

from training.data.cases import DatasetError

_BROKEN = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
PACKED = (".gz", ".zip")


def find_suffix(path: Path) -> str:
    """The suffix of what is in the file, in lower case with its dot: `.csv` of `x.csv.gz`, and of `x.zip` with one
    file `x.csv` in it."""
    suffix = path.suffix.lower()
    if suffix not in PACKED:
        return suffix
    inner = Path(path.stem).suffix.lower()
    if suffix == ".zip" and not inner and path.is_file():
        inner = Path(_find_member(path)).suffix.lower()
    return inner or suffix


def find_stem(path: Path) -> str:
    """The file's name without suffixes: `x` of `x.csv.gz`."""
    return Path(path.stem).stem if path.suffix.lower() in PACKED and Path(path.stem).suffix else path.stem


def read_bytes(path: Path, most: int = -1) -> bytes:
    """The bytes of what is in the file, the first `most` of them where that is not negative."""
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive, archive.open(_find_member(path)) as member:
                return member.read(most)
        with (gzip.open if path.suffix.lower() == ".gz" else open)(path, "rb") as file:
            return bytes(file.read(most))
    except _BROKEN as error:
        raise DatasetError(f"The file {path} could not be read: {error}. Check its name and its rights.") from error


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 with its mark; lines end with a newline, whatever the file has."""
    try:
        return decode(read_bytes(path))
    except UnicodeError as error:
        raise DatasetError(f"The file {path} is not UTF-8 text: {error}. Save it as UTF-8.") from error


def decode(content: bytes, errors: str = "strict") -> str:
    """Text of bytes; UnicodeError where they are neither UTF-8 nor UTF-16 with its mark."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    return content.decode(encoding, errors).replace("\r\n", "\n").replace("\r", "\n")


def _find_member(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
    except _BROKEN as error:
        raise DatasetError(f"The file {path} is no zip archive: {error}. Check how it was made.") from error
    if len(members) != 1:
        raise DatasetError(
            f"The file {path} holds {len(members)} files, and one was expected. Unpack it and give the folder."
        )
    return members[0]
