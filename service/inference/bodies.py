"""Inference requests and responses as HTTP bodies: a JSON object, and behind it the tensors sent as binary data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from models.errors import InvalidRequest
from service.http.exchange import JSON, Response
from service.inference.inputs import Given
from service.inference.models import Model, require_plain
from service.inference.outputs import Output
from service.inference.tensors import Column, from_binary, from_list, possible, shape_of, to_binary, to_list

HEADER_LENGTH = b"inference-header-content-length"
OCTETS = b"application/octet-stream"


@dataclass(slots=True)
class Asked:
    """A request: its `id`, its tensors, and the outputs it names, each with whether it is wanted as binary data.

    `binary` is so where it says nothing of an output.
    """

    id: str | None
    given: Given
    outputs: dict[str, bool]
    binary: bool


def asked(body: bytes, length: bytes | None) -> Asked:
    """The request in a body, of which the first `length` bytes are the JSON object. Raises `InvalidRequest`."""
    size = len(body) if length is None else _length(length, len(body))
    document = json_object(parsed(body[:size] if size < len(body) else body), "the body")
    binary = json_object(document.get("parameters", {}), "parameters").get("binary_data_output", False) is True
    inputs, outputs = document.get("inputs"), document.get("outputs")
    if not isinstance(inputs, list):
        raise InvalidRequest(
            "'inputs' is missing; send a list of tensors with name, datatype, shape and data.", "inputs"
        )
    given, end = _tensors(inputs, body, size)
    if end != len(body):
        raise InvalidRequest(
            f"{len(body) - end} bytes are left behind the inputs' binary data; check Inference-Header-Content-Length "
            "and binary_data_size.",
        )
    name = document.get("id")
    if name is not None and not isinstance(name, str):
        raise InvalidRequest(f"id is {name!r:.60}; send text.", "id")
    return Asked(name, given, _outputs(outputs, binary), binary)


def response(model: Model, request: Asked, taken: list[tuple[Output, Column]]) -> Response:
    """The outputs of a model, as they were asked for."""
    behind: list[bytes] = []
    outputs: list[dict[str, Any]] = []
    for output, column in taken:
        datatype = output.axes.datatype
        described: dict[str, Any] = {"name": output.name, "datatype": datatype, "shape": shape_of(column)}
        if request.outputs.get(output.name, request.binary):
            content = to_binary(column, datatype)
            described["parameters"] = {"binary_data_size": len(content)}
            behind.append(content)
        else:
            described["data"] = to_list(column, datatype)
        outputs.append(described)
    document: dict[str, Any] = {"model_name": model.name, "model_version": model.version}
    if request.id is not None:
        document["id"] = request.id
    document["outputs"] = outputs
    header = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    if not behind:
        return Response(header, JSON)
    length = b"%d" % len(header)
    return Response(b"".join([header, *behind]), OCTETS, 200, ((HEADER_LENGTH, length),))


def _tensors(inputs: list[Any], body: bytes, end: int) -> tuple[Given, int]:
    """The inputs, and where in the body the last one ends."""
    given: dict[str, np.ndarray] = {}
    for one in inputs:
        try:
            name, datatype, shape = one["name"], one["datatype"], one["shape"]
            size = one["parameters"].get("binary_data_size") if "parameters" in one else None
        except (TypeError, KeyError, AttributeError) as error:
            raise InvalidRequest(
                f"an input is {one!r:.80}; send an object with name, datatype, shape and data.", "inputs"
            ) from error
        if type(name) is not str or type(datatype) is not str or name in given or not _sizes(shape):
            raise _odd(name, datatype, shape, given)
        if size is None:
            require_plain(name, one.get("parameters", {}))
            given[name] = from_list(name, datatype, shape, one.get("data"))
            continue
        start, end = end, end + size if type(size) is int and size >= 0 else -1
        if end < start or end > len(body):
            raise InvalidRequest(
                f"{name} has a binary_data_size of {size!r:.40}, but {len(body) - start} bytes are left in the body.",
                name,
            )
        given[name] = from_binary(name, datatype, shape, body[start:end])
    return given, end


def _sizes(shape: object) -> bool:
    return isinstance(shape, list) and all(type(size) is int for size in shape) and possible(shape)


def _odd(name: object, datatype: object, shape: object, given: Given) -> InvalidRequest:
    if isinstance(name, str) and name in given:
        return InvalidRequest(f"the input {name!r:.60} came twice; send it once.", name)
    return InvalidRequest(
        f"an input has the name {name!r:.60}, the datatype {datatype!r:.40} and the shape {shape!r:.60}; the first two "
        "are text, the last a list of at most 8 sizes.",
        "inputs",
    )


def _outputs(outputs: object, binary: bool) -> dict[str, bool]:
    """The outputs named, and which of them are wanted as binary data."""
    if outputs is None:
        return {}
    named: dict[str, bool] = {}
    for one in outputs if isinstance(outputs, list) else [outputs]:
        if not isinstance(one, dict) or not isinstance(name := one.get("name"), str):
            raise InvalidRequest(f"an output asked for is {one!r:.80}; send an object with its name.", "outputs")
        parameters = json_object(one.get("parameters", {}), "parameters")
        require_plain(name, parameters)
        named[name] = parameters.get("binary_data", binary) is True
    return named


def _length(header: bytes, available: int) -> int:
    if not header.isdigit() or int(header) > available:
        raise InvalidRequest(
            f"Inference-Header-Content-Length is {header.decode('latin-1')!r:.40}; the body has {available} bytes."
        )
    return int(header)


def parsed(text: bytes) -> Any:
    """The JSON value. Raises `InvalidRequest`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(
            f"the request is not valid JSON: {error}. Where binary data follows it, the header "
            "Inference-Header-Content-Length says how long it is."
        ) from error


def json_object(value: Any, name: str) -> dict[str, Any]:
    """`value`, which must be an object. Raises `InvalidRequest`."""
    if not isinstance(value, dict):
        raise InvalidRequest(f"{name} is {value!r:.60}; send a JSON object.")
    return value
