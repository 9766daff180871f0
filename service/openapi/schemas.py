"""JSON schemas of requests and answers, written so that generators of clients make usable code of them."""

from __future__ import annotations

import functools
from typing import Any, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from bundle.evidence import Metrics
from bundle.generation.policy import PolicyName
from bundle.manifest import ClassCard
from bundle.shape import SeriesShape
from service.advising import AugmentAdvice
from service.answers import LENGTHS, find_axes
from service.grpc.names import ANSWER, REQUEST, name_message
from service.inference.inputs import list_extras
from service.operations import OPERATIONS, Operation

Schema = dict[str, Any]

REFERENCE = "#/components/schemas/{model}"
NULL: Schema = {"type": "null"}
BY_NAME = ("properties", "$defs")
"""Keywords that hold schemas by names which are no keywords."""


def refer_to(name: str) -> Schema:
    """Return a reference to a component."""
    return {"$ref": REFERENCE.format(model=name)}


@functools.cache
def build_components() -> dict[str, Schema]:
    """Build the schemas of every operation's request and answer, of a model's card and of errors, by name."""
    found: dict[str, Schema] = {"Error": ERROR, "Listing": LISTING, "RefusedBundle": REFUSED_BUNDLE}
    for operation in OPERATIONS.values():
        _add(found, name_request(operation), operation.request, "validation")
        _add(found, name_answer(operation), operation.answer, "serialization")
        _mark_optional(found[name_answer(operation)], operation)
    for model in (ClassCard, SeriesShape, Metrics, AugmentAdvice):
        _add(found, model.__name__, model, "serialization")
    _mark_left_out(found["SeriesShape"], get_type_hints(SeriesShape))
    found["Card"] = _build_card()
    for schema in found.values():
        _name_policies(schema)
    found["Policy"] = POLICY | {"title": "Policy", "description": "where synthetic series come from"}
    return {name: found[name] for name in sorted(found)}


def _name_policies(schema: Schema) -> None:
    """Replace the list of policy names, wherever an answer has one, by a reference to one component."""
    for name, of_property in schema.get("properties", {}).items():
        if of_property == POLICY:
            schema["properties"][name] = refer_to("Policy")


def name_request(operation: Operation) -> str:
    """Name the component of an operation's request."""
    return name_message(operation.name, REQUEST)


def name_answer(operation: Operation) -> str:
    """Name the component of an operation's answer."""
    return name_message(operation.name, ANSWER)


def _add(found: dict[str, Schema], name: str, model: Any, mode: JsonSchemaMode) -> None:
    found.update(build_schemas(name, model, mode))


def build_schemas(name: str, model: Any, mode: JsonSchemaMode) -> dict[str, Schema]:
    """Build the schema of a `model`, and those of the models in it, by name."""
    found: dict[str, Schema] = {}
    schema = TypeAdapter(model).json_schema(ref_template=REFERENCE, mode=mode)
    for part, of_part in {**schema.pop("$defs", {}), name: schema}.items():
        if mode == "serialization" and of_part.get("additionalProperties") is False:
            del of_part["additionalProperties"]  # answers of newer servers may say more
        found[part] = {"title": part, **tidy_schema(of_part)}
    return found


def tidy_schema(schema: Any) -> Any:
    """Remove what generators of clients misread: titles, which become names of models, and defaults of null.

    A constant becomes an enumeration of one value, since generated clients cannot tell a constant in a union.
    """
    if isinstance(schema, list):
        return [tidy_schema(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key != "title" and (key, value) != ("default", None)}
    tidy = {
        key: {name: tidy_schema(part) for name, part in value.items()} if key in BY_NAME else tidy_schema(value)
        for key, value in kept.items()
    }
    if "const" in tidy:
        tidy["enum"] = [tidy.pop("const")]
    return _move_description(tidy)


def _move_description(schema: Schema) -> Schema:
    """Move the description of a member of a union with null to the union."""
    members = schema.get("anyOf", [])
    if NULL not in members or len(members) != 2:
        return schema
    inner, other = members
    described = {key: value for key, value in inner.items() if key == "description"}
    rest = {key: value for key, value in inner.items() if key != "description"}
    return {**described, **schema, "anyOf": [rest, other]}


def _mark_optional(answer: Schema, operation: Operation) -> None:
    """Make the fields optional that an answer over JSON may lack; none of them is ever null."""
    extras = frozenset[str]().union(*list_extras(operation.request).values())
    hints = get_type_hints(operation.answer, include_extras=True)
    for name, hint in hints.items():
        axes = find_axes(hint)
        answer["properties"][name] = remove_null(answer["properties"][name])
        if name in extras or (axes is not None and axes.may_lack):
            answer["required"] = [known for known in answer["required"] if known != name]
    answer["properties"].pop(LENGTHS, None)


def _mark_left_out(schema: Schema, hints: dict[str, Any]) -> None:
    """Make the fields optional that are left out of the JSON where they are null."""
    for name in hints:
        plain = remove_null(schema["properties"][name])
        if plain != schema["properties"][name]:
            schema["properties"][name] = plain
            schema["required"] = [known for known in schema.get("required", []) if known != name]


def remove_null(schema: Schema) -> Schema:
    """Return the schema without null."""
    members = [member for member in schema.get("anyOf", []) if member != NULL]
    if len(members) == len(schema.get("anyOf", [])):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**members[0], **rest} if len(members) == 1 else {**rest, "anyOf": members}


POLICY: Schema = tidy_schema(TypeAdapter(PolicyName).json_schema())
TEXT = {"type": "string"}
INTEGER = {"type": "integer"}


def allow_null(schema: Schema) -> Schema:
    """Return the schema with null allowed, for a field that may be null as well as left out."""
    return {"anyOf": [schema, NULL]}


def build_object(required: dict[str, Schema], optional: dict[str, Schema] | None = None, **more: Any) -> Schema:
    """Build the schema of an object."""
    return {"type": "object", **more, "required": list(required), "properties": required | (optional or {})}


ERROR = build_object(
    {
        "error": build_object(
            {
                "code": TEXT | {"description": "one word per kind of error"},
                "message": TEXT | {"description": "what came, what was expected and what to do"},
            },
            {"field": TEXT | {"description": "the part of the request at fault"}},
        )
    },
    title="Error",
)
REFUSED_BUNDLE = build_object({"name": TEXT, "version": INTEGER, "reason": TEXT}, title="RefusedBundle")
LISTING = build_object(
    {
        "models": {"type": "array", "items": refer_to("Card")},
        "refused": {"type": "array", "items": refer_to("RefusedBundle")},
    },
    title="Listing",
    description="Every model's card, and the bundles that are not served and why.",
)


def _build_card() -> Schema:
    return build_object(
        {
            "name": TEXT,
            "version": INTEGER | {"description": "the newest"},
            "versions": {"type": "array", "items": INTEGER},
            "provider": TEXT | {"description": "what onnxruntime runs it on"},
            "dataset": TEXT,
            "labelled": {"type": "boolean"},
            "classes": {"type": "array", "items": refer_to("ClassCard")},
            "series": refer_to("SeriesShape"),
            "operations": {"type": "array", "items": TEXT, "description": "what the model can do"},
            "latent_dim": allow_null(INTEGER),
            "expansion": allow_null({"type": "number"}),
            "texture": {"type": "boolean", "description": "whether what it makes has a texture of its own"},
            "texture_steps": allow_null(INTEGER),
            "policy": allow_null(refer_to("Policy")) | {"description": 'what /augment takes "auto" for'},
            "policies": {"type": "array", "items": refer_to("Policy"), "description": "those that it can follow"},
            "advice": allow_null(refer_to("AugmentAdvice")),
            "metrics": refer_to("Metrics"),
        },
        title="Card",
        description="What a model is, and what was measured of it.",
    )
