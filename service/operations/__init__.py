"""Operations, one file each, found by name: request, answer and what happens between, free of any transport.

An operation is a module with `Request` (a strict pydantic model), `Answer` (a frozen dataclass; a field that is None
is left out) and `async def run(request, serving) -> Answer`. Its docstring's first line is its summary.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from service.operations.contract import StrictRequest, refusal
from service.serving import Serving


@dataclass(frozen=True)
class Operation:
    """One row of the table that feeds every transport."""

    name: str
    summary: str
    description: str
    request: type[StrictRequest]
    answer: type[Any]
    run: Callable[[Any, Serving], Awaitable[Any]]

    def parsed(self, fields: object) -> StrictRequest:
        """The request in a decoded body. Raises `InvalidRequest`."""
        try:
            return self.request.model_validate(fields)
        except ValidationError as error:
            raise refusal(error, self.request, self.name, fields) from error


def _found() -> dict[str, Operation]:
    table = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        if hasattr(module, "run"):
            summary, _, description = (module.__doc__ or "").strip().partition("\n")
            name = module_info.name
            table[name] = Operation(name, summary, description.strip(), module.Request, module.Answer, module.run)
    return table


OPERATIONS = _found()
