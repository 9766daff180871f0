"""What the protocol cannot be answered is refused in a sentence, with our statuses, and counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.service.bundles import Labelled
from tests.service.inference.conversation import build_tensor, infer
from tests.service.server import Server, run_server

SERIES = build_tensor("series", np.zeros((1, 2, 64), np.float32))
LABELS = build_tensor("labels", ["0"])
SEED = build_tensor("seed", [1])

REFUSED: list[tuple[str, str, Any, str]] = [
    ("no inputs", "encode", None, "'inputs' is missing"),
    ("inputs that are no list", "encode", {}, "'inputs' is missing"),
    ("an input that is no object", "encode", [3], "an input is 3"),
    ("an input without a shape", "encode", [{"name": "series", "datatype": "FP32"}], "send an object with name"),
    ("a shape below zero", "encode", [SERIES | {"shape": [-1, 2, 64]}], "a list of at most 8 sizes"),
    ("a name that is no text", "encode", [SERIES | {"name": 3}], "the name 3"),
    ("parameters that are no object", "encode", [SERIES | {"parameters": 3}], "parameters is 3"),
    ("an input that there is not", "encode", [SERIES | {"name": "x"}], "no input 'x'; there are: series."),
    ("an input of another operation", "encode", [SERIES, SEED], "no input 'seed'"),
    ("an input twice", "encode", [SERIES, SERIES], "'series' came twice"),
    ("no series", "encode", [], "'series' is missing"),
    ("another datatype", "encode", [build_tensor("series", np.zeros((1, 2, 64), int))], "send FP32"),
    ("no datatype", "encode", [SERIES | {"datatype": "FLOAT"}], "'FLOAT'; there are: BOOL"),
    ("no data", "encode", [SERIES | {"data": None}], "has no data"),
    ("data of another kind", "encode", [SERIES | {"data": [True] * 128}], "series holds True; FP32 takes numbers"),
    ("too few elements", "encode", [SERIES | {"data": [0.0]}], "takes 128 elements; 1 came"),
    ("a ragged list", "encode", [SERIES | {"data": [[[0.0], [0.0, 1.0]]]}], "series is ragged"),
    ("another nesting", "encode", [SERIES | {"data": [[0.0] * 64] * 2}], "nested as [2, 64]"),
    (
        "another length",
        "encode",
        [build_tensor("series", np.zeros((1, 2, 9), np.float32))],
        "Resample to 64 timepoints",
    ),
    ("another number of channels", "encode", [build_tensor("series", np.zeros((1, 64), np.float32))], "has 2 channels"),
    ("no number that is finite", "encode", [SERIES | {"data": [1e39] * 128}], "no finite 32-bit number"),
    ("labels that are not there", "augment", [SERIES], "'labels' is missing"),
    ("a class that is not there", "augment", [SERIES, build_tensor("labels", ["9"])], "does not know"),
    ("labels beside too few series", "augment", [SERIES, build_tensor("labels", ["0", "1"])], "1 series and 2 labels"),
    ("labels without a count", "sample", [build_tensor("class_label", ["0"])], "class_label came without count"),
    ("counts without a label", "sample", [build_tensor("count", [1])], "count came without class_label"),
    (
        "two labels, one count",
        "sample",
        [build_tensor("class_label", ["0", "1"]), build_tensor("count", [1])],
        "side by side",
    ),
    (
        "a class twice",
        "sample",
        [build_tensor("class_label", ["0", "0"]), build_tensor("count", [1, 1])],
        "a class twice",
    ),
    ("nothing asked for", "sample", [SEED], "neither of 'counts' and 'n_per_class'"),
    ("a seed below zero", "sample", [build_tensor("n_per_class", [1]), build_tensor("seed", [-1])], "seed is -1"),
    ("two seeds", "sample", [build_tensor("n_per_class", [1]), build_tensor("seed", [1, 2])], "seed has 2 elements"),
    ("a seed with a fraction", "sample", [build_tensor("n_per_class", [1]), build_tensor("seed", [1.0])], "send INT64"),
    (
        "two strategies",
        "augment",
        [SERIES, LABELS, build_tensor("factor", [2.0]), build_tensor("class_label", ["0"]), build_tensor("count", [2])],
        "strategy came in two ways; send one of: factor; class_label, count",
    ),
]


@pytest.mark.parametrize(
    ("operation", "inputs", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_inputs(server: Server, operation: str, inputs: Any, words: str):
    response = server.http.post(f"/v2/models/sines.{operation}/infer", json={"inputs": inputs})
    assert response.status_code == 400 and response.headers["content-type"] == "application/json"
    assert list(response.json()) == ["error"]
    message = response.json()["error"]
    assert words in message and message.endswith("."), message


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            {"outputs": [{"name": "z"}]},
            "has no output 'z'; there are: posterior_mean, posterior_log_variance,",
        ),
        ({"outputs": ["posterior_mean"]}, "send an object with its name"),
        ({"outputs": 3}, "send an object with its name"),
        ({"outputs": [{"name": "posterior_mean", "parameters": {"classification": 2}}]}, "lacks that extension"),
        ({"parameters": []}, "parameters is []"),
        ({"id": 3}, "id is 3; send text."),
    ],
)
def test_what_is_beside_the_inputs(server: Server, document: dict[str, Any], words: str):
    response = infer(server, "sines.encode", SERIES, **document)
    assert response.status_code == 400 and words in response.json()["error"], response.text


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"inputs": NaN}'])
def test_bodies(server: Server, body: bytes):
    response = server.http.post("/v2/models/sines.encode/infer", content=body)
    assert response.status_code == 400 and list(response.json()) == ["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/models/sines.encode/infer", 405),
        ("POST", "/v2/models/sines.encode", 405),
        ("POST", "/v2/health/live", 405),
        ("GET", "/v2/repository/index", 405),
        ("GET", "/v2/nothing", 404),
        ("GET", "/v2/health/well", 404),
        ("POST", "/v2/models/sines/infer", 404),
        ("POST", "/v2/models/unlabelled.classify/infer", 422),
        ("POST", "/v2/repository/models/nobody/unload", 404),
        ("POST", "/v2/repository/models/nobody/load", 404),
        ("POST", "/v2/repository/models/sines.fly/load", 404),
        ("POST", "/v2/repository/models/..%2Fsines/load", 404),
    ],
)
def test_paths(server: Server, method: str, path: str, status: int):
    response = server.http.request(method, path)
    assert response.status_code == status and list(response.json()) == ["error"], response.text


def test_requests_are_counted_as_those_of_json_are(server: Server, cases: Labelled):
    def count(outcome: str) -> float:
        name = f'seriesmith_requests_total{{model="sines",operation="encode",outcome="{outcome}"}}'
        return server.read_metrics().get(name, 0.0)

    good, bad = count("ok"), count("invalid_request")
    assert infer(server, "sines.encode", SERIES).status_code == 200
    assert infer(server, "sines.encode", SERIES | {"data": [0.0]}).status_code == 400
    assert (count("ok"), count("invalid_request")) == (good + 1, bad + 1)


def test_a_key_guards_everything_but_health(repository: Any, tmp_path: Any):
    with run_server(tmp_path, repository, key="secret") as server:
        assert infer(server, "sines.encode", SERIES).status_code == 200
        del server.http.headers["authorization"]
        for method, path in (
            ("POST", "/v2/models/sines.encode/infer"),
            ("GET", "/v2/models/sines.encode"),
            ("GET", "/v2/models/sines.encode/ready"),
            ("GET", "/v2"),
            ("POST", "/v2/repository/index"),
            ("POST", "/v2/repository/models/sines/unload"),
        ):
            response = server.http.request(method, path)
            assert response.status_code == 401 and "API key" in response.json()["error"], path
        assert server.get("/v2/health/ready")["ready"] and server.get("/v2/health/live")["live"]
