"""`application/octet-stream`: arrays one after the other, little-endian, then a JSON object of everything else.

A request: the float32 values of `series`, their shape in the header `seriesmith-shape` ("10,1,150"), then, where there
is more to say, a JSON object of the other fields. One of other arrays, or of several, lists them as an answer does. An
answer: the header `seriesmith-arrays` lists name, numpy dtype ("<f4" in requests) and shape of each array, as JSON; the
JSON object behind the arrays holds the other fields. `labels` are indices into the `classes` there. Generation is sent
while it is made, series first. Where a model's lengths vary, NaN at a series' end fills up a shorter one in a request,
and zeros in an answer, whose array `lengths` has their true lengths.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from math import prod
from typing import Any

import numpy as np
import orjson

from bundle.errors import InvalidRequest
from bundle.showing import show
from service.answers import Column, Labels, StreamedAnswer, collect_columns, collect_rest
from service.bounds import Bounds
from service.wires.json_text import decode_json as decoded_json
from service.wires.json_writing import dump
from service.wires.wire import Headers, Wire

SHAPE = b"seriesmith-shape"
ARRAYS = b"seriesmith-arrays"

MOST_ARRAYS, MOST_AXES = 16, 4
"""Of a request."""


def decode_octets(body: bytes, headers: dict[bytes, bytes], bounds: Bounds) -> Any:
    """Read the fields of a request. Raises `InvalidRequest`."""
    shape, listed = headers.get(SHAPE), headers.get(ARRAYS)
    fields: dict[str, Any] = {}
    size = 0
    if shape is not None:
        fields["series"], size = _read_series(body, shape)
    elif listed is not None:
        fields, size = _read_arrays(body, listed)
    if size < len(body):
        rest = decoded_json(body[size:] if size else body, headers, bounds)
        if not isinstance(rest, dict) or rest.keys() & fields.keys():
            raise InvalidRequest(
                f"what follows the values of {', '.join(fields) or 'no array'} is not a JSON object of the other fields"
                f"; check that {(SHAPE if listed is None else ARRAYS).decode()} says how many values were sent."
            )
        fields |= rest
    return fields


def _read_arrays(body: bytes, header: bytes) -> tuple[dict[str, Any], int]:
    """Read the arrays that a header lists, and return with them where in the body they end."""
    fields: dict[str, Any] = {}
    end = 0
    for name, shape in _read_list(header):
        start, end = end, end + 4 * prod(shape)
        if end > len(body):
            raise InvalidRequest(
                f"{ARRAYS.decode()} asks for {end} bytes of float32 up to {show(name)}, but the body has {len(body)}.",
                name,
            )
        if name in fields:
            raise InvalidRequest(f"{ARRAYS.decode()} lists {show(name)} twice; send it once.", name)
        fields[name] = np.frombuffer(body, "<f4", prod(shape), start).reshape(shape)
    return fields, end


def _read_list(header: bytes) -> list[tuple[str, list[int]]]:
    """Read the names and shapes in a header. Raises `InvalidRequest`."""
    try:
        listed = orjson.loads(header)
        if 0 < len(listed) <= MOST_ARRAYS and all(_is_described(*one) for one in listed):
            return [(name, shape) for name, _, shape in listed]
    except (ValueError, TypeError):
        pass
    raise InvalidRequest(
        f'{ARRAYS.decode()} is {show(header.decode("latin-1"), 80)}; send a JSON list of [name, "<f4", shape] for each '
        'array that the body begins with, as in [["latent","<f4",[10,16]]].'
    )


def _is_described(name: object, dtype: object, shape: object) -> bool:
    sizes = shape if isinstance(shape, list) and 1 <= len(shape) <= MOST_AXES else [0]
    return isinstance(name, str) and dtype == "<f4" and all(type(size) is int and 0 < size < 2**31 for size in sizes)


def _read_series(body: bytes, header: bytes) -> tuple[np.ndarray, int]:
    if not re.fullmatch(rb"\d{1,10}(\s*,\s*\d{1,10}){1,2}", header.strip()):
        raise InvalidRequest(
            f"{SHAPE.decode()} is {header.decode('latin-1')[:60]!r}; send n_cases,n_channels,n_timepoints as integers, "
            "'10,1,150'.",
            "series",
        )
    shape = tuple(int(size) for size in header.split(b","))
    if not all(shape):
        raise InvalidRequest(
            f"{SHAPE.decode()} is {header.decode()}; send at least one case, and that not empty.", "series"
        )
    size = 4 * prod(shape)
    if size > len(body):
        raise InvalidRequest(
            f"{SHAPE.decode()} {header.decode()} asks for {size} bytes of float32, but the body has {len(body)}.",
            "series",
        )
    return np.frombuffer(body, "<f4", count=prod(shape)).reshape(shape), size


def encode_octets(answer: Any) -> tuple[bytes, Headers]:
    """Write an operation's answer, see the module."""
    columns = collect_columns(answer)
    arrays = {name: prepare_column(column) for name, column in columns.items()}
    listed = [[name, array.dtype.str, array.shape] for name, array in arrays.items()]
    rest = collect_rest(answer) | _list_classes(columns)
    body = b"".join([*(array.tobytes() for array in arrays.values()), dump(rest)])
    return body, ((ARRAYS, orjson.dumps(listed)),)


def stream_octets(stream: StreamedAnswer) -> tuple[Headers, AsyncIterator[bytes]]:
    """Write a stream, series first; the narrow columns wait in memory, four bytes a case, until the series are sent."""
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "series": ("<f4", (stream.n_cases, stream.manifest.series.n_channels, stream.n_timepoints))
    }
    shapes |= {name: (dtype, (stream.n_cases,)) for name, dtype in stream.narrow.items()}
    listed = [[name, dtype, shape] for name, (dtype, shape) in shapes.items()]

    async def write_chunks() -> AsyncIterator[bytes]:
        behind: dict[str, list[bytes]] = {name: [] for name in stream.narrow}
        async for chunk in stream.chunks:
            for name, parts in behind.items():
                parts.append(prepare_column(chunk[name]).tobytes())
            yield prepare_column(chunk["series"]).tobytes()
        for parts in behind.values():
            yield b"".join(parts)
        yield dump({**stream.head, **stream.tail(), "classes": stream.manifest.labels})

    return ((ARRAYS, orjson.dumps(listed)),), write_chunks()


def prepare_column(column: Column) -> np.ndarray:
    """Convert a column to what is sent: little-endian, four bytes a number, one byte a flag."""
    array = column.class_index if isinstance(column, Labels) else column
    kinds = {"f": "<f4", "i": "<i4", "u": "<i4", "b": "|b1"}
    return np.ascontiguousarray(array, kinds[array.dtype.kind])


def _list_classes(columns: dict[str, Column]) -> dict[str, Any]:
    return next(({"classes": column.classes} for column in columns.values() if isinstance(column, Labels)), {})


WIRE = Wire(b"application/octet-stream", decode_octets, encode_octets, stream_octets, description=__doc__)
