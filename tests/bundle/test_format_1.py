"""A bundle that an earlier Seriesmith wrote, in format 1, does all that it did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.generation.given import GivenCases
from bundle.generation.policy import PolicyName


@pytest.fixture(scope="module")
def old() -> Bundle:
    """BasicMotions: six channels, four classes, texture in one pass."""
    return Bundle.load(Path(__file__).parent / "format_1" / "basicmotions" / "1", Runtime("cpu", 1))


def test_it_loads_and_says_what_it_does_not_know(old: Bundle) -> None:
    manifest = old.manifest
    assert manifest.format_version == 3, "an earlier manifest is read as the present one"
    assert manifest.latent is not None and manifest.latent.latent_dim == 16
    assert manifest.texture_steps is None
    assert manifest.metrics.uplift is None
    assert manifest.metrics.quality is None


def test_its_samples_have_texture_and_are_of_their_class(old: Bundle) -> None:
    samples = old.sample(2, 70, seed=4)
    assert samples.series.shape == (70, 6, 100)
    assert (old.classify(samples.series).argmax(axis=1) == 2).mean() > 0.9
    smooth = old.decode(old.encode(samples.series)[0])
    assert np.abs(np.diff(samples.series, axis=2)).mean() > 1.2 * np.abs(np.diff(smooth, axis=2)).mean()
    assert np.array_equal(samples.series[:10], old.sample(2, 10, seed=4).series)


def test_it_warps_and_interpolates_cases_that_are_given(old: Bundle) -> None:
    series = old.sample(0, 5, seed=1).series
    given = GivenCases(series, old.encode(series)[0])
    policies: tuple[PolicyName, ...] = ("warps", "guided", "interpolation", "latent+warps")
    for policy in policies:
        assert old.sample(0, 6, seed=1, policy=policy, given=given).series.shape == (6, 6, 100)
