"""Shapes that no array has, and columns that stand for more than they hold, are refused in words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from models.errors import InvalidRequest
from service.grpc import messages
from service.inference import bodies
from service.proto import seriesmith_pb2
from service.wires import arrow, octets

SHAPES = [[1] * 65, [0, 2**40, 2**40]]


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_the_protocol(shape: list[int]):
    body = b'{"inputs":[{"name":"series","datatype":"FP32","shape":%s,"data":[1.0]}]}' % str(shape).encode()
    with pytest.raises(InvalidRequest, match="at most 8 sizes"):
        bodies.asked(body, None)


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_typed_messages(shape: list[int]):
    request = seriesmith_pb2.ClassifyRequest(series=seriesmith_pb2.Array(shape=shape, values=bytes(4)))
    with pytest.raises(InvalidRequest, match="at most 8 axes"):
        messages.parsed(seriesmith_pb2.ClassifyRequest, request.SerializeToString())


def test_shapes_of_octets():
    with pytest.raises(InvalidRequest, match="at least one value"):
        octets.decoded(b"", {octets.SHAPE: b"0,9999999999,9999999999"})


def test_columns_of_arrow():
    table = pa.table({"labels": pa.RunEndEncodedArray.from_arrays(pa.array([2**30], pa.int32()), pa.array(["a"]))})
    with pytest.raises(InvalidRequest, match="send text or integers"):
        arrow.decoded(_sent(table), {})
    categories = pa.DictionaryArray.from_arrays(pa.array(np.array([1, 0, 1], np.int8)), pa.array(["a", "b"]))
    assert arrow.decoded(_sent(pa.table({"labels": categories})), {}) == {"labels": ["b", "a", "b"]}


def _sent(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content
