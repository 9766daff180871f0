"""`/studio/models/…`: the versions of a model, rolling one back and forth, and the map of its codes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from service.http.exchange import Request, Response
from service.http.table import Route
from studio.answering import answer, read_query
from studio.plane import map_codes
from studio.rollback import check_name, check_version, describe_model
from studio.shapes import LatentMapQuery
from studio.studio import Studio

MODEL = "/studio/models/{name}"


def make_rows(studio: Studio) -> Iterator[Route]:
    """Rows of versions and of the map. Those that roll back need the role and the setting that loading needs."""
    serving = studio.serving

    async def describe(request: Request, name: str) -> Response:
        return answer(await asyncio.to_thread(describe_model, serving.repository, name))

    async def retire(request: Request, name: str, version: str) -> Response:
        await serving.retire(check_name(name), check_version(version))
        return await describe(request, name)

    async def restore(request: Request, name: str, version: str) -> Response:
        await serving.restore(check_name(name), check_version(version))
        return await describe(request, name)

    async def show_map(request: Request, name: str) -> Response:
        query = read_query(request, LatentMapQuery)
        return answer(await map_codes(studio, check_name(name), query.version, query.dataset))

    yield Route(MODEL, ("GET",), describe, "use")
    yield Route(f"{MODEL}/map", ("GET",), show_map, "use")
    yield Route(f"{MODEL}/{{version}}/retire", ("POST",), retire, "manage")
    yield Route(f"{MODEL}/{{version}}/restore", ("POST",), restore, "manage")
