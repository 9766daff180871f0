"""A bundle that an earlier Seriesmith wrote, in format 2, makes the series that it made then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime

MADE = [
    [[1038.605, 1027.4767, 982.471, 1006.4954], [0.00842, 0.00796, 0.00779, 0.00778]],
    [[999.1611, 1002.5277, 968.981, 1016.4313], [0.00851, 0.00778, 0.00772, 0.00794]],
]
"""Every 16th timepoint of the first and last of 40 series of class 2 with the seed 5, as it made them then."""


@pytest.fixture(scope="module")
def old() -> Bundle:
    """Sines: two channels, three classes, texture step by step."""
    return Bundle.load(Path(__file__).parent / "format_2" / "sines" / "1", Runtime("cpu", 1))


def test_it_can_do_all_that_it_could(old: Bundle) -> None:
    assert {"encode", "reconstruct", "sample", "augment", "classify"} <= set(old.operations)
    assert old.can("typicality") and old.manifest.texture_steps == 8
    assert old.manifest.metrics.uplift is not None
    old.warm_up()


def test_its_seeds_make_the_series_that_they_made(old: Bundle) -> None:
    made = old.sample(2, 40, seed=5)
    np.testing.assert_allclose(made.series[[0, 39], :, ::16], MADE, rtol=1e-3)
    np.testing.assert_allclose(made.log_density[[0, 39]], [-2.29789, 2.03561], rtol=1e-3)
    assert (made.n_proposals, made.n_fallbacks) == (40, 0)
