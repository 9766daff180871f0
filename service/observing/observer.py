"""Observes requests: begins a record of each, and at its end writes its line and its spans, as the settings ask."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from bundle.errors import SeriesmithError, Unauthenticated
from service.identity import Identity
from service.observing.line_log import LineLog
from service.observing.record import Arrival, Record
from service.observing.request_id import make_request_id
from service.observing.spans import Spans
from service.settings import Settings

LONGEST_PATH, LONGEST_MESSAGE, LONGEST_FORWARDED = 300, 500, 200
"""Characters of what clients send, or errors say, in a line."""

CLIENT_LEFT = 499
"""The status of a request whose client left before it was answered, as nginx logs it."""

LEFT = ("cancelled", CLIENT_LEFT, "CANCELLED")


class Observer:
    """`begin` when a request is there, `end` when it is over. Used by the event loop's thread alone."""

    def __init__(self, settings: Settings, identity: Identity) -> None:
        """Raises `ValueError` where the log's file cannot be written, or a package for traces is missing."""
        self._settings, self._identity = settings, identity
        self._log = LineLog(settings.log_file)
        self._spans = Spans() if settings.traces == "otlp" else None

    def begin(self, arrival: Arrival) -> Record:
        """Begin a record; without a request id it gets one."""
        return Record(arrival if arrival.request_id else replace(arrival, request_id=make_request_id()))

    def end(self, record: Record) -> None:
        """Write what the settings ask for of a request that is over."""
        seconds = time.perf_counter() - record.arrival.start
        trace_id = self._spans.emit(record, seconds, describe_outcome(record)) if self._spans is not None else ""
        slow = 0 < self._settings.slow_seconds < seconds
        wanted = self._settings.access_log
        if slow or wanted == "all" or (wanted == "refused" and is_refused(record)):
            self._log.write(self._build_line(record, seconds, slow, trace_id))

    def close(self) -> None:
        """Write what is still to be written."""
        if self._spans is not None:
            self._spans.close()
        self._log.close()

    def _build_line(self, record: Record, seconds: float, slow: bool, trace_id: str) -> dict[str, Any]:
        arrival, outcome, error = record.arrival, record.outcome, record.error
        line = {
            "time": time.time() - seconds,
            "request_id": arrival.request_id.decode("latin-1"),
            "trace_id": trace_id,
            "wire": arrival.wire,
            "client": arrival.client,
            "forwarded_for": arrival.forwarded.decode("latin-1")[:LONGEST_FORWARDED],
            "key": self._name_key(arrival.authorization),
            "method": arrival.method,
            "path": arrival.path[:LONGEST_PATH],
            "operation": outcome.operation if outcome is not None else "",
            "model": outcome.model if outcome is not None else "",
            "status": record.status,
            "outcome": describe_outcome(record),
            "message": error.message[:LONGEST_MESSAGE] if isinstance(error, SeriesmithError) else "",
            "seconds": round(seconds, 6),
            "request_bytes": record.request_bytes,
            "answer_bytes": record.answer_bytes,
        }
        if record.calls:
            line |= {
                "calls": record.calls,
                "queue_seconds": round(record.queue_seconds, 6),
                "inference_seconds": round(record.inference_seconds, 6),
            }
        if slow:
            parts = [[phase.name, round(phase.end - phase.start, 6)] for phase in record.phases if not phase.call]
            line |= {"slow": True, "phases": parts}
        return {name: value for name, value in line.items() if value != "" or name == "path"}

    def _name_key(self, authorization: bytes) -> str:
        """Return the name of the key that came; empty for none, and for one that is not known."""
        try:
            return self._identity.identify_reader(authorization).name
        except Unauthenticated:
            return ""


def describe_outcome(record: Record) -> str:
    """Return how a request ended: "ok", "cancelled", or the code of the error, as the metrics have it."""
    if isinstance(record.error, SeriesmithError):
        return record.error.code
    if record.status in LEFT:
        return "cancelled"
    if record.outcome is not None and record.outcome.ending:
        return record.outcome.ending
    if record.error is not None:
        return "internal"
    if not is_refused(record):
        return "ok"
    return record.status.lower() if isinstance(record.status, str) else "refused"


def is_refused(record: Record) -> bool:
    """Whether a request got no good answer, or not all of it."""
    status = record.status
    return record.error is not None or (status >= 400 if isinstance(status, int) else status != "OK")
