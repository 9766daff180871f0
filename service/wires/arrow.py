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

from bundle.errors import InvalidRequest
from bundle.showing import show
from service.answers import Column, Columns, Labels, StreamedAnswer, collect_columns, collect_rest
from service.bounds import Bounds
from service.wires.arrow_bounds import check_bounds
from service.wires.json_text import decode_json as decoded_json
from service.wires.json_writing import dump
from service.wires.wire import Headers, Wire

KEY = b"seriesmith"

MOST_COLUMNS = 64
"""There are two that mean something; the others are refused by name."""

FEW_LABELS = 100
"""Are written faster one by one."""


def decode_arrow(body: bytes, headers: dict[bytes, bytes], bounds: Bounds) -> Any:
    """Read the fields of a request. Raises `InvalidRequest`."""
    try:
        check_bounds(body, bounds)
        with pa.ipc.open_stream(pa.py_buffer(body)) as reader:
            names = _read_names(reader.schema)
            table = reader.read_all()
        table.validate(full=True)
        columns = [table.column(place).combine_chunks() for place in range(len(names))]
    except (pa.ArrowException, OSError, struct.error, RecursionError, ValueError) as error:
        raise InvalidRequest(f"the body is not a valid Arrow IPC stream: {show(str(error), 200)}.") from error
    metadata = (table.schema.metadata or {}).get(KEY, b"{}")
    fields = decoded_json(metadata, headers, bounds)
    if not isinstance(fields, dict):
        raise InvalidRequest("the schema's metadata 'seriesmith' is not a JSON object of the other fields.")
    for name, column in zip(names, columns, strict=True):
        if column.null_count:
            raise InvalidRequest(
                f"the column {show(name)} has {column.null_count} nulls; fill them before sending.", name
            )
        fields[name] = _read_series(column) if name == "series" else _read_list(name, column)
    return fields


def _read_names(schema: pa.Schema) -> list[str]:
    """Read the names of the columns. Raises `InvalidRequest`."""
    if len(schema) > MOST_COLUMNS:
        raise InvalidRequest(f"the stream has {len(schema)} columns; send 'series', and 'labels' beside it.")
    try:
        names = list(schema.names)
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"the name of a column is not UTF-8: {error}.") from error
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InvalidRequest(f"the column {show(name)} came twice; send it once.", name)
    return names


def _read_list(name: str, column: pa.Array) -> list[Any]:
    """Read a column of labels as a list. Raises `InvalidRequest` for types that can have more rows than bytes."""
    texts = column.dictionary if isinstance(column, pa.DictionaryArray) else column
    kind = texts.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        raise InvalidRequest(f"the column {show(name)} is of {str(column.type)[:60]}; send text or integers.", name)
    listed: list[Any] = texts.to_pylist()
    return listed if texts is column else [listed[index] for index in column.indices.to_pylist()]


def _read_series(column: pa.Array) -> np.ndarray:
    """Read a column of series as an array `[n_cases, …]`. Raises `InvalidRequest`."""
    if isinstance(column, pa.FixedShapeTensorArray):
        return _read_tensors(column)
    if isinstance(column.type, pa.BaseExtensionType):
        raise _explain_wrong(f"series is a column of {str(column.type)[:60]}; send lists of float32.")
    shape, values = [len(column)], column
    while _is_nested(values.type):
        fixed = pa.types.is_fixed_size_list(values.type)
        lengths = {values.type.list_size} if fixed else set(pa.compute.list_value_length(values).unique().to_pylist())
        values = values.flatten()
        if len(lengths) > 1 or values.null_count:
            raise _explain_wrong("series is ragged or has nulls; every series needs the same number of values.")
        shape.append(max(lengths, default=0))
    if not _is_numeric(values.type):
        raise _explain_wrong(f"series is a column of {str(column.type)[:60]}; send lists of float32.")
    array: np.ndarray = values.to_numpy(zero_copy_only=False).reshape(shape)
    return array


def _read_tensors(column: pa.FixedShapeTensorArray) -> np.ndarray:
    """Raises `InvalidRequest` where they hold no numbers, or no value at all."""
    kind = column.type
    if not _is_numeric(kind.value_type) or column.storage.flatten().null_count:
        raise _explain_wrong(f"series is a column of {str(kind)[:60]}, or has nulls; send tensors of float32.")
    if not len(column) or 0 in kind.shape:
        raise _explain_wrong(
            f"series has {len(column)} cases of shape {list(kind.shape)}; send at least one, not empty."
        )
    tensors: np.ndarray = column.to_numpy_ndarray()
    return tensors


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _is_nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _explain_wrong(message: str) -> InvalidRequest:
    return InvalidRequest(message, "series")


def encode_arrow(answer: Any) -> tuple[bytes, Headers]:
    """Write an operation's answer as one batch."""
    columns = collect_columns(answer)
    batch = _build_batch(columns).replace_schema_metadata({KEY: dump(collect_rest(answer))})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes(), ()


def stream_arrow(stream: StreamedAnswer) -> tuple[Headers, AsyncIterator[bytes]]:
    """Write a stream batch by batch, see the module."""

    async def write_chunks() -> AsyncIterator[bytes]:
        sink, writer, empty = io.BytesIO(), None, None
        async for chunk in stream.chunks:
            batch = _build_batch(chunk)
            if writer is None:
                head = {KEY: dump({**stream.head, "n_cases": stream.n_cases})}
                writer, empty = pa.ipc.new_stream(sink, batch.schema.with_metadata(head)), batch.slice(0, 0)
            if len(batch):
                writer.write_batch(batch)
            yield _take_written(sink)
        assert writer is not None, "a stream has at least one chunk"
        writer.write_batch(empty, custom_metadata={KEY: dump(stream.tail())})
        writer.close()
        yield _take_written(sink)

    return (), write_chunks()


def _build_batch(columns: Columns) -> pa.RecordBatch:
    return pa.record_batch({name: _build_column(column) for name, column in columns.items()})


def _build_column(column: Column) -> pa.Array:
    if isinstance(column, Labels):
        kinds = {type(label) for label in column.classes}
        classes = column.classes if len(kinds) == 1 else [str(label) for label in column.classes]
        if 0 < len(column) <= FEW_LABELS:
            return pa.array([classes[index] for index in column.class_index.tolist()])
        return pa.array(classes).take(pa.array(column.class_index))
    array = np.ascontiguousarray(column)
    if array.ndim == 1:
        return pa.array(array)
    values = pa.array(array.reshape(-1))
    if array.ndim == 2:
        return pa.FixedSizeListArray.from_arrays(values, array.shape[1])
    storage = pa.FixedSizeListArray.from_arrays(values, array.shape[1] * array.shape[2])
    return pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.float32(), array.shape[1:]), storage)


def _take_written(sink: io.BytesIO) -> bytes:
    """Take the bytes written since the last call."""
    written = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return written


WIRE = Wire(b"application/vnd.apache.arrow.stream", decode_arrow, encode_arrow, stream_arrow, description=__doc__)
