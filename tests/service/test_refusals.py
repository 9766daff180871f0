"""What cannot be answered is refused in a sentence that says what came, what was expected and what to do."""

from __future__ import annotations

import json
from typing import Any

import httpx
import numpy as np
import pytest

from tests.service.bundles import Labelled
from tests.service.server import Server

SERIES_OPERATIONS = ["encode", "reconstruct", "classify", "augment"]
OPERATIONS = [*SERIES_OPERATIONS, "sample", "decode", "interpolate", "traverse", "neighbours"]
CODES = np.linspace(-1, 1, 48).reshape(3, 16).tolist()
"""Of `sines`, and of `unlabelled`."""


def assert_refused(response: httpx.Response, status: int, code: str, field: str | None, *words: str) -> None:
    """The one shape that errors have, with these facts and words in it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message"} | ({"field"} if field else set())
    assert (body["error"]["code"], body["error"].get("field")) == (code, field)
    message = body["error"]["message"]
    assert message.endswith(".") and len(message) < 1000
    for word in words:
        assert word in message, message


def build_good(operation: str, cases: Labelled) -> dict[str, Any]:
    """A request that is answered."""
    if operation == "sample":
        return {"model": "sines", "n_per_class": 2, "seed": 1}
    if operation in ("decode", "traverse", "neighbours"):
        return {"model": "sines", "latent": CODES}
    if operation == "interpolate":
        return {"model": "sines", "start_series": cases.series[:3].tolist(), "end_latent": CODES}
    fields: dict[str, Any] = {"model": "sines", "series": cases.series[:3].tolist()}
    return fields | {"labels": [0, 1, 2], "seed": 1} if operation == "augment" else fields


def test_the_good_requests_that_the_bad_ones_differ_from_are_answered(server: Server, cases: Labelled):
    for operation in OPERATIONS:
        server.answer(operation, **build_good(operation, cases))


FLAT = [0.5] * 64
SERIES: list[tuple[str, Any, tuple[str, ...]]] = [
    ("no cases", [], ("zero cases", "at least one")),
    ("null", None, ("null", "list of cases")),
    ("a number", 3, ("3", "list of cases")),
    ("text", "1,2,3", ("string '1,2,3'", "list of cases")),
    ("an object", {"a": 1}, ("an object", "list of cases")),
    ("one flat list", FLAT, ("series[0] is 0.5", "a list was expected")),
    ("a number as text", [[["1", *FLAT[1:]], FLAT]], ("series[0][0][0] is the string '1'", "a number was expected")),
    ("a boolean", [[FLAT, [True, *FLAT[1:]]]], ("series[0][1][0] is the boolean 'True'", "a number was expected")),
    ("a gap", [[FLAT, [*FLAT[1:], None]]], ("series[0][1][63] is null", "a number was expected")),
    ("a null case", [[FLAT, FLAT], None], ("series[1] is null", "expected")),
    ("four axes", [[[FLAT], [FLAT]]], ("series[0][0][0] is a list", "a number was expected")),
    ("mixed depths", [[FLAT, FLAT], FLAT], ("series[1][0] is 0.5", "a list was expected")),
    ("lengths that differ", [[FLAT, FLAT[1:]]], ("ragged", "timepoints range from 63 to 64", "same number")),
    ("channels that differ", [[FLAT, FLAT], [FLAT]], ("ragged", "channels range from 1 to 2", "same number")),
    ("another length", [[FLAT[1:], FLAT[1:]]], ("1 x 2 x 63", "[n_cases][2][64]", "Resample to 64")),
    ("another number of channels", [[FLAT] * 3], ("1 x 3 x 64", "'sines'", "[n_cases][2][64]")),
    ("no channel axis", [FLAT, FLAT], ("2 axes", "2 x 64", "[n_cases][2][64]")),
    ("no timepoints", [[[], []]], ("1 x 2 x 0", "[n_cases][2][64]")),
    ("a case without channels", [[FLAT, FLAT], []], ("series[1]", "expected")),
    ("overflow", [[FLAT, [1e39, *FLAT[1:]]]], ("series[0][1][0] is 1e+39", "32-bit", "rescale")),
    ("a large integer", [[FLAT, [10**39, *FLAT[1:]]]], ("series[0][1][0] is 1e+39", "32-bit", "rescale")),
]


@pytest.mark.parametrize("operation", SERIES_OPERATIONS)
@pytest.mark.parametrize(("series", "words"), [row[1:] for row in SERIES], ids=[row[0] for row in SERIES])
def test_series_that_a_model_cannot_take(server: Server, cases: Labelled, operation: str, series: Any, words: tuple):
    fields = build_good(operation, cases) | {"series": series}
    if operation == "augment":
        fields |= {"labels": [0] * len(series or []) if isinstance(series, list) else [0], "strategy": {"factor": 2.0}}
    response = server.send(operation, json.dumps(fields))
    assert_refused(response, 400, "invalid_request", "series", *words)


EVERYWHERE: list[tuple[str, dict[str, Any], int, str, str, tuple[str, ...]]] = [
    (
        "an unknown field",
        {"colour": 1},
        400,
        "invalid_request",
        "colour",
        ("'colour' is not a field", "it takes: model"),
    ),
    ("an unknown model", {"model": "cosines"}, 404, "not_found", "model", ("'cosines'", "sines, unlabelled")),
    ("no model of two", {"model": None}, 404, "not_found", "model", ("2 are served", "sines, unlabelled")),
    ("an unknown version", {"model": "sines/7"}, 404, "not_found", "model", ("no version '7'", "it has: 1")),
    ("no number as version", {"model": "sines/new"}, 404, "not_found", "model", ("no version 'new'", "it has: 1")),
    ("an empty version", {"model": "sines/"}, 404, "not_found", "model", ("no version ''", "it has: 1")),
    ("a number as model", {"model": 3}, 400, "invalid_request", "model", ("model is 3", "string")),
    ("a path as model", {"model": "../sines"}, 404, "not_found", "model", ("'..'", "sines, unlabelled")),
]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("row", EVERYWHERE, ids=[row[0] for row in EVERYWHERE])
def test_fields_that_no_operation_takes(server: Server, cases: Labelled, operation: str, row: tuple):
    _, changes, status, code, field, words = row
    response = server.post(operation, **build_good(operation, cases) | changes)
    assert_refused(response, status, code, field, *words)


@pytest.mark.parametrize("operation", SERIES_OPERATIONS)
def test_a_request_without_series(server: Server, cases: Labelled, operation: str):
    fields = {name: value for name, value in build_good(operation, cases).items() if name != "series"}
    assert_refused(server.post(operation, **fields), 400, "invalid_request", "series", "'series' is missing")


@pytest.mark.parametrize("operation", ["reconstruct", "classify"])
@pytest.mark.parametrize("wrong", [["colour"], "typicality", [1]])
def test_extras_that_an_operation_does_not_have(server: Server, cases: Labelled, operation: str, wrong: Any):
    response = server.post(operation, **build_good(operation, cases) | {"with_": wrong})
    assert_refused(response, 400, "invalid_request", "with", "with")


def test_an_endless_number_of_series_in_one_request(server: Server):
    series = np.zeros((10_001, 1), np.float32)
    response = server.post("encode", model="sines", series=series)
    assert_refused(response, 413, "too_large", "series", "10001 series", "10000", "several requests")
