"""What the blocking and the asynchronous client share: where the server is, and how persistent to be."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any, Self, TypeVar

from seriesmith.errors import Interrupted
from seriesmith.persistence import Persistence
from seriesmith.reading import Fields

CARRIERS = {"http": "over_http", "https": "over_http", "grpc": "over_grpc", "grpcs": "over_grpc"}
"""Modules, imported when a URL asks for them: whoever speaks HTTP needs no grpcio."""


Method = TypeVar("Method", bound=Callable[..., Any])


class BaseClient:
    """`url` is http://host:3000, https://…, grpc://host:3001 or grpcs://…; `api_key` the server's, if it has one.

    A call ends within `timeout` seconds, pauses included; one of more series than go in a request within so many for
    each of its requests, and generation goes on for as long as each of its parts comes in time. What is refused for the
    moment (overloaded or unavailable: 429 and 503), or finds no connection, is tried up to `retries` times more, not
    before the server's Retry-After; nothing else is. Raises `ValueError`, and `ImportError` for gRPC where
    grpcio or protobuf is missing.
    """

    def __init__(self, url: str, api_key: str | None = None, timeout: float = 60.0, retries: int = 5) -> None:
        self._given = (url, api_key, timeout, retries)
        self._persistence = Persistence(timeout, retries)
        self._carrier = _import_carrier(url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._given[0]!r})"

    def __reduce__(self) -> tuple[type[BaseClient], tuple[Any, ...]]:
        """What another process unpickles connects anew."""
        return type(self), self._given

    def __deepcopy__(self, memo: object) -> Self:
        """Copies, such as scikit-learn makes of an estimator's parameters, share the connections."""
        return self


def _import_carrier(url: str) -> ModuleType:
    scheme, separator, rest = url.partition("://")
    if not separator or not rest.strip("/") or scheme not in CARRIERS:
        known = ", ".join(f"{name}://host:port" for name in CARRIERS)
        raise ValueError(f"the URL is {url!r}; it must be one of: {known}.")
    try:
        return importlib.import_module(f"seriesmith.{CARRIERS[scheme]}")
    except ModuleNotFoundError as error:
        if scheme not in ("grpc", "grpcs"):
            raise
        raise ModuleNotFoundError(
            f"{scheme}:// needs {error.name}, which is not installed: pip install 'seriesmith-client[grpc]', or ask "
            "over http://.",
            name=error.name,
        ) from error


def require_first(first: Fields | None) -> Fields:
    """Return the first message of an answer. Raises `Interrupted` when there is none."""
    if first is None:
        raise Interrupted("the answer ended before it began; ask again.")
    return first


def copy_signature(ask: Callable[..., Any], method: Method) -> Method:
    """Copy the name, docstring and signature of what makes a call to the method that carries it out, for `help`."""
    own, asked = inspect.signature(method), inspect.signature(ask)
    answer = asked.return_annotation.removeprefix("Call[").removesuffix("]")
    functools.update_wrapper(method, ask)
    vars(method)["__signature__"] = asked.replace(
        parameters=[own.parameters["self"], *asked.parameters.values()],
        return_annotation=own.return_annotation.replace("Answer", answer),
    )
    return method
