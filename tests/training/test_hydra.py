"""Hydra's features are the published ones but for a narrow ramp, and its channels are drawn in bounds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.training.test_minirocket import draw_walks
from training.families.classifiers import hydra
from training.families.settings import Size


def fit_kernels(series: np.ndarray, n_groups: int = 4) -> hydra.Hydra:
    n_cases, n_channels, n_timepoints = series.shape
    fitted = hydra.Hydra(Size(n_cases, n_channels, n_timepoints, n_classes=2), n_groups, n_rocket=84)
    fitted.fit_kernels(torch.as_tensor(series), np.random.default_rng(0))
    return fitted


def count_gains(answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The roots of the mean gains of answers `[n, n_groups, 8, n_timepoints]` as published, all to the winner: its
    answer where it is the most, one where it is the least."""
    most = answers.argmax(axis=2)[:, :, None] == np.arange(8)[:, None]
    least = answers.argmin(axis=2)[:, :, None] == np.arange(8)[:, None]
    gained, counted = (most * answers).mean(axis=3), least.mean(axis=3)
    return np.sqrt(np.maximum(gained, 0)), np.sqrt(counted)


@pytest.mark.parametrize("shape", [(1, 9), (1, 64), (3, 50)], ids=str)
@torch.no_grad()
def test_features_are_the_published_gains(shape: tuple[int, int]) -> None:
    fitted = fit_kernels(draw_walks(*shape))
    asked = torch.as_tensor(draw_walks(*shape, seed=1))
    features, expected = fitted.compute_features(asked).numpy()[:, 84:], []
    for position in range(len(fitted.dilations)):
        for number, seen in enumerate((asked, asked.diff(dim=2))):
            answers = fitted._convolve(seen, position, number).numpy()
            gained, counted = count_gains(answers)
            expected += [gained * np.sqrt(hydra.RAMP), counted]  # the answers are over the ramp
    whole = np.concatenate([part.reshape(len(asked), -1) for part in expected], axis=1)
    assert features.shape == whole.shape
    assert np.abs(features - whole).mean() < 0.02 * whole.mean()


@pytest.mark.parametrize(("n_channels", "summed"), [(1, 1), (2, 2), (3, 2), (9, 4), (40, 8)])
def test_a_group_sums_over_half_of_the_channels_within_bounds(n_channels: int, summed: int) -> None:
    kernels = hydra.draw_kernels((16, n_channels, 9), np.random.default_rng(0)).numpy()
    assert ((kernels != 0).any(axis=2).sum(axis=1) == summed).all()
    assert np.allclose(kernels.sum(axis=2), 0, atol=1e-6)
    assert np.allclose(np.abs(kernels).sum(axis=2).max(axis=1), 1, atol=1e-6)
    groups = (kernels != 0).any(axis=2).reshape(2, 8, n_channels)
    assert (groups == groups[:, :1]).all()


@torch.no_grad()
def test_rounding_moves_an_answer_by_as_little() -> None:
    """Ties within a group are where hard counting would jump."""
    fitted = fit_kernels(draw_walks(1, 64))
    asked = torch.as_tensor(draw_walks(1, 64, seed=1))
    near = asked * (1 + 1e-6)
    moved = (fitted.compute_features(near) - fitted.compute_features(asked)).abs().max()
    assert 0 < moved < 1e-3
