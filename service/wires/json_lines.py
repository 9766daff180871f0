"""`application/x-ndjson`: generation as JSON, a line per chunk.

The first line holds what is known from the start, the last what is known at the end; those between hold some cases
each, under the names that the whole answer has.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from service.answers import StreamedAnswer, trim
from service.pace import run_unhurried
from service.room import TEXT_BYTES
from service.wires.json_writing import dump
from service.wires.wire import Headers, Wire


def stream_lines(stream: StreamedAnswer) -> tuple[Headers, AsyncIterator[bytes]]:
    """Write a stream line by line, see the module."""

    async def write_lines() -> AsyncIterator[bytes]:
        yield dump({**stream.head, "n_cases": stream.n_cases}) + b"\n"
        async for chunk in stream.chunks:
            if len(chunk["series"]):
                size = sum(getattr(column, "nbytes", 0) for column in chunk.values())
                yield await run_unhurried(size, partial(dump, trim(chunk))) + b"\n"
        yield dump(stream.tail()) + b"\n"

    return (), write_lines()


WIRE = Wire(b"application/x-ndjson", None, None, stream_lines, written=TEXT_BYTES, description=__doc__)
