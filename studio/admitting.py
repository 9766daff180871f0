"""What all rows of the studio have in common: limits, safety, counts, and their place in the document."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from bundle.errors import SeriesmithError, Unavailable
from service.http.exchange import Request, Response, Streamed
from service.http.table import Handler, Route
from service.identity import Caller
from service.metrics import Tally
from service.openapi.described import Described
from studio.describing import STORED, find_described
from studio.safety import Check
from studio.studio import Studio

requests = Tally(
    "seriesmith_studio_requests", "Requests of the studio's paths, by how they ended.", ("path", "outcome")
)
"""Of all but the page's own files. A path is a row's: what strangers ask for adds no line."""


def admit_row(row: Route, studio: Studio, check: Check) -> Route:
    """Return a row of the studio as it is mounted; one of a file of the page stays as it is."""
    described = find_described(row)
    if row.handler is None or (row.role is None and not described):
        return row

    def count(error: BaseException | None) -> None:
        requests.inc((row.path, _name_outcome(error)))

    return replace(
        row,
        handler=_wrap(row, described, row.handler, studio, count),
        require=check if row.role is not None else None,
        count=count,
        described=described,
    )


def _wrap(
    row: Route,
    described: Sequence[Described],
    handler: Handler,
    studio: Studio,
    count: Callable[[BaseException | None], None],
) -> Handler:
    why = studio.why_no_catalogue if any(one.tag in STORED for one in described) else ""

    async def answer(request: Request, *groups: str) -> Response | Streamed:
        caller: Caller | None = None
        try:
            caller = _enter(row, studio, request)
            if why:
                raise Unavailable(why)
            response = await handler(request, *groups)
        except BaseException as error:
            count(error)
            raise
        finally:
            if caller is not None:
                caller.leave()
        count(None)
        return response

    return answer


def _enter(row: Route, studio: Studio, request: Request) -> Caller | None:
    """Count a request for its key until it is answered. Raises `Overloaded` where the key has too many under way."""
    identity = studio.serving.identity
    if row.role is None or not identity.needs_key:
        return None
    identify = identity.identify_reader if row.page else identity.identify
    caller = identify(request.headers.get(b"authorization", b""))
    caller.enter()
    return caller


def _name_outcome(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    if isinstance(error, SeriesmithError):
        return error.code
    left = isinstance(error, ConnectionError | asyncio.CancelledError | GeneratorExit)
    return "cancelled" if left else SeriesmithError.code
