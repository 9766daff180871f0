"""Reads what a record says of a request over HTTP from its headers."""

from __future__ import annotations

from service.observing.record import Arrival, Record
from service.observing.request_id import NAME as REQUEST_ID
from service.observing.request_id import read_request_id


def build_arrival(method: str, path: str, headers: dict[bytes, bytes], client: str, start: float) -> Arrival:
    """Build the arrival of a request; `start` is on `time.perf_counter`'s clock."""
    return Arrival(
        "http",
        method,
        path,
        client,
        start,
        read_request_id(headers.get(REQUEST_ID)),
        headers.get(b"authorization", b""),
        headers.get(b"x-forwarded-for", b""),
        headers.get(b"traceparent", b""),
        headers.get(b"tracestate", b""),
    )


def find_request_id(headers: dict[bytes, bytes], record: Record | None) -> bytes:
    """Return the id that goes back with an answer: the record's, else a valid one that came, else none."""
    return record.arrival.request_id if record is not None else read_request_id(headers.get(REQUEST_ID))
