"""Generators: which there are, and a few series of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bundle.errors import NotFound
from service.http.exchange import Request, Response
from service.http.table import Route
from studio.answering import answer, guard, read_json
from studio.shapes import GeneratorTrial
from studio.studio import Studio

PREVIEWED = 12


def make_rows(studio: Studio) -> Iterator[Route]:
    """`/generators`."""
    listed: dict[str, Any] = {}

    async def list_all(request: Request) -> Response:
        return answer({"generators": (await describe())["generators"]})

    async def describe() -> dict[str, Any]:
        if not listed:
            async with studio.scratch.open() as folder:
                listed.update(await studio.processes.run("generators", folder, {}))
        return listed

    async def find(name: str) -> str:
        """The module of a generator."""
        modules: dict[str, str] = (await describe())["modules"]
        if name not in modules:
            raise NotFound(f"there is no generator {name[:64]!r}; there are: {', '.join(modules)}.")
        return modules[name]

    async def preview(request: Request, name: str) -> Response:
        trial = read_json(request, GeneratorTrial)
        wanted = {"generator": name, "options": trial.options or {}, "n_cases": trial.n_cases or PREVIEWED}
        async with studio.scratch.open() as folder:
            made = await studio.processes.run_module(
                "studio.reading.run", "preview_generator", folder, wanted, await find(name)
            )
            return answer(made)

    yield Route("/generators", ("GET",), list_all, "use")
    yield Route("/generators/{name}/preview", ("POST",), guard(preview), "use")
