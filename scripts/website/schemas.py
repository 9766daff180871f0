"""JSON schemas in words: a type in a line, an object as a table of its fields."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator
from typing import Any

from scripts.website.tables import as_text, make_table

Schema = dict[str, Any]

BOUNDS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
NAMED = re.compile(r"/(schemas|\$defs)/")
"""What a reference to a schema that has a name holds; other references are to answers and the like."""

LARGEST = 1e17
"""Bounds beyond are those of a type of numbers, and not worth a word."""


def describe_schema(schema: Schema) -> str:
    """Say in a line what values a schema has; a schema that has a name becomes a link to it on the page."""
    if "$ref" in schema:
        return _link(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(map(describe_schema, schema[several])))
    return _describe_plain(schema)


def _describe_plain(schema: Schema) -> str:
    kind = schema.get("type", "any value")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return rf"\[{describe_schema(schema['items'])}\]" if "items" in schema else "list"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {describe_schema(schema['additionalProperties'])}"
    bounds = [f"{text} {schema[end]:g}" for end, text in BOUNDS.items() if abs(schema.get(end, LARGEST)) < LARGEST]
    return " ".join([kind, " and ".join(bounds)]).strip()


def _link(name: str) -> str:
    return f"[{name}](#schema-{name.lower()})"


def make_object(name: str, schema: Schema) -> str:
    """Make the section of a schema that has a name."""
    head = f"### {name} {{ #schema-{name.lower()} }}\n\n{as_text(schema.get('description', ''))}\n\n"
    if "properties" not in schema:
        return f"{head}{describe_schema(schema)}\n"
    return head + make_properties(schema)


def make_properties(schema: Schema) -> str:
    """Make the table of an object's fields, those that must be there first."""
    required = schema.get("required", ())
    rows = [
        (
            f"`{name}`" + (" *" if name in required else ""),
            _describe_field(field),
            as_text(field.get("description", "")),
        )
        for name, field in sorted(schema["properties"].items(), key=lambda item: item[0] not in required)
    ]
    return make_table(("field", "values", "meaning"), rows)


def _mark(name: str, required: Container[str]) -> str:
    return f"`{name}` \\*" if name in required else f"`{name}`"


def _describe_field(field: Schema) -> str:
    default = field.get("default")
    shown = "" if default is None or default in ([], {}) else f"; default `{json.dumps(default)}`"
    return describe_schema(field).replace(" or null", "") + shown


def list_references(value: Any) -> Iterator[str]:
    """List the names of the schemas that a piece of a document refers to."""
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str) and NAMED.search(reference):
            yield reference.rpartition("/")[2]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from list_references(each)


def find_all(piece: Any, schemas: dict[str, Schema]) -> list[str]:
    """Find the names of all schemas that a piece of a document needs, those it names first."""
    found: dict[str, None] = {}
    waiting = list(list_references(piece))
    while waiting:
        name = waiting.pop(0)
        if name not in found and name in schemas:
            found[name] = None
            waiting += list_references(schemas[name])
    return list(found)
