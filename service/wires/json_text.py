"""`application/json`: one object in, one object out."""

from __future__ import annotations

from typing import Any

import orjson

from models.errors import InvalidRequest
from service.answers import Labels
from service.wires.wire import Headers, Wire


def decoded(body: bytes, headers: dict[bytes, bytes] | None = None) -> Any:
    """The JSON value in a body. Raises `InvalidRequest`."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(
            f"the body is not valid JSON: {error}. Send one whole JSON object; NaN and Infinity are not JSON."
        ) from error


def dumped(value: Any) -> bytes:
    """JSON of plain values, arrays, labels and dataclasses."""
    return orjson.dumps(value, default=_listed, option=orjson.OPT_SERIALIZE_NUMPY)


def encoded(answer: Any) -> tuple[bytes, Headers]:
    """An operation's answer; fields that are None are left out."""
    fields: dict[str, Any] = {}
    for name, value in vars(answer).items():
        if value is not None:
            fields[name] = value.listed() if type(value) is Labels else value
    return orjson.dumps(fields, option=orjson.OPT_SERIALIZE_NUMPY), ()


def _listed(value: Any) -> Any:
    if isinstance(value, Labels):
        return value.listed()
    raise TypeError(f"{type(value).__name__} is no part of an answer")


WIRE = Wire(b"application/json", decoded, encoded, None, packs=True)
