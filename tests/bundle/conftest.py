"""A whole bundle, and a copy to break."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle.engine.bundle import Bundle
from tests.bundle.breaking import CPU, SMALL, copy_bundle


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A bundle of one's own to break."""
    return copy_bundle(tmp_path)


@pytest.fixture(scope="module")
def published() -> Bundle:
    """The bundle as it should be."""
    return Bundle.load(SMALL, CPU)
