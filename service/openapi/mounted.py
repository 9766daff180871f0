"""Describes the paths of mounted packages, each as its row describes itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from service.openapi.described import Described
from service.openapi.refusals import ANYWHERE, KEYED, list_refusals
from service.openapi.schemas import TEXT, Schema, build_schemas, refer_to, remove_null

BINARY: Schema = {"type": "string", "format": "binary"}


def build_mounted_paths(rows: Sequence[Described]) -> dict[str, Any]:
    """Build the path items of `rows`, by path."""
    listed: dict[str, Any] = {}
    for row in rows:
        listed.setdefault(row.path, {})[row.method.lower()] = _describe(row)
    return listed


def build_mounted_components(rows: Iterable[Described]) -> dict[str, Schema]:
    """Build the schemas of all that `rows` take and answer in JSON, by name.

    Raises `ValueError` where two that differ have one name.
    """
    found: dict[str, Schema] = {}
    modes: tuple[JsonSchemaMode, ...] = get_args(JsonSchemaMode)
    for row in rows:
        for model, mode in zip((row.body, row.answer), modes, strict=True):
            for name, schema in {} if model is None else build_schemas(model.__name__, model, mode).items():
                if found.setdefault(name, schema) != schema:
                    raise ValueError(f"two schemas of the paths that are mounted have the name {name}; rename one.")
    return found


def _describe(row: Described) -> dict[str, Any]:
    said: dict[str, Any] = {"tags": [row.tag], "operationId": row.name, "summary": row.summary}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": TEXT, "description": meaning}
        for name, meaning in row.parameters
    ]
    if row.query is not None:
        parameters += _list_query(row.query)
    if parameters:
        said["parameters"] = parameters
    if row.body is not None or row.body_type != "application/json":
        schema = refer_to(row.body.__name__) if row.body is not None else BINARY
        said["requestBody"] = {"required": row.body_required, "content": {row.body_type: {"schema": schema}}}
    if not row.keyed:
        said["security"] = []
    answered = TEXT if row.answer_type.startswith("text/") else BINARY
    if row.answer is not None:
        answered = refer_to(row.answer.__name__)
    good = {"description": "The answer.", "content": {row.answer_type: {"schema": answered}}}
    refusals = list_refusals(*ANYWHERE, *(KEYED if row.keyed else ()), *row.refusals)
    said["responses"] = {str(row.status): good, **refusals}
    return said


def _list_query(model: type[BaseModel]) -> list[dict[str, Any]]:
    """List the parameters behind the question mark."""
    schema = build_schemas(model.__name__, model, "validation")[model.__name__]
    required = schema.get("required", [])
    listed = []
    for name, of_property in schema.get("properties", {}).items():
        plain = remove_null(of_property)
        description = plain.pop("description", None)
        parameter = {"name": name, "in": "query", "required": name in required, "schema": plain}
        listed.append(parameter | ({"description": description} if description else {}))
    return listed
