"""MiniRocket's features are the published ones, whatever the length and however many channels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from aeon.transformations.collection.convolution_based import MiniRocket

from tests.training.test_families import RUN, Cases
from training.choosing.rocket import lengthen
from training.families.classifiers import minirocket
from training.families.settings import Size
from training.learning.policy_cases import PolicyCases

N_CASES = 12


def draw_walks(n_channels: int, n_timepoints: int, seed: int = 0) -> np.ndarray:
    """Random walks, each channel standardised."""
    steps = np.random.default_rng(seed).standard_normal((N_CASES, n_channels, n_timepoints))
    walks = steps.cumsum(axis=2)
    scaled: np.ndarray = ((walks - walks.mean()) / walks.std()).astype(np.float32)
    return scaled


def copy_kernels(published: MiniRocket, size: Size) -> minirocket.MiniRocket:
    """Our module with the channels, dilations and biases that aeon's was fitted to, and its narrowest ramp."""
    ours = minirocket.MiniRocket(size, published.n_kernels)
    n_channels, channels, dilations, counts, biases = published.parameters
    assert (ours.dilations, ours.counts) == (dilations.tolist(), counts.tolist())
    ramp, start = minirocket.NARROWEST_RAMP, 0
    ends = n_channels.cumsum()
    chosen = [channels[end - n : end] for end, n in zip(ends, n_channels, strict=True)]
    order = [*range(0, 84, 2), *range(1, 84, 2)]
    for position, count in enumerate(counts):
        for kernel, number in enumerate(order):
            own = chosen[84 * position + number]
            ours.kernels[position, kernel, own] = minirocket.make_kernels()[kernel] / ramp
        own_biases = biases[84 * start : 84 * (start + count)].reshape(84, count)[order] / ramp
        ours.biases[:, :, start : start + count] = torch.as_tensor(own_biases).reshape(2, 42, count, 1)
        start += count
    return ours


def reorder(features: np.ndarray, counts: list[int]) -> np.ndarray:
    """aeon's features, `[n, n_features]`, dilation by dilation, in the order of ours: kernel by kernel."""
    blocks = np.split(features, 84 * np.cumsum(counts)[:-1], axis=1)
    split = [block.reshape(len(features), 84, -1) for block in blocks]
    by_kernel = np.concatenate(split, axis=2)
    answer: np.ndarray = np.concatenate([by_kernel[:, ::2], by_kernel[:, 1::2]], axis=1).reshape(len(features), -1)
    return answer


@pytest.mark.parametrize("shape", [(1, 9), (1, 128), (3, 50)], ids=str)
@torch.no_grad()
def test_with_the_kernels_of_another_implementation_its_features_are_the_same(shape: tuple[int, int]) -> None:
    series = draw_walks(*shape)
    published = MiniRocket(n_kernels=2_000, random_state=1).fit(series)
    ours = copy_kernels(published, Size(N_CASES, *shape, n_classes=2))
    asked = draw_walks(*shape, seed=1)
    expected = reorder(published.transform(asked), ours.counts)
    assert np.abs(ours.compute_features(torch.as_tensor(asked)).numpy() - expected).mean() < 1e-4


@torch.no_grad()
def test_a_bias_is_a_quantile_of_what_its_kernel_answers_to_a_training_case() -> None:
    series = torch.as_tensor(draw_walks(1, 60))
    fitted = minirocket.MiniRocket(Size(N_CASES, 1, 60, 2), 10_000)
    fitted.fit_kernels(series, np.random.default_rng(0))
    shares = fitted.compute_features(series).numpy()
    assert 0.45 < shares.mean() < 0.55
    assert np.quantile(shares.mean(axis=0), [0.1, 0.9]) == pytest.approx([0.1, 0.9], abs=0.1)


@torch.no_grad()
def test_series_of_eight_timepoints_are_continued_by_their_last_value() -> None:
    data = Cases(2, 8, 2)
    fitted, _ = minirocket.fit(PolicyCases(data.pool), minirocket.Settings(n_features=168), RUN)
    longer = torch.as_tensor(lengthen(data.pool.series.numpy()))
    assert longer.shape[2] == 9
    assert torch.equal(fitted(data.pool.series), fitted(longer))


@torch.no_grad()
def test_a_little_rounding_moves_the_answers_a_little() -> None:
    data = Cases(1, 64, 2)
    fitted, _ = minirocket.fit(PolicyCases(data.pool), minirocket.Settings(), RUN)
    noise = 1e-6 * torch.randn(data.pool.series.shape, generator=torch.Generator().manual_seed(0))
    moved = torch.softmax(fitted(data.pool.series + noise), 1) - torch.softmax(fitted(data.pool.series), 1)
    assert moved.abs().max() < 1e-5
