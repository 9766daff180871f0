"""Generators: which there are, and a few series of one."""

from __future__ import annotations

from collections.abc import Iterator

from service.http.exchange import Request, Response
from service.http.table import Route
from studio.answering import answer, guard, read_json
from studio.shapes import GeneratorTrial
from studio.studio import Studio

PREVIEWED = 12


def make_rows(studio: Studio) -> Iterator[Route]:
    """`/generators`."""
    listed: list[object] = []

    async def list_all(request: Request) -> Response:
        if not listed:
            async with studio.scratch.open() as folder:
                listed.append(await studio.processes.run("generators", folder, {}))
        return answer(listed[0])

    async def preview(request: Request, name: str) -> Response:
        trial = read_json(request, GeneratorTrial)
        wanted = {"generator": name, "options": trial.options or {}, "n_cases": trial.n_cases or PREVIEWED}
        async with studio.scratch.open() as folder:
            return answer(await studio.processes.run("preview_generator", folder, wanted))

    yield Route("/generators", ("GET",), list_all, "use")
    yield Route("/generators/{name}/preview", ("POST",), guard(preview), "use")
