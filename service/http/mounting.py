"""Mounts the paths of other packages beside the service's own: a studio, where one is installed.

A package is mounted by its name, which the setting `mount` holds: the service imports none of them itself. It has a
module `routes` with `make_rows(serving) -> Iterable[Route]`; rows state their methods, role, content types and limits
(`service.http.table.Route`), `service.http.pages.build_page` makes those of pages.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Sequence

from service.http.table import Route, Table
from service.serving import Serving
from service.settings import Settings

USUAL = Settings.mount
"""Mounted where it is there; of others, whoever named them must know that they are not."""


def mount(serving: Serving, own: Sequence[Route]) -> Table:
    """Return the table of our `own` rows and those of the packages to mount.

    Raises `ValueError` for a package that is named and absent, or that takes a path which another row answers.
    """
    rows = list(own)
    named = serving.settings.mount
    for package in [] if named == "none" else map(str.strip, named.split(",")):
        for row in _make_rows(package, serving):
            if Table(rows).find(row.path) is not None:
                raise ValueError(f"{package} cannot be mounted: its path {row.path} is taken. Give it another.")
            rows.append(row)
    return Table(rows)


def _make_rows(package: str, serving: Serving) -> Iterable[Route]:
    if not _is_installed(package):
        if package == USUAL:
            return []
        raise ValueError(
            f"SERIESMITH_MOUNT names {package!r}, and there is no module {package}.routes; install the package, or "
            "leave it out."
        )
    rows: Iterable[Route] = importlib.import_module(f"{package}.routes").make_rows(serving)
    return rows


def _is_installed(package: str) -> bool:
    # A folder of that name where the server is started would pass for the package.
    return importlib.util.find_spec(package) is not None and importlib.util.find_spec(f"{package}.routes") is not None
