"""The OpenAPI document as something to hold a server to: its operations, its examples, and what an answer must be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from jsonschema import Draft202012Validator

from service.http.docs import TAGS
from service.inference.docs import TAG
from tests.service.server import Server


@dataclass(frozen=True)
class Described:
    """One operation of the document: its place there, and what its answers are."""

    document: dict[str, Any]
    path: str
    method: str
    said: dict[str, Any]

    @property
    def name(self) -> str:
        """Its operationId."""
        name: str = self.said["operationId"]
        return name

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """Those of the path, and its own."""
        return [*self.document["paths"][self.path].get("parameters", []), *self.said.get("parameters", [])]

    def find_example(self) -> tuple[str, Any] | None:
        """Path and JSON body of the example; None where the document has none for all that is required."""
        path, body = self.path, self.said.get("requestBody", {})
        for parameter in self.parameters:
            if parameter["in"] == "path":
                if "example" not in parameter:
                    return None
                path = path.replace(f"{{{parameter['name']}}}", quote(parameter["example"], safe=""))
        example = body.get("content", {}).get("application/json", {}).get("example")
        return None if body.get("required") and example is None else (path, example)

    def send_example(self, server: Server) -> httpx.Response:
        """What the server answers to the example."""
        example = self.find_example()
        assert example is not None, self.name
        path, body = example
        return server.http.request(self.method, path, **({} if body is None else {"json": body}))

    def check(self, response: httpx.Response) -> None:
        """Fail unless the document has this answer: its status, its media type, its schema and its headers."""
        where = f"{self.method} {self.path} {response.status_code}"
        assert str(response.status_code) in self.said["responses"], f"{where} is not in the document: {response.text}"
        said = resolve(self.document, self.said["responses"][str(response.status_code)])
        media_type = response.headers["content-type"].partition(";")[0]
        assert media_type in said["content"], f"{where} is {media_type}"
        if media_type == "application/json":
            problems = list(
                make_validator(self.document, said["content"][media_type]["schema"]).iter_errors(response.json())
            )
            assert not problems, f"{where}: {problems[0].message} at {problems[0].json_path}"


def list_operations(document: dict[str, Any]) -> dict[str, Described]:
    """Every operation of a document, by its operationId."""
    found = [
        Described(document, path, method, said)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
        if method != "parameters"
    ]
    return {described.name: described for described in found}


def list_own(document: dict[str, Any]) -> dict[str, Described]:
    """Those of the service itself, by operationId: not those of what is mounted beside it."""
    tags = {*TAGS, TAG}
    return {name: one for name, one in list_operations(document).items() if tags.issuperset(one.said["tags"])}


def make_validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """Of a schema in the document."""
    return Draft202012Validator({**schema, "components": document["components"]})


def resolve(document: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to."""
    if "$ref" not in said:
        return said
    found: Any = document
    for part in said["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return resolve(document, found)


def list_schemas(value: Any) -> Iterator[dict[str, Any]]:
    """Every schema in the document's components, and every part of one."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from list_schemas(part)


def find_parameters(path: str) -> set[str]:
    """The names in a path's braces."""
    return set(re.findall(r"{(\w+)}", path))
