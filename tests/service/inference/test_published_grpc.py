"""The published text of the protocol over gRPC, sentence by sentence; that its messages are ours is shown beside.

Quoted from kserve/open-inference-protocol, specification/protocol/inference_grpc.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import numpy as np
import pytest

from bundle import VERSION
from service.proto import open_inference_pb2 as messages
from tests.service.bundles import Labelled, compute_relative_difference
from tests.service.server import Server

DTYPES = {"FP32": "<f4", "INT64": "<i8", "BOOL": "?"}


@pytest.fixture
def series(cases: Labelled) -> np.ndarray:
    """Four cases, `[4, 2, 64]`."""
    return cases.series[:4].astype(np.float32)


def request(model: str, series: np.ndarray, **more: Any) -> Any:
    """A request with `series` as raw contents."""
    asked = messages.ModelInferRequest(model_name=model, **more)
    asked.inputs.add(name="series", datatype="FP32", shape=series.shape)
    asked.raw_input_contents.append(series.tobytes())
    return asked


def read_outputs(answer: Any) -> dict[str, np.ndarray]:
    """The numeric outputs of an answer."""
    assert len(answer.outputs) == len(answer.raw_output_contents)
    return {
        one.name: np.frombuffer(content, DTYPES[one.datatype]).reshape(tuple(one.shape))
        for one, content in zip(answer.outputs, answer.raw_output_contents, strict=True)
        if one.datatype != "BYTES"
    }


def test_health(stub: Any):
    """ "ServerLive, ServerReady, or ModelReady"; "If not given the server will choose a version"."""
    assert stub.ServerLive(messages.ServerLiveRequest()).live
    assert stub.ServerReady(messages.ServerReadyRequest()).ready
    for version, ready in (("", True), ("1", True), ("9", False), ("x", False)):
        assert stub.ModelReady(messages.ModelReadyRequest(name="sines.encode", version=version)).ready is ready
    for name in ("nobody.encode", "sines.fly", "sines", "", "unlabelled.classify"):
        assert not stub.ModelReady(messages.ModelReadyRequest(name=name)).ready


def test_metadata(server: Server, stub: Any):
    """What HTTP says of the server and of each model."""
    told = stub.ServerMetadata(messages.ServerMetadataRequest())
    assert (told.name, told.version) == ("seriesmith", VERSION)
    assert list(told.extensions) == server.get("/v2")["extensions"]
    for operation in ("encode", "reconstruct", "sample", "augment", "classify"):
        told = stub.ModelMetadata(messages.ModelMetadataRequest(name=f"sines.{operation}"))
        assert told == messages.ModelMetadataResponse(**server.get(f"/v2/models/sines.{operation}"))


def test_inference_on_raw_contents(server: Server, stub: Any, series: np.ndarray):
    """ "'raw_input_contents' must be initialized with data for each tensor in the same order as 'inputs'" """
    answer = stub.ModelInfer(request("sines.encode", series, id="42"))
    assert (answer.model_name, answer.model_version, answer.id) == ("sines.encode", "1", "42")
    assert not any(one.HasField("contents") for one in answer.outputs)
    expected = server.answer("encode", model="sines", series=series)
    for name, array in read_outputs(answer).items():
        assert compute_relative_difference(array, expected[name]) < 1e-5


@pytest.mark.parametrize(("datatype", "field"), [("FP32", "fp32_contents"), ("FP64", "fp64_contents")])
def test_inference_on_typed_contents(stub: Any, series: np.ndarray, datatype: str, field: str):
    """ "in the repeated type that matches the tensor's data type" """
    asked = messages.ModelInferRequest(model_name="sines.encode")
    contents = messages.InferTensorContents(**{field: series.reshape(-1).tolist()})
    asked.inputs.add(name="series", datatype=datatype, shape=series.shape, contents=contents)
    assert stub.ModelInfer(asked) == stub.ModelInfer(request("sines.encode", series))


def test_generation_on_typed_contents(stub: Any):
    """BYTES in bytes_contents, INT64 in int64_contents, INT32 in int_contents, FP32 in fp32_contents."""
    asked = messages.ModelInferRequest(model_name="sines.sample")
    contents = messages.InferTensorContents
    asked.inputs.add(name="class_label", datatype="BYTES", shape=[2], contents=contents(bytes_contents=[b"2", b"0"]))
    asked.inputs.add(name="count", datatype="INT32", shape=[2], contents=contents(int_contents=[2, 3]))
    asked.inputs.add(name="seed", datatype="INT64", shape=[1], contents=contents(int64_contents=[5]))
    asked.inputs.add(name="expansion", datatype="FP32", shape=[1], contents=contents(fp32_contents=[1.5]))
    found = read_outputs(stub.ModelInfer(asked))
    assert found["series"].shape == (5, 2, 64) and found["seed"].tolist() == [5]


def test_outputs_that_are_named(stub: Any, series: np.ndarray):
    """ "Optional, if not specified all outputs produced by the model will be returned." """
    asked = request("sines.classify", series)
    assert [one.name for one in stub.ModelInfer(asked).outputs] == ["labels", "probabilities"]
    asked.outputs.add(name="typicality")
    assert [one.name for one in stub.ModelInfer(asked).outputs] == ["typicality"]


def unknown_model(asked: Any) -> None:
    asked.model_name = "nobody.encode"


def unknown_version(asked: Any) -> None:
    asked.model_version = "9"


def unknown_output(asked: Any) -> None:
    asked.outputs.add(name="z")


def unknown_datatype(asked: Any) -> None:
    asked.inputs[0].datatype = "FP33"


def twice(asked: Any) -> None:
    asked.inputs.append(asked.inputs[0])
    asked.raw_input_contents.append(asked.raw_input_contents[0])


def both_contents(asked: Any) -> None:
    asked.inputs[0].contents.fp32_contents.append(1.0)


def too_few_contents(asked: Any) -> None:
    asked.inputs.add(name="seed", datatype="INT64", shape=[1])


def too_short(asked: Any) -> None:
    asked.inputs[0].shape[0] = 5


def negative(asked: Any) -> None:
    asked.inputs[0].shape[0] = -1


def by_class(asked: Any) -> None:
    asked.outputs.add(name="posterior_mean").parameters["classification"].int64_param = 3


SPOILT: list[tuple[Callable[[Any], None], str, str]] = [
    (unknown_model, "NOT_FOUND", "no model 'nobody'"),
    (unknown_version, "NOT_FOUND", "has no version '9'"),
    (unknown_output, "INVALID_ARGUMENT", "no output 'z'"),
    (unknown_datatype, "INVALID_ARGUMENT", "'FP33'"),
    (twice, "INVALID_ARGUMENT", "came twice"),
    (both_contents, "INVALID_ARGUMENT", "send one of the two"),
    (too_few_contents, "INVALID_ARGUMENT", "2 inputs and 1 raw_input_contents"),
    (too_short, "INVALID_ARGUMENT", "takes 2560 bytes; 2048 came"),
    (negative, "INVALID_ARGUMENT", "at most 8 sizes of 0 or more"),
    (by_class, "INVALID_ARGUMENT", "lacks that extension"),
]


@pytest.mark.parametrize(("spoil", "code", "words"), SPOILT, ids=[row[0].__name__ for row in SPOILT])
def test_failures(stub: Any, series: np.ndarray, spoil: Callable[[Any], None], code: str, words: str):
    """ "errors are indicated by the google.rpc.Status returned for the request" """
    asked = request("sines.encode", series)
    spoil(asked)
    with pytest.raises(grpc.RpcError) as caught:
        stub.ModelInfer(asked)
    assert caught.value.code().name == code and words in caught.value.details()
