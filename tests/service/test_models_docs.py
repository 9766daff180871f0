"""What the server says of itself: cards, the OpenAPI document, its page and readiness."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from service.operations import OPERATIONS
from tests.service.bundles import OF_SINES, Labelled
from tests.service.described import list_own, resolve
from tests.service.server import Server
from tests.service.test_refusals import assert_refused, build_good


@pytest.fixture(scope="module")
def document(server: Server) -> dict[str, Any]:
    """The OpenAPI document."""
    read: dict[str, Any] = server.get("/docs.json")
    return read


def test_the_listing_has_a_card_of_every_model(server: Server):
    listing = server.get("/models")
    assert [card["name"] for card in listing["models"]] == ["sines", "unlabelled"]
    assert listing["refused"] == []
    assert all(card == server.get(f"/models/{card['name']}") for card in listing["models"])


def test_a_card_says_what_a_model_is(server: Server):
    card = server.get("/models/sines")
    assert (card["version"], card["versions"], card["labelled"]) == (1, [1], True)
    assert [row["label"] for row in card["classes"]] == [0, 1, 2]
    assert (card["series"]["n_channels"], card["series"]["n_timepoints"]) == (2, 64)
    assert card["metrics"]["accuracy"] >= 0.95
    assert card["provider"] in ("CPUExecutionProvider", "CUDAExecutionProvider")
    assert server.get("/models/unlabelled")["labelled"] is False


def test_a_card_of_no_model(server: Server):
    assert_refused(server.http.get("/models/cosines"), 404, "not_found", "model", "'cosines'", "sines, unlabelled")
    assert server.http.get("/models/sines/1").status_code == 404


def test_the_document_names_every_path(document: dict[str, Any]):
    assert document["openapi"].startswith("3.") and document["info"]["title"] and document["info"]["version"]
    posted = {one.path for one in list_own(document).values() if one.method == "post" and one.path[:4] != "/v2/"}
    assert posted == {f"/{name}" for name in OPERATIONS}
    assert {"/models", "/models/{name}"} <= {path for path, methods in document["paths"].items() if "get" in methods}
    for methods in document["paths"].values():
        for described in methods.values():
            if isinstance(described, dict):
                good = next(answer for status, answer in described["responses"].items() if status[0] == "2")
                assert described["summary"] and good["description"]


def _list_references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _list_references(part)


def test_every_reference_in_the_document_leads_somewhere(document: dict[str, Any]):
    references = set(_list_references(document))
    assert references
    for reference in references:
        assert resolve(document, {"$ref": reference}), reference


@pytest.mark.parametrize("operation", OF_SINES)
def test_requests_and_answers_have_the_fields_that_the_document_says(
    server: Server, document: dict[str, Any], cases: Labelled, operation: str
):
    schemas = document["components"]["schemas"]
    request, answer = schemas[f"{operation.title()}Request"], schemas[f"{operation.title()}Answer"]
    fields = build_good(operation, cases)
    assert set(request.get("required", [])) <= set(fields) <= set(request["properties"])
    assert request["additionalProperties"] is False
    answered = server.answer(operation, **fields)
    assert set(answered) <= set(answer["properties"])
    assert {"model", "version"} <= set(answered)


def test_the_page_takes_nothing_from_elsewhere(server: Server):
    page = server.http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert not re.search(r"(https?:)?//\w", page.text)
    for path in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert server.http.get(path).status_code == 200, path


def test_head_answers_as_get_without_a_body(server: Server):
    for path in ("/models", "/models/sines", "/docs", "/docs.json"):
        head, get = server.http.head(path), server.http.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == get.headers["content-length"]


def test_a_live_server_is_ready(server: Server):
    assert server.http.get("/readyz").status_code == server.http.get("/livez").status_code == 200
