"""Shapes that no array has, and columns that stand for more than they hold, are refused in words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from bundle.errors import InvalidRequest
from service.bounds import Bounds
from service.grpc import messages
from service.inference import bodies
from service.proto import seriesmith_pb2
from service.wires import arrow, octets

BOUNDS = Bounds(rows=2**31, values=2**31, elements=2**20, case_bytes=2**20)
SHAPES = [[1] * 65, [0, 2**40, 2**40]]


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_the_protocol(shape: list[int]):
    body = b'{"inputs":[{"name":"series","datatype":"FP32","shape":%s,"data":[1.0]}]}' % str(shape).encode()
    with pytest.raises(InvalidRequest, match="at most 8 sizes"):
        bodies.read_request(body, None, BOUNDS)


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_typed_messages(shape: list[int]):
    request = seriesmith_pb2.ClassifyRequest(series=seriesmith_pb2.Array(shape=shape, values=bytes(4)))
    with pytest.raises(InvalidRequest, match="at most 8 axes"):
        messages.parse_message(seriesmith_pb2.ClassifyRequest, request.SerializeToString(), BOUNDS)


def test_shapes_of_octets():
    with pytest.raises(InvalidRequest, match="at least one case"):
        octets.decode_octets(b"", {octets.SHAPE: b"0,9999999999,9999999999"}, BOUNDS)


def test_columns_of_arrow():
    table = pa.table({"labels": pa.RunEndEncodedArray.from_arrays(pa.array([32], pa.int32()), pa.array(["a"]))})
    with pytest.raises(InvalidRequest, match="send text or integers"):
        arrow.decode_arrow(_write_table(table), {}, BOUNDS)
    categories = pa.DictionaryArray.from_arrays(pa.array(np.array([1, 0, 1], np.int8)), pa.array(["a", "b"]))
    assert arrow.decode_arrow(_write_table(pa.table({"labels": categories})), {}, BOUNDS) == {"labels": ["b", "a", "b"]}


@pytest.mark.parametrize("packing", ["zstd", "lz4"])
@pytest.mark.parametrize("columns", ["series", "labels"])
def test_arrow_buffers_that_could_unpack_to_anything(packing: str, columns: str):
    long = pa.array(["a" * 500])
    found = {"series": [[1.0] * 500]} if columns == "series" else {"labels": long.dictionary_encode()}
    assert arrow.decode_arrow(_write_table(pa.table(found)), {}, BOUNDS)
    with pytest.raises(InvalidRequest, match="Content-Encoding"):
        arrow.decode_arrow(_write_table(pa.table(found), packing), {}, BOUNDS)


def test_arrow_rows_of_no_bytes():
    empty = pa.Array.from_buffers(pa.list_(pa.float32(), 0), 2**30, [None], children=[pa.array([], pa.float32())])
    with pytest.raises(InvalidRequest, match="rows or more"):
        arrow.decode_arrow(_write_table(pa.table({"series": empty})), {}, BOUNDS)


def _write_table(table: pa.Table, packing: str | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=packing)) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content
