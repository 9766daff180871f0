"""The dense VAE's own options: each changes what it says it does."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.cluster import KMeans

from training.configuration import FitConfiguration
from training.families.vae.dense import DenseObjective, DenseVAE, Settings, fit
from training.learning.cases import Pool
from training.learning.loop import train
from training.learning.run import Run, start_fabric

RUN = Run(start_fabric(FitConfiguration(device="cpu")), seed=0, title="dense")
SMALL: dict[str, Any] = {"width": 32, "latent_dim": 4, "steps": 200, "warp_probability": 0, "learning_rate": 5e-3}


def make_waves(n_cases: int = 40) -> Pool:
    """Noisy waves 20 timepoints long, whose phase changes evenly from case to case; the class is its half."""
    random, phase = np.random.default_rng(0), np.linspace(0, 2, n_cases)[:, None]
    series = np.sin(np.linspace(0, 6, 20) + phase) + 0.2 * random.normal(size=(n_cases, 20))
    return Pool(torch.tensor(series[:, None], dtype=torch.float32), torch.tensor(phase[:, 0] > 1).long(), 2)


def measure_spread(codes: torch.Tensor, index: torch.Tensor) -> float:
    """The spread of codes within the groups of `index` as a share of their whole spread."""
    within = torch.cat([codes[index == group] - codes[index == group].mean(dim=0) for group in index.unique()])
    return float(within.square().sum() / (codes - codes.mean(dim=0)).square().sum())


@torch.no_grad()
def test_a_sigmoid_output_stays_within_a_tenth_of_the_training_range_whatever_the_code() -> None:
    cases = make_waves()
    with torch.enable_grad():
        model, _ = fit(cases, Settings(output="sigmoid", **SMALL), RUN)
    low, high = float(cases.series.min()), float(cases.series.max())
    far = model.decode(1e3 * torch.randn(50, 4, generator=torch.Generator().manual_seed(0)))
    assert low - 0.1001 * (high - low) <= far.min() and far.max() <= high + 0.1001 * (high - low)
    assert far.min() < low and far.max() > high
    reconstruction, *_ = model(cases.series, torch.zeros(len(cases.series), 4))
    assert (reconstruction - cases.series).square().mean() < 0.5 * cases.series.var()


def test_the_classifier_on_the_code_has_its_own_learning_rate() -> None:
    cases, settings = make_waves(), Settings(class_learning_rate=1e-12, **SMALL)
    objective = DenseObjective(DenseVAE(cases.size, settings), cases, settings, seed=0)
    before = {name: tensor.clone() for name, tensor in objective.named_parameters()}
    train(RUN, objective, 5, settings)
    for name, tensor in objective.named_parameters():
        assert torch.allclose(tensor, before[name], atol=1e-6) == name.startswith("head."), name


@torch.no_grad()
def test_the_contrastive_loss_draws_the_codes_of_a_class_together() -> None:
    cases, spreads = make_waves(), []
    for weight in (0.0, 3.0):
        with torch.enable_grad():
            model, history = fit(cases, Settings(class_weight=0, contrastive_weight=weight, **SMALL), RUN)
        assert ("contrastive" in history.parts) == bool(weight)
        spreads.append(measure_spread(model.encode(cases.series)[0], cases.class_index))
    assert spreads[1] < 0.5 * spreads[0]


@torch.no_grad()
def test_the_clustering_loss_gathers_the_codes_of_unlabelled_cases() -> None:
    labelled, spreads = make_waves(), []
    cases = Pool(labelled.series, torch.zeros_like(labelled.class_index), 1)
    for weight in (0.0, 3.0):
        with torch.enable_grad():
            model, _ = fit(cases, Settings(clustering_weight=weight, n_clusters=2, **SMALL), RUN)
        codes, _ = model.encode(cases.series)
        found = KMeans(2, n_init=4, random_state=0).fit_predict(codes.numpy())
        spreads.append(measure_spread(codes, torch.as_tensor(found)))
    assert spreads[1] < 0.5 * spreads[0]
