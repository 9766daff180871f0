"""Inference requests and responses as HTTP bodies: a JSON object, and behind it the tensors sent as binary data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from bundle.errors import InvalidRequest
from bundle.showing import show
from service.bounds import PLAIN_BYTES, Bounds
from service.http.exchange import JSON, Response
from service.inference.infer import Sent, Taken, measure_size, read_tensors, require_few
from service.inference.inputs import Given
from service.inference.models import Model, require_plain
from service.inference.tensors import MOST_AXES, is_whole, measure_shape, to_binary, to_list
from service.wires.json_arrays import lift
from service.wires.json_writing import dump, write_whole

HEADER_LENGTH = b"inference-header-content-length"
OCTETS = b"application/octet-stream"

MOST_DIGITS = 20
"""Of a length."""


@dataclass(slots=True)
class Asked:
    """A request: its `id`, its tensors, and the outputs it names, each with whether it is wanted as binary data.

    `binary` is so where it says nothing of an output.
    """

    id: str | None
    given: Given
    outputs: dict[str, bool]
    binary: bool

    @property
    def is_all_binary(self) -> bool:
        """Whether no output is wanted as JSON."""
        return all(self.outputs.values()) if self.outputs else self.binary


def read_request(body: bytes, length: bytes | None, bounds: Bounds) -> Asked:
    """Read the request in a body, whose first `length` bytes are the JSON object. Raises `InvalidRequest`."""
    size = len(body) if length is None else _read_length(length, len(body))
    document = require_object(_parse_document(body[:size] if size < len(body) else body, bounds), "the body")
    binary = read_parameters(document).get("binary_data_output", False) is True
    inputs, outputs = document.get("inputs"), document.get("outputs")
    if not isinstance(inputs, list):
        raise InvalidRequest(
            "'inputs' is missing; send a list of tensors with name, datatype, shape and data.", "inputs"
        )
    sent, end = _read_inputs(inputs, body, size)
    given = read_tensors(sent, bounds)
    if end != len(body):
        raise InvalidRequest(
            f"{len(body) - end} bytes are left behind the inputs' binary data; check Inference-Header-Content-Length "
            "and binary_data_size.",
        )
    name = document.get("id")
    if name is not None and not isinstance(name, str):
        raise InvalidRequest(f"id is {show(name)}; send text.", "id")
    return Asked(name, given, _read_outputs(outputs, binary), binary)


def _parse_document(text: bytes, bounds: Bounds) -> Any:
    """Parse the JSON value; large data of its inputs become a `JsonArray`."""
    if len(text) <= PLAIN_BYTES:
        return parse_json(text)
    lifted = lift(text, ("data",), bounds)
    document = parse_json(lifted.rest)
    if lifted.arrays and isinstance(document, dict) and isinstance(inputs := document.get("inputs"), list):
        for one in inputs:
            if isinstance(one, dict) and isinstance(data := one.get("data"), str):
                one["data"] = lifted.arrays.get(data, data)
    return document


def build_response(model: Model, request: Asked, taken: Taken) -> Response:
    """Write the outputs of a model, each as JSON or as binary data, as the request asks."""
    behind: list[bytes] = []
    outputs: list[dict[str, Any]] = []
    for output, column in taken:
        datatype = output.axes.datatype
        described: dict[str, Any] = {"name": output.name, "datatype": datatype, "shape": measure_shape(column)}
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
    header = (write_whole if measure_size(taken) <= PLAIN_BYTES else dump)(document)
    if not behind:
        return Response(header, JSON)
    length = b"%d" % len(header)
    return Response(b"".join([header, *behind]), OCTETS, 200, ((HEADER_LENGTH, length),))


def _read_inputs(inputs: list[Any], body: bytes, end: int) -> tuple[list[Sent], int]:
    """Read the inputs, and return with them where in the body the last binary data end."""
    require_few(len(inputs), "inputs")
    sent: list[Sent] = []
    for one in inputs:
        try:
            name, datatype, shape = one["name"], one["datatype"], one["shape"]
            parameters = read_parameters(one)
        except (TypeError, KeyError, AttributeError) as error:
            raise InvalidRequest(
                f"an input is {show(one, 80)}; send an object with name, datatype, shape and data.", "inputs"
            ) from error
        if type(name) is not str or type(datatype) is not str or not _are_whole(shape):
            raise InvalidRequest(
                f"an input has the name {show(name)}, the datatype {show(datatype, 40)} and the shape {show(shape)}; "
                "the first two are text, the last a list of at most 8 sizes.",
                "inputs",
            )
        size, content = parameters.get("binary_data_size"), None
        if size is not None:
            start, end = end, end + int(size) if is_whole(size) and 0 <= size <= len(body) else -1
            if end < start or end > len(body):
                raise InvalidRequest(
                    f"{show(name)} has a binary_data_size of {show(size, 40)}, but {len(body) - start} bytes are left "
                    "in the body.",
                    name,
                )
            content = body[start:end]
        sent.append(Sent(name, datatype, shape, parameters, content, one.get("data")))
    return sent, end


def _are_whole(shape: object) -> bool:
    """Whether a shape is a list of whole numbers; whole floats in it are replaced by integers."""
    if type(shape) is not list or len(shape) > MOST_AXES:
        return False
    for place, size in enumerate(shape):
        if type(size) is not int:
            if not is_whole(size):
                return False
            shape[place] = int(size)
    return True


def _read_outputs(outputs: object, binary: bool) -> dict[str, bool]:
    """Return the outputs named, each with whether it is wanted as binary data."""
    if outputs is None:
        return {}
    named: dict[str, bool] = {}
    listed = outputs if isinstance(outputs, list) else [outputs]
    require_few(len(listed), "outputs")
    for one in listed:
        if not isinstance(one, dict) or not isinstance(name := one.get("name"), str):
            raise InvalidRequest(f"an output asked for is {show(one, 80)}; send an object with its name.", "outputs")
        parameters = read_parameters(one)
        require_plain(name, parameters)
        named[name] = parameters.get("binary_data", binary) is True
    return named


def _read_length(header: bytes, available: int) -> int:
    if not header.isdigit() or len(header) > MOST_DIGITS or int(header) > available:
        raise InvalidRequest(
            f"Inference-Header-Content-Length is {show(header.decode('latin-1'), 40)}; the body has {available} bytes."
        )
    return int(header)


def parse_json(text: bytes) -> Any:
    """Parse a JSON value. Raises `InvalidRequest`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(
            f"the request is not valid JSON: {error}. Where binary data follows it, the header "
            "Inference-Header-Content-Length says how long it is."
        ) from error


def read_parameters(value: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a request, a tensor or an output; empty where they are null. Raises `InvalidRequest`."""
    parameters = value.get("parameters")
    return {} if parameters is None else require_object(parameters, "parameters")


def require_object(value: Any, name: str) -> dict[str, Any]:
    """Return `value`. Raises `InvalidRequest` where it is no JSON object."""
    if not isinstance(value, dict):
        raise InvalidRequest(f"{name} is {show(value)}; send a JSON object.")
    return value
