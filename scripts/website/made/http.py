"""The HTTP API, from the OpenAPI document of a server with a studio: a page for each of its tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from scripts.website.schemas import describe_schema, find_all, list_references, make_object, make_properties
from scripts.website.tables import as_code, as_text, make_table
from service.http.docs import build_openapi
from studio.describing import PATHS

METHODS = ("get", "post", "put", "patch", "delete")
FOLDER = "reference/http"
HEAD = """# HTTP API: {tag}

{description}

A field with a star must be there. A running server shows the same at `/docs`, where requests can be tried, and as
OpenAPI 3.1 at `/docs.json`. [Errors](../errors.md) have a page.

"""


def make_pages() -> dict[str, str]:
    """Make a page for each tag of the document."""
    document = orjson.loads(build_openapi(None, mounted=tuple(PATHS)))
    return {f"{FOLDER}/{name_page(tag['name'])}.md": _make_page(tag, document) for tag in document["tags"]}


def name_page(tag: str) -> str:
    """Return the name of a tag's page."""
    return re.sub(r"[^a-z0-9]+", "-", tag.lower()).strip("-")


def _make_page(tag: dict[str, str], document: dict[str, Any]) -> str:
    operations = [one for one in _list_operations(document) if tag["name"] in one[2]["tags"]]
    schemas = document["components"]["schemas"]
    sections = [_make_section(method, path, operation, schemas) for method, path, operation in operations]
    shown = dict.fromkeys(name for *_, operation in operations for name in _list_inlined(operation))
    named = [name for *_, operation in operations for name in list_references(operation) if name not in shown]
    named += find_all([schemas[name] for name in (*shown, *named)], schemas)
    objects = [make_object(name, schemas[name]) for name in dict.fromkeys(named)]
    head = HEAD.format(tag=tag["name"], description=as_text(tag.get("description", "")))
    return "\n".join([head, *sections, "## Schemas\n" if objects else "", *objects])


def _list_operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """List method, path and operation of each; parameters of a path are those of all its operations."""
    for path, item in document["paths"].items():
        common = item.get("parameters", [])
        for method in (name for name in METHODS if name in item):
            operation = item[method]
            yield method, path, operation | {"parameters": [*common, *operation.get("parameters", [])]}


def _make_section(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    parts = [
        f"## {method.upper()} {path} {{ #{operation['operationId'].lower()} }}",
        as_text(operation.get("summary", "")),
    ]
    parts += [as_text(operation.get("description", "")), _make_parameters(operation)]
    if body := operation.get("requestBody"):
        parts += ["**Takes** " + _list_types(body["content"]), _show_content(body["content"], schemas)]
    for status, answer in _list_answers(operation):
        parts += [f"**Answers {status}** " + _list_types(answer.get("content", {}))]
        parts += [_show_content(answer.get("content", {}), schemas)]
    parts += ["**Refuses with** " + ", ".join(sorted(set(operation["responses"]) - _find_good(operation)))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _make_parameters(operation: dict[str, Any]) -> str:
    rows = [
        (as_code(one["name"]), one["in"], describe_schema(one["schema"]), as_text(one.get("description", "")))
        for one in operation.get("parameters", ())
    ]
    return make_table(("parameter", "in", "values", "meaning"), rows) if rows else ""


def _find_good(operation: dict[str, Any]) -> set[str]:
    return {status for status in operation["responses"] if status.startswith("2")}


def _list_answers(operation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(status, operation["responses"][status]) for status in sorted(_find_good(operation))]


def _list_types(content: dict[str, Any]) -> str:
    return ", ".join(map(as_code, content))


def _find_inlined(content: dict[str, Any]) -> str | None:
    """Find the schema of a body in JSON, whose fields stand where it is taken or answered."""
    reference: str = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    return reference.rpartition("/")[2] or None


def _list_inlined(operation: dict[str, Any]) -> list[str]:
    contents = [operation.get("requestBody", {}).get("content", {})]
    contents += [answer.get("content", {}) for _, answer in _list_answers(operation)]
    return [name for name in map(_find_inlined, contents) if name]


def _show_content(content: dict[str, Any], schemas: dict[str, Any]) -> str:
    name = _find_inlined(content)
    if name is None:
        return ""
    described = as_text(schemas[name].get("description", ""))
    return f"{described}\n\n{make_properties(schemas[name])}" if "properties" in schemas[name] else described
