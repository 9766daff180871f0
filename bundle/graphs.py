"""Refuses a graph file that is not standard ONNX with everything inside, before onnxruntime reads it.

onnxruntime would read tensors from any file, accept its own binary format, and run operators beside the standard's.
This module parses the file's protocol buffer far enough to see that, and bounds the number of its parts: a file of many
tiny parts would take many times its size in memory and time.
"""

from __future__ import annotations

from collections.abc import Iterator

from bundle.errors import BundleError

MOST_PARTS = 200_000
"""Messages and fields of a graph that are looked at; the largest that ships has 2 000."""

MOST_DEPTH = 16
"""Graphs inside nodes inside graphs; two each."""

STANDARD = ("", "ai.onnx")
"""The domains of operators that a graph may use."""

Field = tuple[int, int | memoryview]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

# Field numbers of onnx.proto3.
MODEL_GRAPH, MODEL_OPSET, MODEL_FUNCTION = 7, 8, 25
OPSET_DOMAIN, NODE_DOMAIN, NODE_ATTRIBUTE = 1, 7, 5
GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_SPARSE = 1, 5, 15
ATTRIBUTE_TENSOR, ATTRIBUTE_TENSORS, ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS, ATTRIBUTE_SPARSE = 5, 10, 6, 11, (22, 23)
TENSOR_EXTERNAL, TENSOR_LOCATION = 13, 14


def check_graph(file: str, content: bytes) -> None:
    """Raise `BundleError`, naming `file`, where a graph is not standard ONNX with everything inside."""
    if content[4:8] == b"ORTM":
        raise BundleError(f"{file} is in onnxruntime's own format; a graph is ONNX.")
    try:
        _Reading(file).read_model(memoryview(content))
    except (IndexError, ValueError) as error:
        raise BundleError(f"{file} is no ONNX file: {error}.") from error


class _Reading:
    """One file being looked through; counts what it has seen."""

    def __init__(self, file: str) -> None:
        self._file, self._parts = file, 0

    def read_model(self, message: memoryview) -> None:
        graphs = 0
        for number, value in self._read_fields(message):
            if number == MODEL_GRAPH:
                graphs += 1
                self._read_graph(_require_bytes(value), 0)
            elif number == MODEL_OPSET:
                self._check_domains(_require_bytes(value), OPSET_DOMAIN)
            elif number == MODEL_FUNCTION:
                raise BundleError(f"{self._file} defines functions of its own; write them out in its graph.")
        if graphs != 1:
            raise BundleError(f"{self._file} is no ONNX file: it holds {graphs} graphs.")

    def _read_graph(self, message: memoryview, depth: int) -> None:
        if depth > MOST_DEPTH:
            raise BundleError(f"{self._file} nests graphs more than {MOST_DEPTH} deep.")
        for number, value in self._read_fields(message):
            if number == GRAPH_NODE:
                self._read_node(_require_bytes(value), depth)
            elif number == GRAPH_INITIALIZER:
                self._read_tensor(_require_bytes(value))
            elif number == GRAPH_SPARSE:
                self._refuse_sparse()

    def _read_node(self, message: memoryview, depth: int) -> None:
        self._check_domains(message, NODE_DOMAIN)
        for number, value in self._read_fields(message):
            if number == NODE_ATTRIBUTE:
                self._read_attribute(_require_bytes(value), depth)

    def _read_attribute(self, message: memoryview, depth: int) -> None:
        for number, value in self._read_fields(message):
            if number in (ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS):
                self._read_graph(_require_bytes(value), depth + 1)
            elif number in (ATTRIBUTE_TENSOR, ATTRIBUTE_TENSORS) and isinstance(value, memoryview):
                self._read_tensor(value)
            elif number in ATTRIBUTE_SPARSE:
                self._refuse_sparse()

    def _read_tensor(self, message: memoryview) -> None:
        for number, value in self._read_fields(message):
            if number == TENSOR_EXTERNAL or (number == TENSOR_LOCATION and value != 0):
                raise BundleError(f"{self._file} keeps tensors in another file; a graph holds all that it needs.")

    def _refuse_sparse(self) -> None:
        raise BundleError(f"{self._file} holds sparse tensors; write them out.")

    def _check_domains(self, message: memoryview, field: int) -> None:
        for number, value in self._read_fields(message):
            if (
                number == field
                and (domain := bytes(_require_bytes(value)[:80]).decode(errors="replace")) not in STANDARD
            ):
                raise BundleError(f"{self._file} uses operators of {domain!r}; only those of the ONNX standard may be.")

    def _read_fields(self, message: memoryview) -> Iterator[Field]:
        """Yield number and value of each field. Raises `IndexError` or `ValueError` where the bytes are no message."""
        at, end = 0, len(message)
        while at < end:
            self._parts += 1
            if self._parts > MOST_PARTS:
                raise BundleError(f"{self._file} has more than {MOST_PARTS} parts.")
            tag, at = _read_varint(message, at)
            if tag >= 2**32:
                raise ValueError("a field's number has more than 32 bits")
            number, kind = tag >> 3, tag & 7
            if kind == VARINT:
                value, at = _read_varint(message, at)
                yield number, value
            elif kind == BYTES:
                size, at = _read_varint(message, at)
                if size > end - at:
                    raise ValueError("it ends too early")
                yield number, message[at : at + size]
                at += size
            elif kind in (FIXED32, FIXED64):
                at += 4 if kind == FIXED32 else 8
                if at > end:
                    raise ValueError("it ends too early")
                yield number, 0
            else:
                raise ValueError(f"a field has the wire type {kind}")


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number has more than 64 bits")


def _require_bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a message is a number")
    return value
