"""The client makes the channels that training added."""

from __future__ import annotations

import numpy as np
import pytest

from seriesmith import encode_time
from training.data import time_encoding


@pytest.mark.parametrize("start", [0, 7, 1000])
def test_a_window_gets_the_channels_that_a_fit_gave_it(start: int) -> None:
    trained = time_encoding.encode_time(np.arange(2000.0), 48.5)[:, start : start + 96]
    np.testing.assert_allclose(encode_time(96, 48.5, start), trained, atol=1e-9)
