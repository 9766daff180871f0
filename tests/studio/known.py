"""Datasets that the shipped models know, put into the catalogue of a running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.catalogue.cases import StoredCases
from studio.catalogue.catalogue import Catalogue
from studio.database import open_database
from studio.settings import StudioSettings
from tests.service.server import Server


@pytest.fixture(scope="module")
def catalogue(studio_server: Server, studio_folder: Path) -> Catalogue:
    """The catalogue that `studio_server` has, opened beside it."""
    settings = StudioSettings(studio_folder)
    return Catalogue(open_database(settings.database_url), settings)


def make_gunpoint(server: Server, counts: dict[str, int], seed: int = 1, **fields: Any) -> StoredCases:
    """Series as GunPoint has them, `counts` of each class, whose labels are integers here."""
    made = server.answer("sample", model="gunpoint", counts=counts, seed=seed)
    series = np.array(made["series"], np.float32)
    labels = tuple(int(label) for label in made["labels"])
    return StoredCases(series, np.full(len(series), series.shape[2]), labels=labels, **fields)


def keep(catalogue: Catalogue, cases: StoredCases, name: str) -> str:
    """Add cases to a catalogue, and return the dataset's id."""
    return catalogue.add(cases, name=name, kind="upload", source={}, suffix=".csv", tags=["known"]).id
