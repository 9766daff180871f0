"""The Open Inference Protocol v2 over gRPC: `ModelInfer`, raw tensors, its few protobuf fields written by hand.

Written by hand, the messages are those of the published protocol whatever our server's own stubs say, and the client
spends no time on them. Field numbers: `inference.ModelInferRequest` and `ModelInferResponse`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from loadtest.wire import Array, Message, Wire

METHOD = "/inference.GRPCInferenceService/ModelInfer"
VARINT, BYTES = 0, 2
DTYPES = {b"FP32": ("<f4", 6), b"FP64": ("<f8", 7)}
"""Of a tensor's datatype: how raw bytes are read, and the field of `InferTensorContents` that holds unpacked values."""


def make_model_infer(model: str) -> Wire:
    """Ask for `probabilities` of the tensor `series`."""
    return Wire("gRPC ModelInfer", METHOD, partial(_write_request, model), _read_answer, grpc=True)


def _write_request(model: str, series: Array) -> Message:
    shape = b"".join(_encode_varint(extent) for extent in series.shape)
    tensor = _encode_field(1, b"series") + _encode_field(2, b"FP32") + _encode_field(3, shape)
    output = _encode_field(1, b"probabilities")
    raw = series.astype("<f4").tobytes()
    return Message(
        {},
        _encode_field(1, model.encode()) + _encode_field(5, tensor) + _encode_field(6, output) + _encode_field(7, raw),
    )


def _read_answer(answer: Message) -> Array:
    fields = list(_read_fields(answer.body))
    tensors = [value for number, value in fields if number == 5]
    raws = [value for number, value in fields if number == 6]
    index = next(place for place, value in enumerate(tensors) if dict(_read_fields(value))[1] == b"probabilities")
    tensor = dict(_read_fields(tensors[index]))
    dtype, number = DTYPES[tensor[2]]
    raw = raws[index] if raws else dict(_read_fields(tensor[5]))[number]
    return np.frombuffer(raw, dtype).reshape(_read_shape(tensors[index])).astype(np.float32)


def _encode_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _encode_field(number: int, value: bytes) -> bytes:
    return _encode_varint(number << 3 | BYTES) + _encode_varint(len(value)) + value


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _read_fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Numbers and contents of a message's fields; of a varint, its value in the same coding."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        if key & 7 == VARINT:
            value, at = _read_varint(data, at)
            yield key >> 3, _encode_varint(value)
        elif key & 7 == BYTES:
            length, at = _read_varint(data, at)
            yield key >> 3, data[at : at + length]
            at += length
        else:
            raise ValueError(f"field {key >> 3} of the answer has wire type {key & 7}; ModelInfer has none such.")


def _read_shape(tensor: bytes) -> list[int]:
    """Extents, whether the server packed them or not."""
    extents = []
    for number, value in _read_fields(tensor):
        at = 0
        while number == 3 and at < len(value):
            extent, at = _read_varint(value, at)
            extents.append(extent)
    return extents
