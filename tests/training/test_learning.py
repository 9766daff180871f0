"""The parts of a fit keep their laws: scaling, warps, mixtures, texture, calibration."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.configuration import ConfigurationError, FitConfiguration
from training.data.partition import order_labels
from training.families.settings import TrainedSettings
from training.families.vae import convolutional
from training.learning.loop import RECORDED, Objective, train
from training.learning.mixture_fit import fit_mixture
from training.learning.run import Run, start_fabric
from training.learning.scaling import Scaling, make_resampling_matrix
from training.learning.warps import warp_series


@pytest.mark.parametrize("native", [20, 64, 128, 129, 300])
def test_scaling_and_resampling_there_and_back_keep_a_smooth_series(native: int) -> None:
    time = np.linspace(0, 1, native)
    series = np.stack([1000 + 50 * np.sin(7 * time), 1e-3 * np.cos(5 * time)])[None].astype(np.float32)
    scaling = Scaling(series, 128)
    back = scaling.restore(scaling.standardise(torch.as_tensor(series))).numpy()
    difference = np.abs(back - series).max(axis=2) / np.ptp(series, axis=2)
    assert difference.max() < 0.02


@pytest.mark.parametrize(("n_from", "n_to"), [(10, 10), (300, 128), (128, 300), (2000, 100)])
def test_resampling_keeps_constants_and_averages_noise(n_from: int, n_to: int) -> None:
    matrix = make_resampling_matrix(n_from, n_to)
    torch.testing.assert_close(torch.ones(n_from) @ matrix, torch.ones(n_to))
    if n_from > 2 * n_to:
        assert (torch.randn(200, n_from) @ matrix).std() < 0.7


def test_a_constant_channel_is_not_blown_up() -> None:
    series = np.full((4, 1, 16), 7, np.float32)
    assert float(Scaling(series, 128).standardise(torch.as_tensor(series)).abs().max()) < 1e-5


def test_warps_keep_ends_constants_and_range_and_follow_their_generator() -> None:
    series = torch.randn(50, 2, 64, generator=torch.Generator().manual_seed(0))
    first, second = (warp_series(series, 1.0, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.allclose(first, series)
    assert first.max() <= series.max() and first.min() >= series.min()
    torch.testing.assert_close(warp_series(series, 0.0, torch.Generator().manual_seed(3)), series, rtol=0, atol=1e-4)
    torch.testing.assert_close(warp_series(torch.ones(5, 1, 32), 1.0, torch.Generator()), torch.ones(5, 1, 32))


def _draw_clusters(counts: list[int], latent_dim: int = 8) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    class_index = np.repeat(np.arange(len(counts)), counts)
    return random.normal(size=(len(class_index), latent_dim)) + 4 * class_index[:, None], class_index


@pytest.mark.parametrize("counts", [[30, 30], [40, 1], [1, 1, 1], [5, 0, 9], [200]])
def test_a_mixture_holds_for_many_cases_for_one_and_for_none(counts: list[int]) -> None:
    latent, class_index = _draw_clusters(counts)
    mixture = fit_mixture(latent, class_index, len(counts), 3, seed=0)
    np.testing.assert_allclose(mixture.weights.sum(axis=1), 1)
    assert np.linalg.eigvalsh(mixture.covariances).min() > 1e-4
    likeliest = mixture.compute_class_log_density(latent).argmax(axis=1)
    assert (likeliest == class_index).mean() > 0.95


def test_a_class_of_two_clusters_gets_two_components() -> None:
    random = np.random.default_rng(1)
    latent = np.concatenate([random.normal(-5, 1, (40, 4)), random.normal(5, 1, (40, 4))])
    mixture = fit_mixture(latent, np.zeros(80, np.int64), 1, 3, seed=0)
    assert (mixture.weights[0] > 0.3).sum() == 2
    np.testing.assert_allclose(np.sort(mixture.means[0, :2, 0]), [-5, 5], atol=0.6)


def test_a_lone_outlier_gets_no_component_of_its_own() -> None:
    random = np.random.default_rng(3)
    latent = np.concatenate([random.normal(0, 1, (40, 4)), np.full((1, 4), 60.0)])
    mixture = fit_mixture(latent, np.zeros(41, np.int64), 1, 3, seed=0)
    np.testing.assert_allclose(mixture.weights.sum(axis=1), 1)
    assert mixture.weights[mixture.weights > 0].min() * 41 > 1.9


def test_classes_are_ordered_by_number_then_text() -> None:
    assert order_labels(("10", "9", "b", "a", "-1")) == ("-1", "9", "10", "a", "b")
    assert order_labels((3, 1, 2, 1)) == (1, 2, 3)
    assert order_labels(None) == ("all",)


@pytest.mark.parametrize(
    "setting",
    [
        {"working_timepoints": 7},
        {"held_out_share": 1.0},
        {"expansion": 0.0},
        {"folds": 1},
        {"seed": -1},
        {"balance": float("nan")},
        {"policy_warp_probability": -1.0},
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_flag(setting: dict[str, float]) -> None:
    flag = "--" + next(iter(setting)).replace("_", "-")
    with pytest.raises(ConfigurationError, match=flag):
        FitConfiguration(**setting)  # type: ignore[arg-type]


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here")
def test_a_gpu_that_is_not_there_is_refused_before_anything_is_trained() -> None:
    with pytest.raises(ConfigurationError, match="no GPU here"):
        start_fabric(FitConfiguration(device="cuda"))


def test_a_configuration_survives_its_record() -> None:
    configuration = FitConfiguration(dataset="GunPoint", seed=3, vae=convolutional.Settings(latent_dim=5))
    assert FitConfiguration.from_record(configuration.record(), None) == configuration
    with pytest.raises(ConfigurationError, match="colour"):
        FitConfiguration.from_record({"colour": 1}, None)


class _Distance(Objective):
    """The squared distance of a parameter from 1, which one step after another shortens."""

    def __init__(self) -> None:
        super().__init__(4, 0, torch.device("cpu"))
        self.place = torch.nn.Parameter(torch.zeros(()))

    def forward(self, index: torch.Tensor, progress: float) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        loss = (self.place - 1) ** 2
        return loss, {"loss": loss, "progress": torch.tensor(progress)}


@pytest.mark.parametrize(("steps", "recorded"), [(3, 3), (RECORDED, RECORDED), (10 * RECORDED, RECORDED)])
def test_a_training_run_remembers_its_losses_at_few_steps(steps: int, recorded: int) -> None:
    run = Run(start_fabric(FitConfiguration(device="cpu")), seed=0, title="test")
    history = train(run, _Distance(), steps, TrainedSettings(weight_decay=0.0))
    np.testing.assert_allclose(history.parts["progress"], history.steps / steps, rtol=1e-6)
    assert len(history.steps) == recorded
    assert history.parts["loss"][0] == 1 and (np.diff(history.parts["loss"]) < 0).all()
