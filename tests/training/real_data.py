"""Real files beside a checkout, in `shared/data`; what needs them is skipped where they are absent."""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = next((parent / "shared/data" for parent in Path(__file__).parents if (parent / "shared/data").is_dir()), Path())
REAL = DATA / "real"

needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason="needs the real files of shared/data")
