"""Every setting of the studio, read from the environment in this one place."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from service.settings import BOOLEANS
from service.settings import STUDIO as PREFIX

FOLDER = ".studio"
"""Beside the folder of models, unless the setting `folder` says otherwise."""


@dataclass(frozen=True)
class StudioSettings:
    """Set a field with the environment variable SERIESMITH_STUDIO_<FIELD>."""

    folder: Path
    """Where uploads, the logs of fits and, unless set otherwise, database and series lie."""
    database: str = ""
    """SQLAlchemy's URL of the database, sqlite:///… or postgresql+psycopg://…; empty: studio.db in the folder."""
    store: str = ""
    """An fsspec URL that series are kept under, as Parquet; empty: series/ in the folder."""
    max_upload_bytes: int = 2 * 2**30
    """Largest file that may be uploaded."""
    parse_seconds: float = 300.0
    """How long reading an uploaded file may take."""
    parse_bytes: int = 4 * 2**30
    """Most memory that reading an uploaded file may take."""
    max_series: int = 1_000_000
    """Most series of one dataset."""
    keep_deleted_hours: float = 24.0
    """How long a deleted dataset can be restored."""
    fits: int = 1
    """Fits that run at a time; 0: none is started here."""
    fit_seconds: float = 6 * 3600.0
    """How long a fit may take."""
    fit_bytes: int = 0
    """Most memory that a fit may take; 0: no limit."""
    queued_fits: int = 100
    """Most fits that one key may have queued or running."""
    allow_anonymous: bool = False
    """Have a studio without keys on an address that other machines reach, and under any name."""

    @property
    def database_url(self) -> str:
        """The database's URL, the default one filled in."""
        return self.database or f"sqlite:///{self.folder / 'studio.db'}"

    @property
    def store_url(self) -> str:
        """The URL that series are kept under, the default one filled in."""
        return self.store or (self.folder / "series").absolute().as_uri()

    @classmethod
    def from_environment(cls, models: Path, environment: dict[str, str] | None = None) -> StudioSettings:
        """Read and check the settings of the studio of a repository. Raises `ValueError` that names the variable."""
        source = dict(os.environ) if environment is None else environment
        hints = get_type_hints(cls)
        given: dict[str, Any] = {"folder": models.absolute().parent / FOLDER}
        for field in fields(cls):
            if text := source.get(PREFIX + field.name.upper(), ""):
                given[field.name] = _parse(PREFIX + field.name.upper(), text, hints[field.name])
        known = {PREFIX + field.name.upper() for field in fields(cls)}
        if unknown := sorted(name for name in source if name.startswith(PREFIX) and name not in known):
            raise ValueError(f"{unknown[0]} is no setting of the studio; there are: {', '.join(sorted(known))}.")
        return cls(**given)


def _parse(variable: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() not in BOOLEANS:
            raise ValueError(f"{variable} is {text!r}; it must be true or false.")
        return BOOLEANS[text.lower()]
    try:
        value = kind(text)
    except ValueError as error:
        raise ValueError(f"{variable} is {text!r}; it must be a {kind.__name__}.") from error
    if isinstance(value, int | float) and not value >= 0:
        raise ValueError(f"{variable} is {text!r}; it must be at least 0.")
    return value
