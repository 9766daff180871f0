"""A body that is not one whole JSON object of numbers is refused, and what is answered is finite."""

from __future__ import annotations

import json
import threading
from typing import Any

import numpy as np
import pytest

from tests.service.bundles import Labelled, compute_relative_difference
from tests.service.server import Server, call_at_once
from tests.service.test_refusals import OPERATIONS, SERIES_OPERATIONS, assert_refused, build_good

BODIES = [
    ("empty", b"", "not valid JSON"),
    ("a list", b"[]", "not a JSON object"),
    ("text", b'"series"', "not a JSON object"),
    ("null", b"null", "not a JSON object"),
    ("no text", b"\xff\xfe", "not valid JSON"),
    ("two objects", b"{}{}", "not valid JSON"),
    ("NaN", b'{"model": "sines", "series": [[[NaN]]]}', "NaN and Infinity are not JSON"),
    ("Infinity", b'{"model": "sines", "series": [[[-Infinity]]]}', "NaN and Infinity are not JSON"),
    ("deeper than any series", b'{"model": "sines", "series": ' + b"[" * 5000, "not valid JSON"),
]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("body", "words"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_a_body_that_is_no_json_object(server: Server, operation: str, body: bytes, words: str):
    assert_refused(server.send(operation, body), 400, "invalid_request", None, words)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated_json(server: Server, cases: Labelled, operation: str, share: float):
    whole = json.dumps(build_good(operation, cases)).encode()
    response = server.send(operation, whole[: int(share * len(whole))])
    assert_refused(response, 400, "invalid_request", None, "not valid JSON", "one whole JSON object")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_other_media_types_and_encodings(server: Server, cases: Labelled, operation: str):
    body = json.dumps(build_good(operation, cases))
    for media_type in ("text/csv", "application/x-ndjson", "multipart/form-data; boundary=x"):
        response = server.send(operation, body, content_type=media_type)
        assert_refused(response, 415, "unsupported_media_type", None, media_type.split(";")[0], "application/json")
    response = server.send(operation, body, content_encoding="br")
    assert_refused(response, 415, "unsupported_media_type", None, "'br'", "gzip, zstd")
    assert server.send(operation, body, content_type="Application/JSON; charset=utf-8").status_code == 200


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "QUERY"])
def test_other_methods_on_an_operation(server: Server, operation: str, method: str):
    response = server.http.request(method, f"/{operation}")
    assert_refused(response, 405, "method_not_allowed", None, f"/{operation} answers POST, not {method}")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/models", "/models/sines", "/docs", "/docs.json"])
def test_other_methods_on_a_page(server: Server, path: str):
    response = server.http.post(path)
    assert_refused(response, 405, "method_not_allowed", None, f"{path} answers GET, not POST")
    assert response.headers["allow"] == "GET"


@pytest.mark.parametrize("path", ["/nowhere", "/encode/", "/Encode", "/v3/encode", "/../etc/passwd", "/augment/sines"])
def test_paths_that_are_not_there(server: Server, path: str):
    for method in ("GET", "POST"):
        assert_refused(server.http.request(method, path), 404, "not_found", None, "POST /classify", "/docs")


def _is_finite(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return value is not None


EXTREMES = {
    "the largest number": np.full(64, 3e38),
    "largest swings": 3e38 * (-1.0) ** np.arange(64),
    "a spike": np.where(np.arange(64) == 9, 3e38, 1.0),
    "a square beyond range": np.linspace(-1e25, 1e25, 64),
    "the smallest number": np.full(64, 1e-45),
    "a constant": np.zeros(64),
    "a large constant": np.full(64, 1e20),
}


@pytest.mark.parametrize("operation", SERIES_OPERATIONS)
@pytest.mark.parametrize("extreme", EXTREMES)
def test_extreme_series_are_answered_in_finite_numbers_or_refused(
    server: Server, cases: Labelled, operation: str, extreme: str
):
    series = np.stack([EXTREMES[extreme]] * 2)[None]
    fields = {"model": "sines", "series": series.tolist()}
    more: dict[str, dict[str, Any]] = {
        "augment": {"labels": [1], "strategy": {"factor": 3.0}},
        "classify": {"with_": ["typicality"]},
    }
    response = server.post(operation, **fields, **more.get(operation, {}))
    if response.status_code == 200:
        assert all(map(_is_finite, response.json().values()))
    else:
        assert_refused(response, 400, "invalid_request", "series", "check its units and scale")


def test_a_stream_of_bad_requests_changes_nothing_for_a_neighbour(server: Server, cases: Labelled):
    given = cases.series[:9]
    alone = server.answer("classify", model="sines", series=given)["probabilities"]
    seeded = server.post("sample", model="sines", n_per_class=9, seed=1).content
    bad = [
        ("classify", b'{"model": "sines", "series": [[[1, NaN'),
        ("classify", json.dumps({"model": "sines", "series": [[[3e38] * 64] * 2]}).encode()),
        ("classify", json.dumps({"model": "sines", "series": [[[1e39] * 64] * 2]}).encode()),
        ("reconstruct", json.dumps({"model": "sines", "series": [[[3e38] * 64] * 2]}).encode()),
        ("sample", b'{"model": "sines", "n_per_class": -1}'),
    ]
    done = threading.Event()

    def stream(operation: str, body: bytes) -> set[int]:
        seen = set()
        while not done.is_set():
            seen.add(server.send(operation, body).status_code)
        return seen

    def neighbour() -> set[int]:
        try:
            for _ in range(30):
                assert compute_relative_difference(
                    server.answer("classify", model="sines", series=given)["probabilities"], alone
                ) < 1e-5  # fmt: skip
                assert server.post("sample", model="sines", n_per_class=9, seed=1).content == seeded
        finally:
            done.set()
        return {200}

    calls = [neighbour, *(lambda operation=operation, body=body: stream(operation, body) for operation, body in bad)]
    assert set().union(*call_at_once(calls)) == {200, 400}
