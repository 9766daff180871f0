"""The binary tensor data extension, sentence by sentence, and bodies that do not keep to it.

Quoted from triton-inference-server/server, docs/protocol/extension_binary_data.md.
"""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import numpy as np
import orjson
import pytest

from tests.service.bundles import Labelled
from tests.service.inference.conversation import build_binary, build_tensor, infer, read_outputs
from tests.service.server import Server


@pytest.fixture
def series(cases: Labelled) -> np.ndarray:
    """Four cases, `[4, 2, 64]`."""
    return cases.series[:4].astype(np.float32)


def test_inputs_may_be_binary_data(server: Server, series: np.ndarray):
    """ "little-endian byte order, row major, without stride or padding between elements" """
    in_json = read_outputs(infer(server, "sines.encode", build_tensor("series", series)))
    in_bytes = read_outputs(infer(server, "sines.encode", build_binary("series", series)))
    assert all(np.array_equal(in_json[name], in_bytes[name]) for name in in_json)


def test_text_has_its_length_before_it(server: Server):
    """ "a 4-byte unsigned integer giving the length followed by the actual bytes"; tensors "in the same order"."""
    given = {"class_label": np.array(["2", "0"]), "count": np.array([2, 3]), "seed": np.array([5])}
    in_json = infer(server, "sines.sample", *(build_tensor(name, array) for name, array in given.items()))
    in_bytes = infer(server, "sines.sample", *(build_binary(name, array) for name, array in given.items()))
    assert in_json.status_code == 200 and in_json.content == in_bytes.content
    mixed = [
        build_binary("count", given["count"]),
        build_tensor("seed", given["seed"]),
        build_binary("class_label", given["class_label"]),
    ]
    assert infer(server, "sines.sample", *mixed).content == in_json.content
    assert read_outputs(in_json)["labels"].tolist() == ["2", "2", "0", "0", "0"]


def test_one_output_as_binary_data(server: Server, series: np.ndarray):
    """ "binary_data" is "true if the output should be returned as binary data" """
    wanted = [{"name": "probabilities", "parameters": {"binary_data": True}}, {"name": "labels"}]
    response = infer(server, "sines.classify", build_binary("series", series), outputs=wanted)
    assert response.headers["content-type"] == "application/octet-stream"
    header = orjson.loads(response.content[: int(response.headers["inference-header-content-length"])])
    probabilities, labels = header["outputs"]
    assert probabilities["parameters"] == {"binary_data_size": 4 * 4 * 3} and "data" not in probabilities
    assert "parameters" not in labels and len(labels["data"]) == 4
    plain = read_outputs(infer(server, "sines.classify", build_binary("series", series)))
    assert np.array_equal(read_outputs(response)["probabilities"], plain["probabilities"].astype(np.float32))


def test_all_outputs_as_binary_data_but_those_that_say_otherwise(server: Server, series: np.ndarray):
    """ "If "binary_data" is specified on an output it overrides this setting." """
    every: dict[str, Any] = {"parameters": {"binary_data_output": True}}
    found = read_outputs(infer(server, "sines.classify", build_binary("series", series), **every))
    assert {name: array.dtype.kind for name, array in found.items()} == {"labels": "U", "probabilities": "f"}
    one = [{"name": "classes", "parameters": {"binary_data": False}}]
    response = infer(server, "sines.classify", build_binary("series", series), outputs=one, **every)
    assert response.headers["content-type"] == "application/json"
    assert "inference-header-content-length" not in response.headers


def test_booleans_are_a_byte_each(server: Server, series: np.ndarray):
    """ "element true is a single byte with value 1 and false is a single byte with value 0" """
    given = [
        build_tensor("series", series),
        build_tensor("labels", [0, 1, 2, 0], "BYTES") | {"data": ["0", "1", "2", "0"]},
    ]
    more: dict[str, Any] = {"outputs": [{"name": "synthetic", "parameters": {"binary_data": True}}]}
    response = infer(server, "sines.augment", *given, build_binary("include_original", np.array([True])), **more)
    assert response.content.endswith(bytes([0] * 4 + [1] * 2))


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_bodies_may_be_compressed(server: Server, series: np.ndarray, pack: Any):
    described, content = build_binary("series", series)
    header = orjson.dumps({"inputs": [described], "parameters": {"binary_data_output": True}})
    coding = "gzip" if pack is gzip.compress else "deflate"
    more = {"content-encoding": coding, "inference-header-content-length": str(len(header)), "accept-encoding": coding}
    response = server.http.post("/v2/models/sines.reconstruct/infer", content=pack(header + content), headers=more)
    assert response.headers["content-encoding"] == coding
    plain = read_outputs(
        infer(server, "sines.reconstruct", build_binary("series", series), parameters={"binary_data_output": True})
    )
    assert all(np.array_equal(array, plain[name]) for name, array in read_outputs(response).items())


def test_binary_data_is_packed_only_where_one_coding_is_named(server: Server, series: np.ndarray):
    every: dict[str, Any] = {"parameters": {"binary_data_output": True}}
    assert "," in server.http.headers["accept-encoding"], "a list, as HTTP libraries send it of themselves"
    assert "content-encoding" not in infer(server, "sines.reconstruct", build_binary("series", series), **every).headers
    assert infer(server, "sines.reconstruct", build_binary("series", series)).headers["content-encoding"] == "gzip"


BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("too much", {"binary_data_size": 600}, "but 512 bytes are left in the body"),
    ("below zero", {"binary_data_size": -1}, "has a binary_data_size of -1"),
    ("no number", {"binary_data_size": "512"}, "has a binary_data_size of '512'"),
    ("nothing named", {}, "has no data"),
    ("shared memory", {"shared_memory_region": "x"}, "lacks that extension"),
]


@pytest.mark.parametrize(("parameters", "words"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_sizes_that_are_not_those_of_the_body(server: Server, parameters: dict[str, Any], words: str):
    given = {"name": "series", "datatype": "FP32", "shape": [1, 2, 64], "parameters": parameters}
    response = infer(server, "sines.encode", (given, bytes(512)))
    assert response.status_code == 400 and words in response.json()["error"], response.text


def test_data_that_is_not_that_of_the_shape(server: Server):
    given = {"name": "series", "datatype": "FP32", "shape": [1, 2, 64], "parameters": {"binary_data_size": 508}}
    response = infer(server, "sines.encode", (given, bytes(508)))
    assert response.status_code == 400
    assert "[1, 2, 64] and datatype FP32 takes 512 bytes; 508 came." in response.json()["error"]
    described, content = build_binary("series", np.zeros((1, 2, 64), np.float32))
    response = infer(server, "sines.encode", (described, content + bytes(4)))
    assert response.status_code == 400 and "4 bytes are left behind" in response.json()["error"]


@pytest.mark.parametrize("length", ["x", "-1", "9999999", ""])
def test_a_header_length_that_cannot_be(server: Server, length: str):
    response = server.http.post(
        "/v2/models/sines.encode/infer", content=b"{}", headers={"inference-header-content-length": length}
    )
    assert response.status_code == 400 and "Inference-Header-Content-Length" in response.json()["error"]
