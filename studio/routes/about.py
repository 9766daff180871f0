"""`/studio.json`: what is possible here. Whoever reaches the server may ask, so it says nothing of what is kept."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator

from bundle import VERSION
from service.http.exchange import Request, Response
from service.http.table import Route
from studio.answering import answer
from studio.shapes import About
from studio.studio import Studio


def make_rows(studio: Studio) -> Iterator[Route]:
    """One row, without a key: the page asks it whether one is needed."""

    async def describe(request: Request) -> Response:
        return answer(await asyncio.to_thread(_describe, studio))

    yield Route("/studio.json", ("GET",), describe)


def _describe(studio: Studio) -> About:
    serving, why_no_catalogue = studio.serving, studio.why_no_catalogue
    return About(
        version=VERSION,
        keyed=serving.identity.needs_key,
        manages_models=serving.settings.manage_models,
        why_no_catalogue=why_no_catalogue,
        why_no_fits=studio.why_no_fits,
        max_upload_bytes=studio.settings.max_upload_bytes,
        suffixes_read=_list_read() if not why_no_catalogue else [],
        suffixes_written=_list_written() if not why_no_catalogue else [],
    )


@functools.cache
def _list_read() -> list[str]:
    """The suffixes of files that can be uploaded, packed ones too; looked up once, since it imports every reader."""
    from training.data.choose import list_suffixes

    return sorted({*list_suffixes(None), ".gz", ".zip"})


@functools.cache
def _list_written() -> list[str]:
    from training.data.writing import list_suffixes

    return list_suffixes()
