"""How a handler of the studio reads a request and answers: JSON, checked by strict models, refused in one shape."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, ValidationError

from bundle.errors import InvalidRequest
from service.http.exchange import Request, Response, Streamed
from service.http.routes import require_same_origin

Body = TypeVar("Body", bound=BaseModel)


def read_json(request: Request, model: type[Body]) -> Body:
    """Read a body, or an empty one as {}. Raises `InvalidRequest` that names the field."""
    try:
        return model.model_validate_json(request.body or b"{}")
    except ValidationError as error:
        raise _explain(error) from error


def read_query(request: Request, model: type[Body]) -> Body:
    """Read what follows the path's question mark; texts become what the fields are. Raises `InvalidRequest`."""
    try:
        return model.model_validate_strings(dict(parse_qsl(request.query.decode(errors="replace"))))
    except ValidationError as error:
        raise _explain(error) from error


def answer(value: object, status: int = 200) -> Response:
    """Answer JSON; models, datetimes and numpy arrays are written too."""
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z
    return Response(orjson.dumps(value, _to_plain, options), status=status)


def guard(handler: Callable[..., Awaitable[Response | Streamed]]) -> Callable[..., Awaitable[Response | Streamed]]:
    """A handler that changes something, shut to web pages of other origins."""

    @functools.wraps(handler)
    async def call(request: Request, *groups: str) -> Response | Streamed:
        require_same_origin(request.headers)
        return await handler(request, *groups)

    return call


def _to_plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError


def _explain(error: ValidationError) -> InvalidRequest:
    first = error.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    return InvalidRequest(f"{field or 'the body'}: {first['msg']}.", field or None)
