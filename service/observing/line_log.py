"""Writes lines of JSON from a thread, so that a slow disk delays no request; lines beyond its room are counted."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from logging import Handler, LogRecord, StreamHandler, makeLogRecord
from logging.handlers import QueueHandler, QueueListener, WatchedFileHandler
from pathlib import Path
from queue import Full, Queue
from typing import Any, cast

import orjson

HELD_LINES = 10_000
"""Lines that wait to be written. Later ones are dropped, and the next line that is held says how many were."""


class LineLog:
    """A line for each mapping, appended to a file (read again by name after it was rotated), or to standard error."""

    def __init__(self, file: Path | None) -> None:
        """Raises `ValueError` where the file cannot be written."""
        try:
            handler: Handler = WatchedFileHandler(file, encoding="utf-8") if file else StreamHandler(sys.stderr)
        except OSError as error:
            raise ValueError(
                f"SERIESMITH_LOG_FILE is {str(file)!r}, which cannot be written ({error.strerror}); name a file in a "
                "folder that can, or leave it empty for standard error."
            ) from error
        handler.setFormatter(_Lines())  # type: ignore[arg-type]
        self._queue: Queue[Any] = Queue(HELD_LINES)
        self._sender = _Sender(self._queue)
        self._listener: QueueListener | None = None
        self._handler = handler

    def write(self, line: Mapping[str, Any]) -> None:
        """Write a line soon; its "time", seconds since the epoch, is written as UTC."""
        if self._listener is None:  # the first line starts the thread: a process that forks before has none
            self._listener = QueueListener(self._queue, self._handler)
            self._listener.start()
        self._sender.emit(makeLogRecord({"msg": line}))

    def close(self) -> None:
        """Write what waits, and close the file."""
        if self._listener is not None:
            self._listener.stop()
        self._handler.close()


class _Sender(QueueHandler):
    """Hands lines over unchanged, and counts those for which there is no room."""

    def __init__(self, queue: Queue[Any]) -> None:
        super().__init__(queue)
        self._dropped = 0

    def prepare(self, record: LogRecord) -> LogRecord:
        return record

    def enqueue(self, record: LogRecord) -> None:
        if self._dropped:
            record.msg = cast(Any, dict(cast(Mapping[str, Any], record.msg)) | {"dropped": self._dropped})
        try:
            self.queue.put_nowait(record)
        except Full:
            self._dropped += 1
        else:
            self._dropped = 0


class _Lines:
    """Formats a record as a line of JSON."""

    def format(self, record: LogRecord) -> str:
        line = dict(cast(Mapping[str, Any], record.msg))
        moment = datetime.fromtimestamp(line["time"], UTC)
        return orjson.dumps(line | {"time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}).decode()
