"""Operations, one file each, found by name: request, answer and what happens between, free of any transport.

An operation is a module with `Request` (a strict pydantic model), `Answer` (a frozen dataclass; a field that is None
is left out) and `async def run(request, serving, room, wanted) -> Answer`, which takes room for its answer before it
works. One whose answer can be had chunk by chunk has `async def stream(request, serving, room) -> StreamedAnswer` too,
one that not every bundle can do has `NEEDS`, the name in `bundle/roles.py` of what a bundle must be able to do for it.
Its docstring's first line is its summary.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bundle.engine.bundle import Bundle
from bundle.finding import import_modules
from service.answers import StreamedAnswer
from service.operations.contract import StrictRequest, explain_invalid
from service.room import Room
from service.serving import Serving


@dataclass(frozen=True)
class Operation:
    """One row of the table that feeds every transport."""

    name: str
    summary: str
    description: str
    request: type[StrictRequest]
    answer: type[Any]
    run: Callable[..., Awaitable[Any]]
    stream: Callable[[Any, Serving, Room], Awaitable[StreamedAnswer]] | None
    needs: str | None

    def parse(self, fields: object) -> StrictRequest:
        """Validate the fields of a decoded body as a request. Raises `InvalidRequest`."""
        try:
            return self.request.model_validate(fields)
        except ValidationError as error:
            raise explain_invalid(error, self.request, self.name, fields) from error

    def is_offered_by(self, bundle: Bundle) -> bool:
        """Whether a bundle can do it."""
        return self.needs is None or bundle.can(self.needs)

    def require(self, bundle: Bundle) -> None:
        """Raise `Unsupported`, with what it can do instead, where a bundle cannot do it."""
        if self.needs is not None:
            bundle.require(self.needs)


def _require_first(needs: str | None, answer: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Have `answer` raise `Unsupported`, before it begins, where the model that is asked cannot do what it `needs`."""
    if needs is None:
        return answer

    def answer_if_able(request: StrictRequest, serving: Serving, *more: Any) -> Awaitable[Any]:
        serving.resolve(request.model).bundle.require(needs)
        return answer(request, serving, *more)

    return answer_if_able


def _find_operations() -> dict[str, Operation]:
    table = {}
    for name, module in import_modules(__name__):
        if hasattr(module, "run"):
            summary, _, description = (module.__doc__ or "").strip().partition("\n")
            needs, stream = getattr(module, "NEEDS", None), getattr(module, "stream", None)
            table[name] = Operation(
                name,
                summary,
                description.strip(),
                module.Request,
                module.Answer,
                _require_first(needs, module.run),
                None if stream is None else _require_first(needs, stream),
                needs,
            )
    return table


OPERATIONS = _find_operations()
