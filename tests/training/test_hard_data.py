"""Data at the edge of what there is to learn: it trains and samples finite numbers."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import take_steps
from tests.training.test_fit import make_brief
from training.configuration import FitConfiguration
from training.data import Cases
from training.data.partition import Partition
from training.fitting import fit
from training.learning.run import start_fabric
from training.quality.fitted import make_sampling, measure

RANDOM = np.random.default_rng(0)
WALKS = np.cumsum(RANDOM.normal(size=(16, 1, 24)), axis=2)
ALTERNATING = tuple(np.arange(16) % 2)
OUTLIER = np.where(np.arange(16 * 24).reshape(16, 1, 24) == 0, 1e30, WALKS)


def make_settings(**settings: object) -> FitConfiguration:
    return make_brief(**take_steps(5, 5, 5), **{"advice": "brief", **settings})


@pytest.mark.parametrize(
    ("series", "labels", "folds"),
    [
        pytest.param(WALKS[:4], (0, 1, 2, 3), 0, id="as many classes as cases"),
        pytest.param(WALKS[:4], (0, 0, 1, 1), 2, id="two cases of a class"),
        pytest.param(WALKS, (0,) * 16, 2, id="one class"),
        pytest.param(WALKS, (0,) * 15 + (1,), 2, id="a class of one"),
        pytest.param(np.concatenate([WALKS, np.full_like(WALKS, 1e7)], axis=1), ALTERNATING, 0, id="constant channel"),
        pytest.param(np.zeros_like(WALKS), ALTERNATING, 2, id="nothing but zeros"),
        pytest.param(np.repeat(WALKS[:1], 16, axis=0), ALTERNATING, 2, id="one case again and again"),
        pytest.param(WALKS * 1e-20, ALTERNATING, 2, id="tiny"),
        pytest.param(WALKS * 1e-42, ALTERNATING, 0, id="below the least normal number"),
        pytest.param(WALKS * 1e37, ALTERNATING, 2, id="huge"),
        pytest.param(OUTLIER, ALTERNATING, 0, id="one value of 1e30"),
        pytest.param(WALKS[:, :, :8], ALTERNATING, 0, id="the shortest"),
        pytest.param(np.repeat(WALKS[:12], 417, axis=2)[:, :, :10_000], ALTERNATING[:12], 0, id="10 000 points"),
    ],
)
def test_it_trains_and_samples_finite_numbers(series: np.ndarray, labels: tuple[int, ...], folds: int) -> None:
    settings = make_settings(folds=folds)
    cases = Cases(series.astype(np.float32), labels, None)
    fitted = fit(start_fabric(settings), cases, settings)
    assert all(0 <= share <= 1 for share in measure(fitted, Partition(cases, None, None), settings).acceptance.values())
    made = make_sampling(fitted).sample(np.full(len(fitted.labels), 5), seed=0).series
    assert made.shape[1:] == series.shape[1:] and np.isfinite(made).all()
    if fitted.held_out is not None:
        threshold = fitted.held_out.calibrate().anomaly_threshold
        assert threshold is not None and np.isfinite(threshold)
