"""Uploaded files in the studio's folder, and how they were read; a day later they are gone.

`uploads/<id>/` has `upload.json`, the file in `data/`, a .zip's files in `unpacked/`, and in `readings/<digest of the
settings>/` the answer of `studio.reading` and the cases that it found. Any worker may read any upload.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import time
import uuid
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, BinaryIO

import orjson

from bundle.errors import InvalidRequest, NotFound, Unavailable
from studio.reading.process import Processes, Refusal, TaskRefused
from studio.reading.settings import ReadSettings
from studio.settings import StudioSettings

KEPT_SECONDS = 24 * 3600.0
KEPT_READINGS = 4
"""Of an upload, the last ones."""

MOST_LETTERS = 120
_ID = re.compile(r"[0-9a-f]{32}")
_PLAIN = re.compile(r"[^\w.\- ()+]")


class Uploads:
    """The uploads of a studio's folder."""

    def __init__(self, settings: StudioSettings, processes: Processes) -> None:
        self.settings, self.processes = settings, processes
        self.folder = settings.folder.absolute() / "uploads"

    async def add(self, file: BinaryIO, filename: str, owner: str) -> dict[str, Any]:
        """Keep a file and read it as it seems to be; its `Upload`. Raises `InvalidRequest`, `Unavailable`."""
        id = await asyncio.to_thread(self.store, file, clean_filename(filename), owner)
        return await self.read(id, ReadSettings.check({}))

    def store(self, file: BinaryIO, filename: str, owner: str) -> str:
        """Keep a file under a plain name, unread, and return its id. Raises `InvalidRequest` and `Unavailable`."""
        self.purge()
        id = uuid.uuid4().hex
        folder = self.folder / id
        try:
            (folder / "data").mkdir(parents=True)
            with (folder / "data" / filename).open("xb") as kept:
                shutil.copyfileobj(file, kept, 2**20)
                n_bytes = kept.tell()
            if not n_bytes:
                raise InvalidRequest("the body is empty; send the file's bytes as the body.")
            about = {"id": id, "filename": filename, "n_bytes": n_bytes, "owner": owner, "latest": None}
            _write_json(folder / "upload.json", about)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise Unavailable(f"the file cannot be kept: {error.strerror}; try again later.") from error
        except InvalidRequest:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return id

    def get(self, id: str) -> dict[str, Any]:
        """An `Upload` as it was read last. Raises `NotFound`."""
        about = self._load(id)
        folder = self._find(id)
        answer = _read_json(folder / "readings" / str(about["latest"]) / "answer.json") or {}
        return {
            **{name: about[name] for name in ("id", "filename", "n_bytes")},
            **{name: answer.get(name) for name in ("settings", "columns", "preview", "refusal")},
        }

    async def read(self, id: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Read an upload with settings, unless it was read so before; its `Upload`. Raises `NotFound`."""
        await self.find_reading(id, settings)
        return await asyncio.to_thread(self.get, id)

    async def find_reading(self, id: str, settings: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
        """The folder and the answer of a reading with settings, made where there is none. Raises `NotFound`."""
        about = await asyncio.to_thread(self._load, id)
        folder = self._find(id)
        digest = _compute_digest(settings)
        reading = folder / "readings" / digest
        latest = folder / "readings" / str(about["latest"])
        if (answer := _read_json(latest / "answer.json")) and answer["settings"] == settings:
            return latest, answer
        answer = _read_json(reading / "answer.json")
        if answer is None:
            answer = await self._read(folder, about["filename"], settings, reading)
        await asyncio.to_thread(self._set_latest, folder, about | {"latest": digest})
        return reading, answer

    async def _read(self, folder: Path, filename: str, settings: dict[str, Any], reading: Path) -> dict[str, Any]:
        partial = folder / "readings" / f"part-{uuid.uuid4().hex}"
        await asyncio.to_thread(partial.mkdir, parents=True)
        request = {
            "path": str(folder / "data" / filename),
            "settings": settings,
            "most_bytes": max(self.settings.parse_bytes, self.settings.max_upload_bytes),
            "max_series": self.settings.max_series,
        }
        try:
            answer = await self.processes.run("read", partial, request)
        except TaskRefused as error:
            answer = _refuse(settings, error.refusal)
            await asyncio.to_thread(_delete_partial, folder)
            await asyncio.to_thread(_write_json, partial / "answer.json", answer)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, partial, ignore_errors=True)
            raise
        await asyncio.to_thread(_settle, partial, reading)
        return answer

    def _set_latest(self, folder: Path, about: dict[str, Any]) -> None:
        _write_json(folder / "upload.json", about)
        made = [one for one in (folder / "readings").iterdir() if not one.name.startswith("part-")]
        for old in sorted(made, key=lambda one: one.stat().st_mtime)[:-KEPT_READINGS]:
            if old.name != about["latest"]:
                shutil.rmtree(old, ignore_errors=True)

    def purge(self) -> None:
        """Delete what was uploaded more than a day ago."""
        if not self.folder.is_dir():
            return
        for folder in self.folder.iterdir():
            try:
                if folder.stat().st_mtime < time.time() - KEPT_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
            except FileNotFoundError:  # another worker was faster
                continue

    def _find(self, id: str) -> Path:
        if not _ID.fullmatch(id) or not (self.folder / id / "upload.json").is_file():
            raise NotFound(f"there is no upload {id[:64]!r}; uploads are kept for a day. Send the file again.")
        return self.folder / id

    def _load(self, id: str) -> dict[str, Any]:
        about = _read_json(self._find(id) / "upload.json")
        if about is None:
            raise NotFound(f"there is no upload {id[:64]!r} any more. Send the file again.")
        return about


def clean_filename(filename: str) -> str:
    """A file's name that no file system and no reader stumbles over. Raises `InvalidRequest`."""
    name = PurePosixPath(PureWindowsPath(filename).as_posix()).name.strip()
    plain = _PLAIN.sub("_", name).lstrip(".-")
    stem, suffix = PurePosixPath(plain).stem, "".join(PurePosixPath(plain).suffixes[-2:])
    if not PurePosixPath(plain).suffix:
        raise InvalidRequest(
            f"the file's name {filename[:MOST_LETTERS]!r} has no suffix, such as .csv, by which it could be read; send "
            "?filename=NAME.csv.",
            "filename",
        )
    if len(plain) <= MOST_LETTERS:
        return plain
    return stem[: MOST_LETTERS - 20] + suffix[-20:]


def _compute_digest(settings: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(settings, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _refuse(settings: dict[str, Any], refusal: Refusal) -> dict[str, Any]:
    said = {"message": refusal.message, "file": refusal.file, "row": refusal.row}
    return {"settings": settings, "columns": None, "preview": None, "refusal": said}


def _delete_partial(folder: Path) -> None:
    """Delete what a reading that was ended had unpacked."""
    for partial in folder.glob("unpacked.*"):
        shutil.rmtree(partial, ignore_errors=True)


def _settle(partial: Path, reading: Path) -> None:
    try:
        partial.rename(reading)
    except OSError:  # another worker has read the same meanwhile
        shutil.rmtree(partial, ignore_errors=True)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    partial.write_bytes(orjson.dumps(value))
    os.replace(partial, path)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return found
