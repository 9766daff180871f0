"""`application/x-ndjson`: generation as JSON, a line per chunk.

The first line holds what is known from the start, the last what is known at the end; those between hold some cases
each, under the names that the whole answer has.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from service.answers import Stream
from service.pace import unhurried
from service.room import TEXT_BYTES
from service.wires.json_writing import dumped
from service.wires.wire import Headers, Wire


def streamed(stream: Stream) -> tuple[Headers, AsyncIterator[bytes]]:
    """Write a stream line by line, see the module."""

    async def lines() -> AsyncIterator[bytes]:
        yield dumped({**stream.head, "n_cases": stream.n_cases}) + b"\n"
        async for chunk in stream.chunks:
            if len(chunk["series"]):
                size = sum(getattr(column, "nbytes", 0) for column in chunk.values())
                yield await unhurried(size, partial(dumped, chunk)) + b"\n"
        yield dumped(stream.tail()) + b"\n"

    return (), lines()


WIRE = Wire(b"application/x-ndjson", None, None, streamed, written=TEXT_BYTES, description=__doc__)
