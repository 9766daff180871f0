"""Every wire carries series out and probabilities back."""

from __future__ import annotations

import numpy as np
import orjson
import pyarrow as pa
import pytest

from loadtest.payloads import N_PAYLOADS, make_series
from loadtest.wire import Message
from loadtest.wires.arrow import make_arrow
from loadtest.wires.octets import ARRAYS, make_bare_octets, make_octets
from loadtest.wires.plain_json import make_plain_json
from loadtest.wires.protocol import HEADER_LENGTH, make_protocol_binary, make_protocol_json
from loadtest.wires.protocol_grpc import _encode_field, _encode_varint, make_model_infer

THREE = make_series(3)
ANSWER = np.array([[0.25, 0.75], [1, 0], [0.5, 0.5]], np.float32)


def test_payloads_are_different_series_and_the_same_every_time():
    payloads = make_series()
    assert payloads.shape == (N_PAYLOADS, 1, 150) and payloads.dtype == np.float32
    assert len({one.tobytes() for one in payloads}) == N_PAYLOADS
    np.testing.assert_array_equal(make_series(300)[:N_PAYLOADS], payloads)


def test_json():
    wire = make_plain_json("/classify", model="gunpoint")
    asked = orjson.loads(wire.asked(THREE).body)
    assert asked["model"] == "gunpoint"
    np.testing.assert_array_equal(np.array(asked["series"], np.float32), THREE)
    for body in ({"probabilities": ANSWER.tolist()}, ANSWER.tolist()):
        np.testing.assert_array_equal(wire.answered(Message({}, orjson.dumps(body))), ANSWER)


def test_octets():
    wire = make_octets("/classify", model="gunpoint")
    asked = wire.asked(THREE)
    assert asked.headers["seriesmith-shape"] == "3,1,150"
    assert asked.body == THREE.tobytes() + b'{"model":"gunpoint"}'
    arrays = orjson.dumps([["labels", "<i4", [3]], ["probabilities", "<f4", [3, 2]]]).decode()
    answer = Message({ARRAYS: arrays}, bytes(12) + ANSWER.tobytes() + b'{"model":"gunpoint"}')
    np.testing.assert_array_equal(wire.answered(answer), ANSWER)
    with pytest.raises(ValueError, match="lists no probabilities"):
        wire.answered(Message({ARRAYS: "[]"}, b""))


def test_bare_octets():
    wire = make_bare_octets("/octets", n_classes=2)
    assert wire.asked(THREE).body == THREE.tobytes()
    np.testing.assert_array_equal(wire.answered(Message({}, ANSWER.tobytes())), ANSWER)


def test_arrow():
    wire = make_arrow("/classify", model="gunpoint")
    table = pa.ipc.open_stream(wire.asked(THREE).body).read_all()
    assert orjson.loads(table.schema.metadata[b"seriesmith"]) == {"model": "gunpoint"}
    sent = table.column("series").combine_chunks().flatten().to_numpy().reshape(THREE.shape)
    np.testing.assert_array_equal(sent, THREE)
    column = pa.FixedSizeListArray.from_arrays(pa.array(ANSWER.reshape(-1)), 2)
    batch = pa.record_batch([column], names=["probabilities"])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch[:2])
        stream.write_batch(batch[2:])
    np.testing.assert_array_equal(wire.answered(Message({}, sink.getvalue().to_pybytes())), ANSWER)


def test_protocol_json():
    wire = make_protocol_json("classifier")
    (tensor,) = orjson.loads(wire.asked(THREE).body)["inputs"]
    assert (tensor["name"], tensor["datatype"], tensor["shape"]) == ("series", "FP32", [3, 1, 150])
    np.testing.assert_array_equal(np.array(tensor["data"], np.float32).reshape(3, 1, 150), THREE)
    output = {"name": "probabilities", "shape": [3, 2], "data": ANSWER.reshape(-1).tolist()}
    np.testing.assert_array_equal(wire.answered(Message({}, orjson.dumps({"outputs": [output]}))), ANSWER)


def test_protocol_binary():
    wire = make_protocol_binary("classifier")
    asked = wire.asked(THREE)
    length = int(asked.headers[HEADER_LENGTH])
    assert orjson.loads(asked.body[:length])["inputs"][0]["parameters"] == {"binary_data_size": THREE.nbytes}
    assert asked.body[length:] == THREE.tobytes()
    outputs = [
        {"name": "labels", "datatype": "INT32", "shape": [3], "parameters": {"binary_data_size": 12}},
        {"name": "probabilities", "datatype": "FP32", "shape": [3, 2], "parameters": {"binary_data_size": 24}},
    ]
    head = orjson.dumps({"outputs": outputs})
    answer = Message({HEADER_LENGTH: str(len(head))}, head + bytes(12) + ANSWER.tobytes())
    np.testing.assert_array_equal(wire.answered(answer), ANSWER)


@pytest.mark.parametrize("raw", [True, False])
def test_protocol_grpc(raw: bool):
    wire = make_model_infer("classifier")
    assert wire.asked(THREE).body.endswith(THREE.tobytes())
    tensor = (
        _encode_field(1, b"probabilities")
        + _encode_field(2, b"FP32")
        + _encode_field(3, _encode_varint(3) + _encode_varint(2))
    )
    contents = b"" if raw else _encode_field(5, _encode_field(6, ANSWER.tobytes()))
    labels = _encode_field(
        5, _encode_field(1, b"labels") + _encode_field(2, b"INT32") + _encode_field(3, _encode_varint(3))
    )
    body = _encode_field(1, b"classifier") + labels + _encode_field(5, tensor + contents)
    if raw:
        body += _encode_field(6, bytes(12)) + _encode_field(6, ANSWER.tobytes())
    np.testing.assert_array_equal(wire.answered(Message({}, body)), ANSWER)
