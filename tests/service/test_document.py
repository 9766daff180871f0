"""`/docs.json` is true: valid, whole, and what the server answers is what it says."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from openapi_spec_validator import validate

from bundle.errors import Unauthenticated
from service.http.exchange import Request, Response
from service.http.routes import Routes
from service.openapi.refusals import KEYED
from service.operations import OPERATIONS
from service.serving import Serving
from service.settings import Settings
from tests.service.bundles import OF_SINES, Labelled
from tests.service.described import (
    Described,
    find_parameters,
    list_operations,
    list_own,
    list_schemas,
    make_validator,
    resolve,
)
from tests.service.proxy import run_proxy
from tests.service.server import Server
from tests.service.test_refusals import CODES, build_good


@pytest.fixture(scope="module")
def document(server: Server) -> dict[str, Any]:
    """The OpenAPI document."""
    read: dict[str, Any] = server.get("/docs.json")
    return read


@pytest.fixture(scope="module")
def described(document: dict[str, Any]) -> dict[str, Described]:
    """The operations of the service itself; tests/studio has those of the studio."""
    return list_own(document)


def test_it_is_valid(document: dict[str, Any]):
    validate(document)
    assert document["openapi"] == "3.1.0"


def test_every_operation_has_a_name_of_its_own_and_all_its_parameters(document: dict[str, Any]):
    listed = [
        (path, said)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
        if method != "parameters"
    ]
    names = [said["operationId"] for _, said in listed]
    assert len(set(names)) == len(names) > 20
    for path, said in listed:
        parameters = [*document["paths"][path].get("parameters", []), *said.get("parameters", [])]
        assert {one["name"] for one in parameters if one["in"] == "path"} == find_parameters(path), path


def test_components_are_titled_once_each_and_nothing_inside_them(document: dict[str, Any]):
    components = document["components"]["schemas"]
    assert {name: schema["title"] for name, schema in components.items()} == {name: name for name in components}
    for name, component in components.items():
        for part in list_schemas(component):
            assert part is component or not isinstance(part.get("title"), str), name


def test_nothing_has_a_default_of_null(document: dict[str, Any]):
    for part in list_schemas(document["components"]["schemas"]):
        assert part.get("default", ...) is not None


def test_keys_are_asked_for_where_they_are_needed(document: dict[str, Any], described: dict[str, Described]):
    assert document["components"]["securitySchemes"]["bearer"] | {"description": ""} == {
        "type": "http",
        "scheme": "bearer",
        "description": "",
    }
    assert document["security"] == [{}, {"bearer": []}]  # this server has no key
    opened = {name for name, one in described.items() if one.said.get("security") == []}
    assert opened == {"ready", "live", "v2_ready", "v2_live"}
    for name, one in described.items():
        refused = {str(kind.http_status) for kind in KEYED} & set(one.said["responses"])
        assert len(refused) == (0 if name in opened else 2), name


def test_refusals_are_listed_with_their_shape_and_their_headers(document: dict[str, Any], described: dict[str, Any]):
    for one in described.values():
        statuses = {"400", "405", "408", "413", "429", "431", "500", "501", "503"}
        assert statuses <= set(one.said["responses"])
        runs = one.name in OPERATIONS or one.name.startswith("v2_infer")
        assert not runs or {"401", "403", "404", "415", "422", "504"} <= set(one.said["responses"])
        shape = "InferenceError" if one.path.startswith("/v2") else "Error"
        for status in statuses - {"503"}:
            response = resolve(document, one.said["responses"][status])
            assert response["content"]["application/json"]["schema"]["$ref"].endswith(f"/{shape}"), one.name
    headers = {name: set(said.get("headers", {})) for name, said in document["components"]["responses"].items()}
    assert {name: headers[name] for name in ("Unauthenticated", "MethodNotAllowed", "Overloaded", "Unavailable")} == {
        "Unauthenticated": {"WWW-Authenticate"},
        "MethodNotAllowed": {"Allow"},
        "Overloaded": {"Retry-After"},
        "Unavailable": {"Retry-After"},
    }


NOT_HERE = ("v2_unload", "blend")
"""Unloaded is what other tests ask for; and no model that is served here can blend."""


def test_every_example_is_answered_as_the_document_says(server: Server, described: dict[str, Described]):
    sent = 0
    for one in described.values():
        if one.name in NOT_HERE or one.find_example() is None:
            continue
        response = one.send_example(server)
        assert response.status_code in ((200, 403) if one.name == "v2_load" else (200,)), response.text
        one.check(response)
        sent += 1
    assert sent == len(described) - len(NOT_HERE)


def test_examples_meet_their_schema(document: dict[str, Any], described: dict[str, Described]):
    for one in described.values():
        content = one.said.get("requestBody", {}).get("content", {}).get("application/json", {})
        if "example" in content:
            make_validator(document, content["schema"]).validate(content["example"])


EXTRAS: dict[str, list[dict[str, Any]]] = {
    "classify": [{"with_": ["typicality"]}],
    "reconstruct": [{"with_": ["timepoint_error"]}],
    "augment": [{"strategy": {"factor": 2}}, {"policy": "guided", "include_original": False}],
    "sample": [{"n_per_class": None, "counts": {"2": 1}}],
}


@pytest.mark.parametrize("operation", OF_SINES)
def test_answers_of_a_labelled_bundle_are_as_described(
    server: Server, described: dict[str, Described], cases: Labelled, operation: str
):
    for extra in [{}, *EXTRAS.get(operation, [])]:
        response = server.post(operation, **build_good(operation, cases) | extra)
        assert response.status_code == 200, response.text
        described[operation].check(response)
        for name in extra.get("with_", []):
            assert name in response.json()


@pytest.mark.parametrize("operation", OF_SINES)
def test_answers_of_an_unlabelled_bundle_are_as_described(
    server: Server, described: dict[str, Described], waves: Any, operation: str
):
    fields: dict[str, Any] = {"n_per_class": 1} if operation == "sample" else {"series": waves[:2, 0]}
    if operation == "augment":
        fields["strategy"] = {"factor": 2}
    if operation in ("decode", "traverse"):
        fields = {"latent": CODES}
    if operation == "interpolate":
        fields = {"start_series": waves[:2, 0], "end_latent": CODES[:1]}
    response = server.post(operation, model="unlabelled", **fields)
    assert response.status_code == (422 if operation in ("classify", "neighbours") else 200), response.text
    described[operation].check(response)


def test_refusals_are_as_described(server: Server, described: dict[str, Described], cases: Labelled):
    classify = described["classify"]
    refused = {
        400: server.post("classify", series=[]),
        404: server.post("classify", **build_good("classify", cases) | {"model": "cosines"}),
        405: server.http.put("/classify", json={}),
        413: server.post("classify", model="sines", series=[[0]] * 10_001),
        415: server.send("classify", b"", content_type="text/csv"),
        422: server.post("classify", model="unlabelled", series=[[0] * 40]),
    }
    for status, response in refused.items():
        assert response.status_code == status
        classify.check(response)
    infer = described["v2_infer"]
    for model, body in (("cosines.encode", {"inputs": []}), ("sines.encode", {}), ("sines.encode", {"inputs": [{}]})):
        response = server.http.post(f"/v2/models/{model}/infer", json=body)
        assert response.status_code in (400, 404)
        infer.check(response)
    described["get_model"].check(server.http.get("/models/cosines"))
    described["v2_model_version"].check(server.http.get("/v2/models/sines.encode/versions/9"))


def test_requests_are_described_as_they_are_taken(document: dict[str, Any], server: Server, cases: Labelled):
    schema = {"$ref": "#/components/schemas/ReconstructRequest"}
    taken = make_validator(document, schema)
    good_ones: list[dict[str, Any]] = [
        {"model": "sines", "series": cases.series[:1].tolist()},
        {"model": "unlabelled", "series": [[0.5] * 40]},
        {"model": "unlabelled", "series": [[0] * 40], "with": ["timepoint_error"]},
    ]
    bad_ones: list[dict[str, Any]] = [
        {},
        {"series": []},
        {"series": [[]]},
        {"series": [[[]]]},
        {"series": [1.0]},
        {"series": [[["1"]]]},
        {"series": [[[[1]]]]},
        {"series": [["x"]]},
        {"series": [[1e39]]},
        {"series": [[0]], "colour": 1},
        {"series": [[0]], "with": ["typicality"]},
        {"series": [[0]], "model": 3},
    ]
    for fields in good_ones:
        assert taken.is_valid(fields)
        server.answer("reconstruct", **{name.replace("with", "with_"): value for name, value in fields.items()})
    for fields in bad_ones:
        assert not taken.is_valid(fields), fields
        assert server.http.post("/reconstruct", json={"model": "unlabelled", **fields}).status_code == 400, fields


def test_examples_are_for_those_who_may_use_the_models(repository: Path):
    serving = Serving(Settings(models=repository, api_key="a key"))
    serving.repository = serving.repository.refresh(1)

    def read(authorization: bytes) -> Response:
        request = Request("GET", "/docs.json", {b"authorization": authorization}, b"")
        routes = Routes(serving)
        match = routes.admit(request.method, request.path, request.headers)
        answer = asyncio.run(routes.answer(match, request))
        assert isinstance(answer, Response) and answer.status == 200
        return answer

    known = read(b"Bearer a key")
    assert b"sines" in known.body and json.loads(known.body)["security"] == [{"bearer": []}]
    with pytest.raises(Unauthenticated):
        read(b"Bearer another")


@pytest.mark.parametrize("prefix", ["/seriesmith", "/a/deeper/place"])
def test_page_document_and_examples_work_behind_a_prefix(server: Server, prefix: str):
    with run_proxy(server.url, prefix) as url, httpx.Client(trust_env=False) as client:
        page = client.get(f"{url}/docs").text
        links = [*re.findall(r'(?:src|href)="([^"]+)"', page), *re.findall(r'url: "([^"]+)"', page)]
        assert len(links) == 3
        for link in links:
            assert client.get(urljoin(f"{url}/docs", link)).status_code == 200, link
        document = client.get(urljoin(f"{url}/docs", links[-1])).json()
        base = urljoin(f"{url}/docs.json", document["servers"][0]["url"]).rstrip("/")
        assert base == url
        example = list_operations(document)["classify"].find_example()
        assert example is not None
        assert client.post(base + example[0], json=example[1]).status_code == 200
