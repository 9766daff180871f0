"""The studio's rows as they are mounted, without a server: what a request's head meets."""

from __future__ import annotations

import pytest

from service.http.routes import Routes
from service.http.table import Route
from service.openapi.described import Described
from service.serving import Serving
from service.settings import HOSTS, Settings

ID = "0" * 32


def mount_studio(patch: pytest.MonkeyPatch, hosts: str | None = "127.0.0.1", **settings: object) -> Routes:
    """The table of a worker of a server on `hosts`."""
    if hosts is None:
        patch.delenv(HOSTS, raising=False)
    else:
        patch.setenv(HOSTS, hosts)
    return Routes(Serving(Settings(**settings)))  # type: ignore[arg-type]


def list_described(routes: Routes) -> list[tuple[Route, Described]]:
    """Each method of each row of the studio."""
    return [(row, one) for row in routes.table.rows for one in row.described]


def fill_path(path: str) -> str:
    """A path of a row with something in each of its places."""
    return path.replace("{id}", ID).replace("{name}", "gunpoint").replace("{version}", "1")
