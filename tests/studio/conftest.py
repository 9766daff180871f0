"""A server with the shipped models and a fresh studio, and a studio's database and folders without a server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from studio.database import open_database
from studio.settings import StudioSettings
from tests.service.server import ROOT, Server, run_server
from tests.studio.browser import browser, guard, page

__all__ = ["browser", "guard", "page"]


@pytest.fixture(scope="session")
def shipped_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository of models that is shipped, which tests may publish to."""
    folder = tmp_path_factory.mktemp("shipped") / "models"
    shutil.copytree(ROOT / "models", folder)
    return folder


@pytest.fixture(scope="session")
def studio_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the studio of `studio_server`."""
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="session")
def studio_server(
    shipped_models: Path, studio_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server of the shipped models, with an empty studio on SQLite."""
    with run_server(tmp_path_factory.mktemp("studio_server"), shipped_models, studio_folder=studio_folder) as server:
        yield server


def open_studio(folder: Path, database: str = "", **settings: object) -> tuple[StudioSettings, Engine]:
    """A studio's settings and its database, SQLite in the folder unless a URL is given."""
    made = StudioSettings(folder=folder, database=database, **settings)  # type: ignore[arg-type]
    return made, open_database(made.database_url)


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[tuple[StudioSettings, Engine]]:
    """Settings and an open database in a folder of the test's own."""
    settings, engine = open_studio(tmp_path / "studio")
    yield settings, engine
    engine.dispose()
