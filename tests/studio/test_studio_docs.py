"""`/docs.json` has every path of the studio, and what they answer is what it says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from service.http.docs import build_openapi
from studio.catalogue.catalogue import Catalogue
from studio.describing import PATHS
from tests.service.described import Described, list_operations, list_own, list_schemas, resolve
from tests.service.server import Server
from tests.studio.known import catalogue, keep, make_gunpoint
from tests.studio.rows import list_described, mount_studio

__all__ = ["catalogue"]


@pytest.fixture(scope="module")
def described(studio_server: Server) -> dict[str, Described]:
    """The document's operations of the studio, by operationId."""
    document = studio_server.get("/docs.json")
    own = list_own(document)
    return {name: one for name, one in list_operations(document).items() if name not in own}


def test_the_document_is_valid(described: dict[str, Described]):
    validate(next(iter(described.values())).document)


def test_every_path_is_described_and_nothing_else(described: dict[str, Described], monkeypatch: pytest.MonkeyPatch):
    assert set(described) == {one.name for one in PATHS}
    routes = mount_studio(monkeypatch)
    rows = {row.path: row for row, _ in list_described(routes)}
    assert {one.name for _, one in list_described(routes)} == set(described)
    for row in rows.values():
        assert {one.method for one in row.described} == set(row.methods), row.path


def test_every_body_and_answer_in_json_has_a_schema_with_fields(described: dict[str, Described]):
    for one in described.values():
        contents = [one.said.get("requestBody", {}).get("content", {})]
        contents += [answer.get("content", {}) for status, answer in one.said["responses"].items() if status[0] == "2"]
        for content in contents:
            if "application/json" in content:
                schema = resolve(one.document, content["application/json"]["schema"])
                assert schema["properties"], one.name
        for part in list_schemas(contents):
            assert part.get("default", ...) is not None


def test_what_is_not_mounted_is_not_described():
    assert b"/datasets" not in build_openapi(None)


def _find_misfits(one: Described, response: httpx.Response) -> list[str]:
    """How an answer, which must be good, differs from what the document says; it must not have fields besides."""
    assert response.status_code < 300, response.text
    try:
        one.check(response)
    except AssertionError as error:
        return [str(error)]
    said = resolve(one.document, one.said["responses"][str(response.status_code)])
    answer = response.json()
    schema = resolve(one.document, said["content"]["application/json"]["schema"])
    return [f"{one.name}: studio/shapes.py lacks {place}" for place in _list_unknown(one.document, schema, answer, "")]


def _list_unknown(document: dict[str, Any], schema: dict[str, Any], answer: Any, place: str) -> list[str]:
    """The fields of an answer that its schema does not know, where it knows any."""
    schema = resolve(document, schema)
    for member in schema.get("anyOf", ()):
        if "$ref" in member and answer is not None:
            schema = resolve(document, member)
        elif member.get("type") == "array" and isinstance(answer, list):
            schema = member
    if isinstance(answer, list):
        items = schema.get("items", {})
        return [found for one in answer[:3] for found in _list_unknown(document, items, one, f"{place}[]")]
    if not isinstance(answer, dict) or "properties" not in schema:
        return []
    known = schema["properties"]
    unknown = [f"{place}.{name}" for name in answer if name not in known]
    for name, value in answer.items():
        if name in known:
            unknown += _list_unknown(document, known[name], value, f"{place}.{name}")
    return unknown


def test_answers_are_as_described(studio_server: Server, described: dict[str, Described], catalogue: Catalogue):
    http, misfits = studio_server.http, list[str]()

    def call(name: str, path: str, body: Any = None, **more: Any) -> Any:
        one = described[name]
        send = more if body is None else {"json": body} | more
        response = http.request(one.method.upper(), path, **send)
        misfits.extend(_find_misfits(one, response))
        return response.json()

    lines = "\n".join(f"{'up' if case % 2 else 'down'},{case},{case + 1},{case + 2}" for case in range(8))
    table = f"label,t0,t1,t2\n{lines}\n".encode()
    octets = {"content-type": "application/octet-stream"}
    upload = call("create_upload", "/uploads?filename=a.csv", content=table, headers=octets)
    call("get_upload", f"/uploads/{upload['id']}")
    call("preview_upload", f"/uploads/{upload['id']}/preview", {"settings": {"label": ["label"]}})
    refused = call("create_upload", "/uploads?filename=b.csv", content=b"label,t0,t1\na,1,\nb,x", headers=octets)
    assert refused["refusal"] is not None
    one = call("create_dataset", "/datasets", {"upload": upload["id"], "name": "described", "tags": ["a"]})
    made = {"generator": "sines", "options": {}, "name": "described sines"}
    sines = call("create_dataset", "/datasets", made)
    id = sines["id"]
    call("list_datasets", "/datasets?search=described&limit=5")
    call("get_dataset", f"/datasets/{id}")
    call("change_dataset", f"/datasets/{id}", {"tags": ["b"]})
    call("list_series", f"/datasets/{id}/series?limit=3&part=train")
    call("map_dataset", f"/datasets/{id}/map")
    call("map_dataset", f"/datasets/{one['id']}/map?beside={one['id']}")
    call("cut_windows", f"/datasets/{id}/windows", {"window": 16, "stride": 16, "name": "described windows"})
    call("delete_dataset", f"/datasets/{id}")
    call("restore_dataset", f"/datasets/{id}/restore")
    file = http.get(f"/datasets/{id}/file?suffix=.csv&part=train")
    assert file.status_code == 200 and file.content
    call("list_generators", "/generators")
    call("preview_generator", "/generators/sines/preview", {"options": {}, "n_cases": 2})
    known = keep(catalogue, make_gunpoint(studio_server, {"1": 1, "2": 3}), "described gunpoint")
    call("augment_dataset", f"/datasets/{known}/augment", {"model": "gunpoint"})
    call("list_model_versions", "/studio/models/gunpoint")
    call("map_codes", f"/studio/models/gunpoint/map?dataset={known}")
    call("describe_studio", "/studio.json")
    call("list_fits", "/fits")
    assert not misfits, "\n".join(sorted(set(misfits)))


@pytest.mark.long  # all that fits are made of is imported to list it
def test_options_of_fits_are_as_described(studio_server: Server, described: dict[str, Described]):
    response = studio_server.http.get("/fits/options", timeout=120)
    assert not set(_find_misfits(described["list_fit_options"], response))


def test_refusals_are_as_described(studio_server: Server, described: dict[str, Described]):
    nowhere = "0" * 32
    for name, path in (
        ("get_dataset", f"/datasets/{nowhere}"),
        ("get_fit", f"/fits/{nowhere}"),
        ("get_upload", f"/uploads/{nowhere}"),
        ("list_model_versions", "/studio/models/nobody"),
    ):
        response = studio_server.http.get(path)
        assert response.status_code == 404, response.text
        described[name].check(response)
    response = studio_server.http.get("/datasets?colour=red")
    assert response.status_code == 400
    described["list_datasets"].check(response)
