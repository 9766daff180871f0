"""Cases for the bundle without labels."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def waves() -> np.ndarray:
    """8 cases for `unlabelled`, `[8, 1, 40]`."""
    time = np.linspace(0, 1, 40)
    return np.sin(6 * time + np.linspace(0, 1, 8)[:, None])[:, None, :].astype(np.float32)
