"""Shares the metrics of all workers, and keeps the counts of workers that have ended.

Each writes its numbers into a file of a folder that they share while their supervisor lives. A file is replaced whole,
so that a reader never sees half of one. When a worker ends, the supervisor adds its counts to those of all that ended
before. Where files cannot be written, because the disk is full, say, the numbers shown may be too low; nothing else
happens.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from service.metrics import INSTRUMENTS, Numbers, read_numbers

logger = logging.getLogger("bentoml.seriesmith")

ENDED = "ended.numbers"
"""Of all workers that have ended, and whose they are."""

REMEMBERED = 100
"""Names of files of ended workers that a reader may just have read."""


class SharedNumbers:
    """Writes this worker's file and reads the others'. Without a folder there are no others."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._name = f"{os.getpid()}-{time.time_ns():x}.numbers"
        self._written: Numbers | None = None
        self._failed = False
        self._writer = ThreadPoolExecutor(1, "numbers")

    async def share(self, numbers: Numbers) -> None:
        """Write the numbers for the other workers in a thread, if they have changed. Never raises."""
        await asyncio.get_running_loop().run_in_executor(self._writer, self._write, numbers)

    def _write(self, numbers: Numbers) -> None:
        if self.folder is None or numbers == self._written:
            return
        try:
            _replace(self.folder / self._name, _dump(numbers))
        except OSError as error:
            if not self._failed:
                logger.warning("the other workers cannot be told this one's metrics (%s); serving goes on", error)
            self._failed = True
        else:
            self._written, self._failed = numbers, False

    async def read_all(self) -> tuple[Numbers, list[int]]:
        """What all workers have counted, and the process ids of those who live. Of the event loop's thread alone."""
        own = read_numbers()
        # Whoever is asked next must not know less, nor may this worker's end take back what is told.
        await self.share(own)
        others, pids = await asyncio.to_thread(self.read_others)
        return add_numbers([own, *others]), [os.getpid(), *pids]

    def read_others(self) -> tuple[list[Numbers], list[int]]:
        """Return the numbers of all other workers, and the process ids of those that live."""
        found: dict[str, Numbers] = {}
        for file in _list_files(self.folder) if self.folder is not None else []:
            try:
                found[file.name] = _load(orjson.loads(file.read_bytes()))
            except FileNotFoundError:
                continue  # it has ended just now, so that the sum read below has it
            except (OSError, ValueError) as error:
                logger.debug("%s cannot be read: %s", file, error)
        ended, included = read_ended(self.folder) if self.folder is not None else ({}, set())
        found = {name: numbers for name, numbers in found.items() if name not in included | {self._name}}
        living = [name for name in found if Path(f"/proc/{_parse_pid(name)}").exists()]
        others = [numbers if name in living else count_only(numbers) for name, numbers in found.items()]
        return [ended, *others], [_parse_pid(name) for name in living]


def absorb_ended(folder: Path, living: set[int]) -> None:
    """Add the counts of workers that have ended to their sum on disk, and remove their files. Never raises."""
    ended, included = read_ended(folder)
    names = [file.name for file in _list_files(folder) if _parse_pid(file.name) not in living]
    try:
        news = [count_only(_load(orjson.loads((folder / name).read_bytes()))) for name in names if name not in included]
        remembered = [*sorted(included), *names][-REMEMBERED:]
        _replace(folder / ENDED, _dump(add_numbers([ended, *news]), names=remembered))
        for name in names:
            (folder / name).unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        logger.debug("what an ended worker counted stays in its file: %s", error)


def read_ended(folder: Path) -> tuple[Numbers, set[str]]:
    """Return the sum of the counts of ended workers, and the names of the files that are in it."""
    try:
        found = orjson.loads((folder / ENDED).read_bytes())
    except (OSError, ValueError):
        return {}, set()
    return _load(found), set(found["names"])


def add_numbers(several: Iterable[Numbers]) -> Numbers:
    """Add up numbers by metric and labels."""
    sums: Numbers = {}
    for numbers in several:
        for name, table in numbers.items():
            totals = sums.setdefault(name, {})
            for values, amounts in table.items():
                before = totals.get(values)
                totals[values] = (
                    list(amounts) if before is None else [a + b for a, b in zip(before, amounts, strict=True)]
                )
    return sums


def count_only(numbers: Numbers) -> Numbers:
    """Return the numbers without gauges, which are 0 in a worker that has ended."""
    return {name: table for name, table in numbers.items() if INSTRUMENTS[name].metric.kind != "gauge"}


def _list_files(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.glob("*.numbers")) if file.name != ENDED]


def _parse_pid(name: str) -> int:
    return int(name.partition("-")[0])


def _replace(file: Path, content: bytes) -> None:
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _dump(numbers: Numbers, **more: Any) -> bytes:
    return orjson.dumps({"numbers": {name: list(table.items()) for name, table in numbers.items()}} | more)


def _load(found: dict[str, Any]) -> Numbers:
    return {
        name: {tuple(values): amounts for values, amounts in table}
        for name, table in found["numbers"].items()
        if name in INSTRUMENTS
    }
