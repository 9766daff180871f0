"""Converts tensors of the protocol to arrays and back, for every transport.

A datatype is one of the protocol's names. Elements are in row-major order; BYTES elements are UTF-8 text, and as binary
data have their length before them, as four little-endian bytes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from itertools import chain
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bundle.errors import InvalidRequest, TooLarge
from bundle.showing import show
from service.answers import Labels
from service.wires.json_arrays import JsonArray, read_cubes, read_doubles
from service.wires.json_arrays import parse as parsed_json

Column = NDArray[Any] | Labels | list[str]
"""What an output holds."""

DTYPES = {
    "BOOL": np.dtype("?"),
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
"""Of every datatype but BYTES."""

ELEMENTS: dict[str, tuple[set[type], str]] = {
    "b": ({bool}, "booleans"),
    "f": ({int, float}, "numbers"),
    "i": ({int}, "integers"),
    "u": ({int}, "integers"),
}
"""What JSON may hold for a numpy kind."""

MOST_AXES = 8

LENGTH = struct.Struct("<I")


def from_binary(name: str, datatype: str, shape: Sequence[int], content: bytes) -> NDArray[Any]:
    """Read the tensor in the binary data of an input. Raises `InvalidRequest`."""
    if datatype == "BYTES":
        return _build_array(name, _read_texts(name, content, prod(shape)), shape)
    dtype = find_dtype(name, datatype)
    if prod(shape) * dtype.itemsize != len(content):
        raise InvalidRequest(
            f"{name} of shape {list(shape)} and datatype {datatype} takes {prod(shape) * dtype.itemsize} bytes; "
            f"{len(content)} came.",
            name,
        )
    return np.frombuffer(content, dtype).reshape(shape) if content else np.empty(shape, dtype)


def from_list(name: str, datatype: str, shape: Sequence[int], data: object) -> NDArray[Any]:
    """Read the tensor in the JSON data of an input, flat or nested. Raises `InvalidRequest`.

    Floating-point numbers keep the precision that they have in JSON.
    """
    if isinstance(data, np.ndarray):
        return data.reshape(_check_shape(name, shape, len(data)))
    if isinstance(data, JsonArray):
        return _from_pieces(name, datatype, shape, data)
    if not isinstance(data, list):
        raise InvalidRequest(f"{name} has no data: send 'data' as a list, or as binary data.", name)
    flat = _flatten(name, shape, data)
    if datatype == "BYTES":
        return _build_array(name, flat, shape)
    dtype = find_dtype(name, datatype)
    types, wanted = ELEMENTS[dtype.kind]
    found = set(map(type, flat))
    if "f" != dtype.kind != "b" and float in found:
        flat = [int(item) if type(item) is float and item.is_integer() else item for item in flat]
        found = set(map(type, flat))
    if dtype.kind == "f" and type(None) in found:  # a missing value
        flat = [math.nan if item is None else item for item in flat]
        found.remove(type(None))
    if found - types:
        odd = next(item for item in flat if type(item) not in types)
        raise InvalidRequest(f"{name} holds {show(odd)}; {datatype} takes {wanted}.", name)
    _check_shape(name, shape, len(flat))
    try:
        if dtype.kind == "f" and flat:  # a third of what numpy takes to read a list
            return np.frombuffer(struct.pack(f"<{len(flat)}d", *flat), "<f8").reshape(shape)
        return np.array(flat, np.float64 if dtype.kind == "f" else dtype).reshape(shape)
    except OverflowError as error:
        raise InvalidRequest(f"{name} holds a number that is out of the range of {datatype}.", name) from error


def _from_pieces(name: str, datatype: str, shape: Sequence[int], data: JsonArray) -> NDArray[Any]:
    """Read the tensor in large JSON data. Raises `InvalidRequest`, or `TooLarge` where no model takes as much."""
    if datatype == "BYTES" or find_dtype(name, datatype).kind != "f":
        raise TooLarge(f"{name} has {len(data.text)} bytes of {datatype} as JSON; send them as binary data.", name)
    if data.depth > 1 and data.depth != len(shape):
        raise InvalidRequest(f"{name} is nested {data.depth} deep, but its shape is {list(shape)}.", name)
    parts: list[NDArray[Any]] = []
    n_values = 0
    for piece, place in data.cut_pieces():
        part = _read_plain_part(piece, data.depth, shape)
        if part is None:
            value = parsed_json(piece, place)
            sizes = [len(value), *shape[1:]] if data.depth > 1 else [len(value)]
            part = from_list(name, datatype, sizes, value).reshape(-1)
        parts.append(part)
        n_values += len(part)
        if n_values > data.bounds.values:
            raise TooLarge(f"{name} has {n_values} elements and more; one request may have {data.bounds.values}.", name)
    whole: NDArray[Any] = np.concatenate(parts).reshape(_check_shape(name, shape, n_values))
    return whole


def _read_plain_part(piece: bytes, depth: int, shape: Sequence[int]) -> NDArray[Any] | None:
    """Read the numbers in some items of a tensor, flat; None where their nesting is another, or they are no numbers."""
    if depth == 1:
        return read_doubles(piece)
    even = read_cubes(piece, depth) if depth in (2, 3) else None
    if even is None or even[1] != {shape[-1]} or (depth == 3 and even[2] != {shape[1]}):
        return None
    return even[0]


def is_whole(size: object) -> bool:
    """Whether a JSON number is a whole one: 5.0 is."""
    return type(size) is int or (type(size) is float and size.is_integer())


def is_possible(shape: Sequence[int]) -> bool:
    """Whether numpy can make an array of that shape, an empty one too: each size is bounded by itself."""
    if len(shape) > MOST_AXES:
        return False
    n_elements = 1
    for size in shape:
        if not 0 <= size < 2**31:
            return False
        n_elements *= size or 1
    return n_elements < 2**60


def find_dtype(name: str, datatype: str) -> np.dtype[Any]:
    """Return the numpy dtype of a datatype. Raises `InvalidRequest`, naming the tensor."""
    dtype = DTYPES.get(datatype)
    if dtype is None:
        raise InvalidRequest(
            f"{name} has the datatype {show(datatype, 40)}; there are: {', '.join(DTYPES)}, BYTES.", name
        )
    return dtype


def measure_shape(column: Column) -> list[int]:
    """Return the shape of an output."""
    return list(column.shape) if isinstance(column, np.ndarray) else [len(column)]


def to_binary(column: Column, datatype: str) -> bytes:
    """Write an output as binary data."""
    if isinstance(column, np.ndarray):
        return column.astype(DTYPES[datatype], copy=False).tobytes()
    if isinstance(column, Labels):
        classes = [_prefix_length(str(label)) for label in column.classes]
        return b"".join([classes[index] for index in column.class_index.tolist()])
    return b"".join(map(_prefix_length, column))


def to_list(column: Column, datatype: str) -> Any:
    """Write an output as flat JSON data."""
    if isinstance(column, np.ndarray):
        return np.ascontiguousarray(column, DTYPES[datatype]).reshape(-1)
    return list_texts(column)


def list_texts(column: Labels | list[str]) -> list[str]:
    """Return the elements of a BYTES output as texts."""
    return column if isinstance(column, list) else column.to_texts().tolist()


def _prefix_length(text: str) -> bytes:
    content = text.encode()
    return LENGTH.pack(len(content)) + content


def _read_texts(name: str, content: bytes, most: int) -> list[str]:
    """Read consecutive BYTES elements, and stop one after `most`."""
    texts: list[str] = []
    start = 0
    try:
        while start < len(content) and len(texts) <= most:
            (length,) = LENGTH.unpack_from(content, start)
            start += LENGTH.size + length
            if start > len(content):
                raise InvalidRequest(f"{name} ends within an element: every one has its length before it.", name)
            texts.append(content[start - length : start].decode())
    except (struct.error, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{name} is not UTF-8 text, each with its length before it: {error}.", name) from error
    return texts


def _flatten(name: str, shape: Sequence[int], data: list[Any]) -> list[Any]:
    """Flatten `data`. Raises `InvalidRequest` where they are nested otherwise than `shape`."""
    sizes = [len(data)]
    while data and type(data[0]) is list:
        widths = {len(part) if type(part) is list else -1 for part in data}
        sizes.append(widths.pop() if len(widths) == 1 else -1)
        if sizes[-1] < 0:
            raise InvalidRequest(f"{name} is ragged; send it flat, or nested as its shape says.", name)
        data = list(chain.from_iterable(data))
    if len(sizes) > 1 and sizes != list(shape):
        raise InvalidRequest(f"{name} is nested as {sizes}, but its shape is {list(shape)}.", name)
    return data


def _build_array(name: str, texts: list[Any], shape: Sequence[int]) -> NDArray[np.object_]:
    if odd := [text for text in texts if type(text) is not str]:
        raise InvalidRequest(f"{name} holds {show(odd[0])}; BYTES takes text.", name)
    array: NDArray[np.object_] = np.array(texts, object).reshape(_check_shape(name, shape, len(texts)))
    return array


def _check_shape(name: str, shape: Sequence[int], n_elements: int) -> Sequence[int]:
    if prod(shape) != n_elements:
        raise InvalidRequest(f"{name} of shape {list(shape)} takes {prod(shape)} elements; {n_elements} came.", name)
    return shape
