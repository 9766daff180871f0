"""Uploads: a file comes to disk, is read in a process of its own, and is read again with other settings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from service.budget import Budget
from service.http.exchange import Request, Response
from service.http.table import Route
from studio.answering import answer, guard, read_json, read_query
from studio.reading.settings import ReadSettings
from studio.shapes import ReaderSettings, UploadQuery
from studio.studio import Studio

TOGETHER = 2
"""Uploads of the largest size that a worker takes at a time."""

BODY_SECONDS = 3600.0


def make_rows(studio: Studio) -> Iterator[Route]:
    """`/uploads`."""

    async def take(request: Request) -> Response:
        await asyncio.to_thread(studio.open_catalogue)  # else nothing could become of it
        assert request.file is not None, "the row has a spool"
        filename = read_query(request, UploadQuery).filename
        return answer(await studio.uploads.add(request.file, filename, studio.name_owner(request)), 201)

    async def show(request: Request, id: str) -> Response:
        return answer(await asyncio.to_thread(studio.uploads.get, id))

    async def read_again(request: Request, id: str) -> Response:
        settings = ReadSettings.check(read_json(request, ReaderSettings).settings)
        return answer(await studio.uploads.read(id, settings))

    limit = studio.settings.max_upload_bytes
    spool = Budget(TOGETHER * limit, "bytes of uploads")
    yield Route("/uploads", ("POST",), guard(take), "use", limit, spool=spool, body_seconds=BODY_SECONDS)
    yield Route("/uploads/{id}", ("GET",), show, "use")
    yield Route("/uploads/{id}/preview", ("POST",), guard(read_again), "use")
