"""`application/vnd.apache.arrow.stream`: an Arrow IPC stream, a column per array, for bulk.

A request: the column `series` (fixed-shape tensors, or lists nested one or two deep) and, for /augment, `labels`;
other fields as a JSON object under `seriesmith` in the schema's metadata. An answer: a column for each array; what is
known from the start is under `seriesmith` in the schema's metadata, what is known at the end of generation under
`seriesmith` in the metadata of a last batch of no rows.
"""

from __future__ import annotations

import io
import struct
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from models.errors import InvalidRequest
from service.answers import Column, Columns, Labels, Stream, columns_of, rest_of
from service.bounds import Bounds
from service.wires.arrow_bounds import check
from service.wires.json_text import decoded as decoded_json
from service.wires.json_writing import dumped
from service.wires.wire import Headers, Wire

KEY = b"seriesmith"


def decoded(body: bytes, headers: dict[bytes, bytes], bounds: Bounds) -> Any:
    """The fields of a request. Raises `InvalidRequest`."""
    try:
        check(body, bounds)
        with pa.ipc.open_stream(pa.py_buffer(body)) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, struct.error) as error:
        raise InvalidRequest(f"the body is not a valid Arrow IPC stream: {error}") from error
    metadata = (table.schema.metadata or {}).get(KEY, b"{}")
    fields = decoded_json(metadata, headers, bounds)
    if not isinstance(fields, dict):
        raise InvalidRequest("the schema's metadata 'seriesmith' is not a JSON object of the other fields.")
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        if column.null_count:
            raise InvalidRequest(f"the column {name!r} has {column.null_count} nulls; fill them before sending.", name)
        fields[name] = _series(column) if name == "series" else _listed(name, column)
    return fields


def _listed(name: str, column: pa.Array) -> list[Any]:
    """What may hold labels; other types can stand for more rows than they have bytes. Raises `InvalidRequest`."""
    texts = column.dictionary if isinstance(column, pa.DictionaryArray) else column
    kind = texts.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        raise InvalidRequest(f"the column {name!r:.60} is of {column.type!s:.60}; send text or integers.", name)
    listed: list[Any] = texts.to_pylist()
    return listed if texts is column else [listed[index] for index in column.indices.to_pylist()]


def _series(column: pa.Array) -> np.ndarray:
    """`[n_cases, …]` of what may hold series. Raises `InvalidRequest`."""
    if isinstance(column, pa.FixedShapeTensorArray):
        tensors: np.ndarray = column.to_numpy_ndarray()
        return tensors
    shape, values = [len(column)], column
    while _nested(values.type):
        lengths = set(pa.compute.list_value_length(values).unique().to_pylist())
        values = values.flatten()
        if len(lengths) > 1 or values.null_count:
            raise _wrong("series is ragged or has nulls; every series needs the same number of values.")
        shape.append(max(lengths, default=0))
    if not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
        raise _wrong(f"series is a column of {column.type}; send lists of float32.")
    array: np.ndarray = values.to_numpy(zero_copy_only=False).reshape(shape)
    return array


def _nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _wrong(message: str) -> InvalidRequest:
    return InvalidRequest(message, "series")


def encoded(answer: Any) -> tuple[bytes, Headers]:
    """An operation's answer as one batch."""
    columns = columns_of(answer)
    batch = _batch(columns).replace_schema_metadata({KEY: dumped(rest_of(answer))})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes(), ()


def streamed(stream: Stream) -> tuple[Headers, AsyncIterator[bytes]]:
    """See the module."""

    async def chunks() -> AsyncIterator[bytes]:
        sink, writer, empty = io.BytesIO(), None, None
        async for chunk in stream.chunks:
            batch = _batch(chunk)
            if writer is None:
                head = {KEY: dumped({**stream.head, "n_cases": stream.n_cases})}
                writer, empty = pa.ipc.new_stream(sink, batch.schema.with_metadata(head)), batch.slice(0, 0)
            if len(batch):
                writer.write_batch(batch)
            yield _taken(sink)
        assert writer is not None, "a stream has at least one chunk"
        writer.write_batch(empty, custom_metadata={KEY: dumped(stream.tail())})
        writer.close()
        yield _taken(sink)

    return (), chunks()


def _batch(columns: Columns) -> pa.RecordBatch:
    return pa.record_batch({name: _column(column) for name, column in columns.items()})


def _column(column: Column) -> pa.Array:
    if isinstance(column, Labels):
        kinds = {type(label) for label in column.classes}
        classes = column.classes if len(kinds) == 1 else [str(label) for label in column.classes]
        return pa.array(classes).take(pa.array(column.class_index))
    array = np.ascontiguousarray(column)
    if array.ndim == 1:
        return pa.array(array)
    values = pa.array(array.reshape(-1))
    if array.ndim == 2:
        return pa.FixedSizeListArray.from_arrays(values, array.shape[1])
    storage = pa.FixedSizeListArray.from_arrays(values, array.shape[1] * array.shape[2])
    return pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.float32(), array.shape[1:]), storage)


def _taken(sink: io.BytesIO) -> bytes:
    """What was written since last time."""
    written = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return written


WIRE = Wire(b"application/vnd.apache.arrow.stream", decoded, encoded, streamed, description=__doc__)
