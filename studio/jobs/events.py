"""What a fit writes while it runs, read from its files: complete lines after a place, in bounded pieces.

`events.jsonl` has a JSON object a line (`training/watching/events.py` writes it), `log.txt` what the fit prints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

PIECE_BYTES = 2**18
"""Read at a time; a longer line is read whole."""

MOST_LINE_BYTES = 2**24
"""A longer line is left out."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Folder:
    """Where a job's files lie."""

    path: Path

    @property
    def events(self) -> Path:
        """One JSON object a line."""
        return self.path / "events.jsonl"

    @property
    def log(self) -> Path:
        """What the fit prints."""
        return self.path / "log.txt"

    @property
    def data(self) -> Path:
        """The dataset, as files that a fit reads."""
        return self.path / "data"

    @property
    def lock(self) -> Path:
        """Held by the fit as long as it lives."""
        return self.path / "lock"


def find_folder(studio: Path, id: str) -> Folder:
    """The folder of a job of the studio in the folder `studio`."""
    return Folder(studio / "jobs" / id)


def read_lines(file: Path, offset: int) -> tuple[list[bytes], int]:
    """Complete lines from a place on, about `PIECE_BYTES` of them, and the place after them."""
    try:
        with file.open("rb") as opened:
            opened.seek(offset)
            piece = opened.read(PIECE_BYTES)
            if b"\n" not in piece and len(piece) == PIECE_BYTES:
                piece += opened.readline(MOST_LINE_BYTES)
                if len(piece) >= MOST_LINE_BYTES:
                    return [], offset + len(piece)
    except FileNotFoundError:
        return [], offset
    whole, end, _ = piece.rpartition(b"\n")
    return whole.split(b"\n") if end else [], offset + len(whole) + len(end)


def parse_event(line: bytes) -> Json | None:
    """The event of a line; None for half a line, which a process left that was killed."""
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def read_all_events(file: Path) -> Iterator[Json]:
    """Every event that a file has so far."""
    offset, lines = 0, [b""]
    while lines:
        lines, offset = read_lines(file, offset)
        yield from (event for line in lines if (event := parse_event(line)) is not None)


@dataclass(frozen=True)
class Outcome:
    """A bundle that a fit has left: `version` of its name, in the repository or `aside` in what the gate withheld."""

    version: int
    objections: list[str]
    aside: bool


def find_outcome(file: Path, models: Path, kept_aside: str = ".refused") -> Outcome | None:
    """What the fit that writes to `file` has published to the repository `models` or kept aside; None for nothing.

    A fit writes down the digest of its manifest before the bundle appears. So whatever was killed in between, and
    whoever else publishes under that name, the bundle of that digest is its own.
    """
    for event in reversed([event for event in read_all_events(file) if event["event"] == "publishing"]):
        place = Path(event["name"], str(event["version"]))
        for folder, aside in ((models, False), (models / kept_aside, True)):
            try:
                digest = hashlib.sha256((folder / place / "manifest.json").read_bytes()).hexdigest()
            except OSError:
                continue
            if digest == event["sha256"]:
                return Outcome(event["version"], event["objections"], aside)
    return None
