"""What the studio's routes share: the service beside them, the settings, and what is opened when it is first needed."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from bundle.errors import Unavailable
from bundle.registry.address import hide_password
from service.http.exchange import Request
from service.serving import Serving
from studio.catalogue.uploads import Uploads
from studio.reading.process import Processes
from studio.reading.scratch import Scratch
from studio.settings import StudioSettings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from studio.catalogue.catalogue import Catalogue

STORING = ("sqlalchemy", "alembic", "fsspec")
FITTING = ("torch", "tyro", "lightning_fabric")


class Studio:
    """Shared by all routes of a worker."""

    def __init__(self, serving: Serving, settings: StudioSettings) -> None:
        self.serving, self.settings = serving, settings
        self._opening = threading.Lock()
        self._engine: Engine | None = None
        self._catalogue: Catalogue | None = None
        self.processes = Processes(settings)
        self.uploads = Uploads(settings, self.processes)
        self.scratch = Scratch(settings.folder / "work")

    @property
    def models(self) -> Path:
        """The repository that is served, and that fits publish to."""
        return self.serving.settings.repository

    @property
    def why_no_catalogue(self) -> str:
        """Why datasets cannot be kept here, in a sentence; empty where they can."""
        return _say_missing("Datasets are not kept", STORING)

    @property
    def why_no_fits(self) -> str:
        """Why nothing can be fitted here, in a sentence; empty where it can."""
        if isinstance(url := self.serving.settings.models, str):
            return (
                f"Models cannot be fitted here: they are those of {hide_password(url)}. Fit with `seriesmith fit "
                "--models FOLDER --push-to URL`."
            )
        return self.why_no_catalogue or _say_missing("Models cannot be fitted", FITTING)

    def open_engine(self) -> Engine:
        """The database, opened and brought up to date once; call it in a thread. Raises `Unavailable`."""
        if self.why_no_catalogue:
            raise Unavailable(self.why_no_catalogue)
        with self._opening:  # also around the imports: two threads that first import SQLAlchemy at once see half of it
            from sqlalchemy.exc import SQLAlchemyError

            from studio.database import open_database

            if self._engine is None:
                try:
                    self._engine = open_database(self.settings.database_url)
                except (SQLAlchemyError, OSError) as error:
                    raise Unavailable(f"the studio's database cannot be opened: {error}") from error
            return self._engine

    def open_catalogue(self) -> Catalogue:
        """The catalogue, opened once; call it in a thread. Raises `Unavailable`."""
        engine = self.open_engine()
        with self._opening:
            from studio.catalogue.catalogue import Catalogue

            if self._catalogue is None:
                self._catalogue = Catalogue(engine, self.settings)
            return self._catalogue

    def name_owner(self, request: Request) -> str:
        """The name of the key that a request came with; empty where none is needed. Raises `Unauthenticated`."""
        if not self.serving.identity.needs_key:
            return ""
        return self.serving.identity.identify(request.headers.get(b"authorization", b"")).name


def _say_missing(what: str, modules: tuple[str, ...]) -> str:
    absent = [name for name in modules if importlib.util.find_spec(name) is None]
    return f"{what} here: {', '.join(absent)} is not installed. `make studio` installs it." if absent else ""
