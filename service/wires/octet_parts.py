"""`application/x-seriesmith-parts`: generation as octets, each part whole, for whoever reads while it is made.

A part: how many bytes of JSON follow (uint32, little-endian); a JSON object, whose `arrays` lists name, numpy dtype and
shape of each array; the arrays, one after the other, little-endian. The first part tells what is known from the start,
`classes` among it, into which `labels` are indices; the last what is known at the end; those between have the cases.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from service.answers import Columns, StreamedAnswer
from service.wires.json_writing import dump
from service.wires.octets import prepare_column
from service.wires.wire import Headers, Wire


def stream_parts(stream: StreamedAnswer) -> tuple[Headers, AsyncIterator[bytes]]:
    """Write a stream part by part, see the module."""

    async def write_parts() -> AsyncIterator[bytes]:
        yield _write_part({}, {**stream.head, "n_cases": stream.n_cases, "classes": stream.manifest.labels})
        async for chunk in stream.chunks:
            yield _write_part(chunk, {})
        yield _write_part({}, stream.tail())

    return (), write_parts()


def _write_part(columns: Columns, rest: dict[str, Any]) -> bytes:
    arrays = {name: prepare_column(column) for name, column in columns.items()}
    head = dump({"arrays": [[name, array.dtype.str, array.shape] for name, array in arrays.items()], **rest})
    return b"".join([len(head).to_bytes(4, "little"), head, *(array.tobytes() for array in arrays.values())])


WIRE = Wire(b"application/x-seriesmith-parts", None, None, stream_parts, description=__doc__)
