"""The studio's paths, one module for each kind of thing; each has `make_rows(studio) -> Iterable[Route]`.

These modules are imported when the server starts. What takes long to import, or may not be installed (sqlalchemy,
pyarrow, training.data), their handlers import when they are called first.
"""

from __future__ import annotations

from collections.abc import Iterator

from bundle.finding import import_modules
from service.http.pages import build_page
from service.http.table import Route
from service.serving import Serving
from service.settings import find_hosts
from studio.admitting import admit_row
from studio.safety import build_check, find_why_shut
from studio.settings import StudioSettings
from studio.studio import Studio


def make_rows(serving: Serving) -> Iterator[Route]:
    """All rows, for `service.http.mounting`; where the studio must not be, a page at `/` that says why."""
    settings = StudioSettings.from_environment(serving.settings.repository)
    needs_key, hosts = serving.identity.needs_key, find_hosts()
    if why := find_why_shut(needs_key, settings.allow_anonymous, hosts):
        yield build_page("/", _build_notice(why), role=None)
        return
    studio, check = Studio(serving, settings), build_check(needs_key, settings.allow_anonymous, hosts)
    for _, module in import_modules(__name__):
        for row in module.make_rows(studio):
            yield admit_row(row, studio, check)


def _build_notice(why: str) -> bytes:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Seriesmith</title>'
        f'<h1>Seriesmith</h1><p>{why}</p><p><a href="docs">The API</a> is there.</p></html>'
    ).encode()
