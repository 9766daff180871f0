"""The studio's paths, one module for each kind of thing; each has `make_rows(studio) -> Iterable[Route]`."""

from __future__ import annotations

from collections.abc import Iterator

from bundle.finding import import_modules
from service.http.table import Route
from service.serving import Serving
from studio.settings import StudioSettings
from studio.studio import Studio


def make_rows(serving: Serving) -> Iterator[Route]:
    """All rows, for `service.http.mounting`."""
    studio = Studio(serving, StudioSettings.from_environment(serving.settings.models))
    for _, module in import_modules(__name__):
        yield from module.make_rows(studio)
