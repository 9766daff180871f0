"""The published text of the protocol over HTTP, sentence by sentence.

Quoted from kserve/open-inference-protocol, specification/protocol/inference_rest.md and open_inference_rest.yaml.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bundle import VERSION
from tests.service.bundles import Labelled, compute_relative_difference
from tests.service.described import list_operations
from tests.service.inference.conversation import build_tensor, infer, read_outputs
from tests.service.server import Server

INTEGERS = {f"{kind}{width}" for kind in ("INT", "UINT") for width in (8, 16, 32, 64)}
DATATYPES = {"BOOL", "FP16", "FP32", "FP64", "BYTES", *INTEGERS}
PLATFORMS = {"tensorrt_plan", "tensorflow_graphdef", "tensorflow_savedmodel", "onnx_onnxv1", "pytorch_torchscript"}


@pytest.fixture
def series(cases: Labelled) -> np.ndarray:
    """Four cases, `[4, 2, 64]`."""
    return cases.series[:4].astype(np.float32)


def test_server_live_and_ready(server: Server):
    """ "$live_server_response = { "live" : $bool }", and so the ready one."""
    assert server.get("/v2/health/live")["live"] is True
    assert server.get("/v2/health/ready")["live"] is True
    assert server.get("/v2/health/ready")["ready"] is True


def test_server_metadata(server: Server):
    """ "name", "version" and "extensions" are required."""
    wanted = {
        "name": "seriesmith",
        "version": VERSION,
        "extensions": ["binary_tensor_data", "model_repository", "model_configuration", "statistics"],
    }
    assert server.get("/v2") == server.get("/v2/") == wanted


@pytest.mark.parametrize("path", ["", "/versions/1"])
def test_model_ready(server: Server, path: str):
    """ "$ready_model_response = { "name" : $string, "ready": $bool }" """
    assert server.get(f"/v2/models/sines.encode{path}/ready") == {"name": "sines.encode", "ready": True}


@pytest.mark.parametrize(
    "path", ["nobody.encode", "sines.fly", "sines", "sines.encode/versions/9", "unlabelled.classify"]
)
def test_a_model_that_there_is_not_is_not_ready(server: Server, path: str):
    """A failed request "must be indicated by an HTTP error status", its body "{ "error": $string }"."""
    for response in (server.http.get(f"/v2/models/{path}/ready"), server.http.get(f"/v2/models/{path}")):
        assert response.status_code in (404, 422)
        assert list(response.json()) == ["error"] and response.json()["error"].endswith(".")


def test_model_metadata(server: Server):
    """ "name", "versions", "platform", "inputs", "outputs"; "Variable-size dimensions are specified as -1"."""
    for operation in ("encode", "reconstruct", "sample", "augment", "classify"):
        metadata = server.get(f"/v2/models/sines.{operation}")
        assert metadata == server.get(f"/v2/models/sines.{operation}/versions/1")
        assert set(metadata) == {"name", "versions", "platform", "inputs", "outputs"}
        assert metadata["name"] == f"sines.{operation}" and metadata["versions"] == ["1"]
        assert metadata["platform"] in PLATFORMS
        for one in metadata["inputs"] + metadata["outputs"]:
            assert set(one) == {"name", "datatype", "shape"} and one["datatype"] in DATATYPES
            assert all(type(size) is int and (size > 0 or size == -1) for size in one["shape"])


def test_the_inputs_and_outputs_of_generation(server: Server):
    metadata = server.get("/v2/models/sines.sample")
    inputs = {one["name"]: (one["datatype"], one["shape"]) for one in metadata["inputs"]}
    assert inputs == {
        "class_label": ("BYTES", [-1]),
        "count": ("INT64", [-1]),
        "n_per_class": ("INT64", [1]),
        "seed": ("INT64", [1]),
        "expansion": ("FP32", [1]),
        "cluster": ("INT64", [1]),
        **dict.fromkeys(("lower", "upper", "start_value", "end_value", "sum"), ("FP32", [2])),
        "non_negative": ("BOOL", [1]),
        "monotone": ("BYTES", [1]),
    }
    assert metadata["outputs"][0] == {"name": "series", "datatype": "FP32", "shape": [-1, 2, 64]}


def test_an_inference_response(server: Server, series: np.ndarray):
    """ "model_name", "model_version", "outputs"; each "name", "shape", "datatype", "data"."""
    document = infer(server, "sines.encode", build_tensor("series", series)).json()
    assert set(document) == {"model_name", "model_version", "outputs"}
    assert (document["model_name"], document["model_version"]) == ("sines.encode", "1")
    assert [output["name"] for output in document["outputs"]] == ["posterior_mean", "posterior_log_variance"]
    for output in document["outputs"]:
        assert set(output) == {"name", "shape", "datatype", "data"}
        assert len(output["data"]) == np.prod(output["shape"])


def test_the_identifier_comes_back(server: Server, series: np.ndarray):
    """ "Optional, but if specified this identifier must be returned in the response." """
    assert infer(server, "sines.encode", build_tensor("series", series), id="42").json()["id"] == "42"


def test_outputs_that_are_named(server: Server, series: np.ndarray):
    """ "The output tensors requested"; "if not specified all outputs produced by the model will be returned"."""
    named = read_outputs(
        infer(server, "sines.classify", build_tensor("series", series), outputs=[{"name": "probabilities"}])
    )
    assert set(named) == {"probabilities"} and named["probabilities"].shape == (4, 3)
    usual = read_outputs(infer(server, "sines.classify", build_tensor("series", series)))
    assert set(usual) == {"labels", "probabilities"}
    extra = read_outputs(
        infer(server, "sines.classify", build_tensor("series", series), outputs=[{"name": "typicality"}])
    )
    assert set(extra) == {"typicality"}


def test_data_may_be_nested_or_flat(server: Server, series: np.ndarray):
    """ "in their nature multi-dimensional representation, or as a flattened one-dimensional representation" """
    nested = infer(server, "sines.encode", build_tensor("series", series))
    flat = infer(server, "sines.encode", build_tensor("series", series) | {"data": series.reshape(-1).tolist()})
    assert nested.content == flat.content


def test_a_version_may_be_named(server: Server, series: np.ndarray):
    """ "v2/models/<model_name>[/versions/<model_version>]/infer" """
    plain = infer(server, "sines.encode", build_tensor("series", series))
    assert infer(server, "sines.encode/versions/1", build_tensor("series", series)).content == plain.content
    assert infer(server, "sines.encode/versions/2", build_tensor("series", series)).status_code == 404


def test_parameters_that_nobody_defined_change_nothing(server: Server, series: np.ndarray):
    """ "Currently no parameters are defined." "$parameter = $string : $string | $number | $boolean" """
    more: dict[str, Any] = {"parameters": {"priority": 3, "mood": "good", "sure": True}}
    plain = infer(server, "sines.encode", build_tensor("series", series))
    assert infer(server, "sines.encode", build_tensor("series", series, **more), **more).content == plain.content


def test_one_channel_may_come_in_two_dimensions(server: Server, waves: np.ndarray):
    flat = infer(server, "unlabelled.encode", build_tensor("series", waves[:, 0]))
    assert flat.content == infer(server, "unlabelled.encode", build_tensor("series", waves)).content


@pytest.mark.parametrize("datatype", ["FP32", "FP64"])
def test_the_answer_is_that_of_json(server: Server, series: np.ndarray, datatype: str):
    expected = server.answer("encode", model="sines", series=series)["posterior_mean"]
    found = read_outputs(infer(server, "sines.encode", build_tensor("series", series, datatype)))
    assert compute_relative_difference(found["posterior_mean"], expected) < 1e-5


def test_the_document_tells_of_every_path(server: Server, series: np.ndarray):
    document = server.get("/docs.json")
    described = [one for one in list_operations(document).values() if one.path.startswith("/v2")]
    read = [one for one in described if one.method == "get"]
    assert len(read) >= 7
    for one in read:
        one.check(server.http.get(one.path.format(model="sines.encode", version="1")))
    written = {one.path for one in described if one.method == "post"}
    models = {"/v2/models/{model}/infer", "/v2/models/{model}/versions/{version}/infer"}
    repository = {f"/v2/repository/models/{{model}}/{what}" for what in ("load", "unload")}
    assert written == {"/v2/repository/index"} | models | repository
    answer = infer(server, "sines.encode", build_tensor("series", series), id="1")
    list_operations(document)["v2_infer"].check(answer)
    assert set(answer.json()) == set(document["components"]["schemas"]["InferenceResponse"]["properties"])


def test_a_model_has_a_configuration_in_the_form_that_tools_read(server: Server):
    config = server.get("/v2/models/sines.augment/config")
    assert (config["name"], config["max_batch_size"]) == ("sines.augment", 0)
    inputs = {one["name"]: one for one in config["input"]}
    assert inputs["series"] == {"name": "series", "data_type": "TYPE_FP32", "dims": [-1, 2, 64], "optional": False}
    assert inputs["labels"]["data_type"] == "TYPE_STRING" and inputs["labels"]["optional"]
    assert {"series", "labels", "synthetic"} <= {one["name"] for one in config["output"]}


def test_labels_may_come_as_a_column_and_parameters_as_null(server: Server, cases: Labelled):
    labels = build_tensor("labels", [[str(label)] for label in cases.labels[:3]], parameters=None)
    series = build_tensor("series", cases.series[:3].astype(np.float32), parameters=None)
    seed = {"name": "seed", "datatype": "INT64", "shape": [1.0], "data": [7.0]}
    response = infer(server, "sines.augment", series, labels, seed, parameters=None, id=None)
    flat = build_tensor("labels", [str(label) for label in cases.labels[:3]])
    assert np.array_equal(
        read_outputs(response)["series"], read_outputs(infer(server, "sines.augment", series, flat, seed))["series"]
    )


def test_whole_floats_are_integers(server: Server):
    whole = server.answer("sample", model="sines", n_per_class=2, seed=7)
    assert server.answer("sample", model="sines", n_per_class=2.0, seed=7.0) == whole
