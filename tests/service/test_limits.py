"""A key, a bound on rows, bytes, what waits and how long: each refuses what it must and nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.service.bundles import Labelled
from tests.service.server import Server, call_at_once, run_server, wait_until
from tests.service.test_refusals import OPERATIONS, SERIES_OPERATIONS, assert_refused, build_good

KEY = "a secret"


@pytest.fixture(scope="module")
def guarded(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Takes 600 rows and 500 000 bytes, from who has the key."""
    limits: dict[str, Any] = {"max_rows": 600, "queue_rows": 600, "max_body_bytes": 500_000}
    with run_server(tmp_path_factory.mktemp("guarded"), repository, KEY, **limits) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Answers within 50 ms or not at all."""
    with run_server(tmp_path_factory.mktemp("hasty"), repository, timeout_seconds=0.05) as running:
        yield running


@pytest.mark.parametrize("key", [None, "Bearer wrong", KEY, "Bearer", f"Basic {KEY}"])
def test_without_the_key_nothing_is_answered(guarded: Server, cases: Labelled, key: str | None):
    headers = {"authorization": key} if key else {}
    with httpx.Client(base_url=guarded.url, headers=headers, trust_env=False) as stranger:
        answers = [stranger.post(f"/{operation}", json=build_good(operation, cases)) for operation in OPERATIONS]
        for response in [*answers, stranger.get("/models"), stranger.get("/models/sines")]:
            assert_refused(response, 401, "unauthenticated", None, "Authorization: Bearer")
            assert response.headers["www-authenticate"] == "Bearer"


def test_health_needs_no_key_and_everything_else_does(guarded: Server):
    for path in ("/readyz", "/livez"):
        assert httpx.get(guarded.url + path, trust_env=False).status_code == 200
    for path in ("/metrics", "/docs", "/docs.json"):
        assert httpx.get(guarded.url + path, trust_env=False).status_code == 401
        assert guarded.http.get(path).status_code == 200


def test_with_the_key_everything_is_answered(guarded: Server, cases: Labelled):
    for operation in OPERATIONS:
        guarded.answer(operation, **build_good(operation, cases))


@pytest.mark.parametrize("operation", SERIES_OPERATIONS)
def test_more_rows_than_allowed_are_refused_and_as_many_as_allowed_answered(guarded: Server, operation: str):
    wave = 1 + 0.15 * np.sin(np.arange(64) / 5)
    series = [[np.rint(1000 * wave).astype(int).tolist(), (0.01 * wave).round(3).tolist()]] * 601
    labels = {"labels": [0] * 601} if operation == "augment" else {}
    response = guarded.post(operation, model="sines", series=series, **labels)
    assert_refused(response, 413, "too_large", "series", "601 series", "600", "SERIESMITH_MAX_ROWS")
    fewer = {name: value[:600] for name, value in labels.items()}
    guarded.answer(operation, model="sines", series=series[:600], **fewer)


def test_as_many_samples_as_allowed_are_answered(guarded: Server):
    assert len(guarded.answer("sample", model="sines", n_per_class=200)["series"]) == 600
    assert_refused(guarded.post("sample", model="sines", n_per_class=201), 413, "too_large", "n_per_class", "603")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("chunked", [False, True])
def test_more_bytes_than_allowed(guarded: Server, operation: str, chunked: bool):
    content = (b" " * 10_000 for _ in range(60)) if chunked else b" " * 600_000
    response = guarded.send(operation, content)
    assert_refused(response, 413, "too_large", None, "500000 bytes", "several requests")


def test_a_chunked_body_within_the_limit_is_answered(guarded: Server):
    parts = iter([b'{"model": "sin', b'es", "n_per_', b'class": 2}'])
    assert guarded.send("sample", parts).status_code == 200


def test_what_would_wait_beyond_the_bound_is_refused_at_once(guarded: Server):
    """Six times what may wait, at once: those refused are told to come again, and the others lose nothing."""
    responses = call_at_once([lambda: guarded.post("sample", model="sines", n_per_class=200, seed=1)] * 12)
    refused = [response for response in responses if response.status_code != 200]
    answered = {response.content for response in responses if response.status_code == 200}
    assert refused and len(answered) == 1
    for response in refused:
        assert_refused(response, 429, "overloaded", None, "are waiting", "limit of 600", "again")
        assert response.headers["retry-after"] == "1"
    assert guarded.post("sample", model="sines", n_per_class=200, seed=1).content in answered


def test_an_answer_that_is_not_ready_in_time_ends_and_gives_its_place_back(hasty: Server, cases: Labelled):
    response = hasty.post("sample", model="sines", n_per_class=3000)
    assert_refused(response, 504, "deadline_exceeded", None, "within 0.05 s", "SERIESMITH_TIMEOUT_SECONDS")
    wait_until(lambda: hasty.read_metrics()["seriesmith_queue_rows"] == 0, seconds=5, what="an empty queue")
    quick = {"model": "sines", "series": cases.series[:1].tolist()}
    wait_until(lambda: hasty.post("encode", **quick).status_code == 200, seconds=5, what="an answer")
