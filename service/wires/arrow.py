"""`application/vnd.apache.arrow.stream`: an Arrow IPC stream, a column per array, for bulk.

A request: the columns that are arrays, such as `series` (fixed-shape tensors, or lists nested one or two deep, of any
length and with nulls where the model takes that), and `labels`; other fields as a JSON object under `seriesmith` in the
schema's metadata. An answer: a column for each array; what is known from the start is under `seriesmith` in the
schema's metadata, what is known at the end of generation under `seriesmith` in the metadata of a last batch of no rows.
"""

from __future__ import annotations

import io
import struct
from collections.abc import AsyncIterator
from math import prod
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from bundle.errors import InvalidRequest
from bundle.showing import show
from service.answers import LENGTHS, Column, Columns, Labels, StreamedAnswer, collect_columns, collect_rest
from service.bounds import Bounds
from service.uneven import Uneven, narrow_case, split_array
from service.wires.arrow_bounds import check_bounds
from service.wires.json_text import decode_json as decoded_json
from service.wires.json_writing import dump
from service.wires.wire import LARGE, Headers, Wire

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
        fields[name] = _read_array(name, column) if name in LARGE else _read_list(name, column)
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


def _read_array(name: str, column: pa.Array) -> np.ndarray | Uneven:
    """Read a column of numbers, series as a rule, as an array `[n_cases, …]`. Raises `InvalidRequest`."""
    if isinstance(column, pa.FixedShapeTensorArray):
        return _read_tensors(name, column)
    if isinstance(column.type, pa.BaseExtensionType):
        raise _explain_wrong(name, f"is a column of {str(column.type)[:60]}; send lists of float32.")
    shape, levels, values = [len(column)], list[pa.Array](), column
    even = True
    while _is_nested(values.type):
        lengths = _find_lengths(name, values)
        even = even and len(lengths) <= 1
        shape.append(max(lengths, default=0))
        levels.append(values)
        values = values.flatten()
    if not _is_numeric(values.type):
        raise _explain_wrong(name, f"is a column of {str(column.type)[:60]}; send lists of float32.")
    array: np.ndarray = values.to_numpy(zero_copy_only=False)
    if even and not values.null_count:
        return array.reshape(shape)
    refusal = _explain_wrong(name, "is ragged or has nulls; every series needs the same number of values.")
    return Uneven(_split_cases(array, [_measure_lists(lists) for lists in levels], refusal), refusal)


def _find_lengths(name: str, lists: pa.Array) -> set[int]:
    """Find the different lengths of the lists in a column. Raises `InvalidRequest` where one is null."""
    if lists.null_count:
        raise _explain_wrong(name, "is ragged or has nulls; every series needs the same number of values.")
    if pa.types.is_fixed_size_list(lists.type):
        return {lists.type.list_size}
    return set(pa.compute.list_value_length(lists).unique().to_pylist())


def _measure_lists(lists: pa.Array) -> np.ndarray:
    """The lengths of the lists in a column."""
    lengths: np.ndarray = pa.compute.list_value_length(lists).to_numpy(zero_copy_only=False)
    return lengths


def _split_cases(values: np.ndarray, levels: list[np.ndarray], refusal: InvalidRequest) -> list[np.ndarray]:
    """Split flat values, NaN where there was a null, into cases `[n_channels, length]`. Raises `InvalidRequest`."""
    if len(levels) not in (1, 2):
        raise refusal
    channels = levels[0] if len(levels) == 2 else np.ones(len(levels[0]), np.int64)
    ends = np.cumsum(channels)
    lengths = [levels[-1][end - count : end] for end, count in zip(ends, channels, strict=True)]
    if any(len(own) == 0 or own.min() < own.max() for own in lengths):
        raise refusal
    cuts = np.cumsum([own.sum() for own in lengths])[:-1]
    pairs = zip(np.split(values, cuts), channels, strict=True)
    return [narrow_case(case.reshape(count, -1), place) for place, (case, count) in enumerate(pairs)]


def _read_tensors(name: str, column: pa.FixedShapeTensorArray) -> np.ndarray | Uneven:
    """Raises `InvalidRequest` where they hold no numbers, or no value at all."""
    kind = column.type
    if not _is_numeric(kind.value_type):
        raise _explain_wrong(name, f"is a column of {str(kind)[:60]}; send tensors of float32.")
    if not len(column) or 0 in kind.shape:
        raise _explain_wrong(
            name, f"has {len(column)} cases of shape {list(kind.shape)}; send at least one, not empty."
        )
    values = column.storage.flatten()
    if values.null_count:
        refusal = _explain_wrong(name, f"is a column of {str(kind)[:60]} with nulls; send tensors of float32.")
        flat = values.to_numpy(zero_copy_only=False)
        return Uneven(split_array(flat.reshape([len(column), *kind.shape])), refusal)
    tensors: np.ndarray = column.to_numpy_ndarray()
    return tensors


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _is_nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _explain_wrong(name: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{name} {message}", name)


def encode_arrow(answer: Any) -> tuple[bytes, Headers]:
    """Write an operation's answer as one batch."""
    columns = collect_columns(answer)
    batch = _build_batch(_list_cases(columns)).replace_schema_metadata({KEY: dump(collect_rest(answer))})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes(), ()


def stream_arrow(stream: StreamedAnswer) -> tuple[Headers, AsyncIterator[bytes]]:
    """Write a stream batch by batch, see the module."""

    async def write_chunks() -> AsyncIterator[bytes]:
        sink, writer, empty = io.BytesIO(), None, None
        async for chunk in stream.chunks:
            batch = _build_batch(_list_cases(chunk))
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


def _build_batch(columns: dict[str, Any]) -> pa.RecordBatch:
    return pa.record_batch({name: _build_column(column) for name, column in columns.items()})


def _list_cases(columns: Columns) -> dict[str, Any]:
    """The columns with series as lists where lengths vary, and no `lengths`, so that every batch has one schema."""
    lengths = columns.get(LENGTHS)
    if not isinstance(lengths, np.ndarray):
        return dict(columns)
    return {
        name: [case[..., :length] for case, length in zip(column, lengths, strict=True)]
        if isinstance(column, np.ndarray) and column.ndim > 2
        else column
        for name, column in columns.items()
        if name != LENGTHS
    }


def _build_column(column: Column | list[np.ndarray]) -> pa.Array:
    if isinstance(column, Labels):
        kinds = {type(label) for label in column.classes}
        classes = column.classes if len(kinds) == 1 else [str(label) for label in column.classes]
        if 0 < len(column) <= FEW_LABELS:
            return pa.array([classes[index] for index in column.class_index.tolist()])
        return pa.array(classes).take(pa.array(column.class_index))
    if isinstance(column, list):
        return _build_lists(column)
    array = np.ascontiguousarray(column)
    if array.ndim == 1:
        return pa.array(array)
    values = pa.array(array.reshape(-1))
    if array.ndim == 2:
        return pa.FixedSizeListArray.from_arrays(values, array.shape[1])
    storage = pa.FixedSizeListArray.from_arrays(values, prod(array.shape[1:]))
    return pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.float32(), array.shape[1:]), storage)


def _build_lists(cases: list[np.ndarray]) -> pa.Array:
    """Lists in lists, of unequal length in the innermost, of cases `[…, n_channels, length]` each."""
    column = pa.array(np.concatenate([case.reshape(-1) for case in cases]))
    sizes = [case.shape[-1] for case in cases for _ in range(prod(case.shape[:-1]))]
    for axis in range(cases[0].ndim - 1, 0, -1):
        column = pa.ListArray.from_arrays(pa.array(np.cumsum([0, *sizes]), pa.int32()), column)
        sizes = [case.shape[axis - 1] for case in cases for _ in range(prod(case.shape[: axis - 1]))]
    return pa.ListArray.from_arrays(pa.array(np.cumsum([0, *sizes]), pa.int32()), column)


def _take_written(sink: io.BytesIO) -> bytes:
    """Take the bytes written since the last call."""
    written = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return written


WIRE = Wire(b"application/vnd.apache.arrow.stream", decode_arrow, encode_arrow, stream_arrow, description=__doc__)
