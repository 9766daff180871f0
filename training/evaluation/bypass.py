"""`python -m training.evaluation.bypass`: what handing time past the latent code does to the clusters in it.

The recordings of `repeated_patterns` are cut into windows at any phase. The attention VAE learns them without a time
encoding, with one whose last value the code holds, and with one that bypasses the code; k-means then looks for the
patterns in the codes of windows of other recordings, and the adjusted Rand index (Hubert & Arabie, 1985) compares what
it finds with the labels, which no fit saw: the weight of the class head is 0. All arms start from equal seeds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
import torch
import tyro
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from training.configuration import FitConfiguration
from training.data import load
from training.data.generators.repeated_patterns import Settings
from training.data.partition import make_training_cases, order_labels
from training.families import make_settings, vae
from training.learning.cases import TrainingCases, standardise
from training.learning.run import Run, compute_growth, start_fabric
from training.learning.scaling import Scaling

Arm = Literal["none", "code", "bypass"]
ARMS: tuple[Arm, ...] = ("none", "code", "bypass")
"""Values of `--vae.time`."""

PERIOD, WINDOW, STRIDE = 48, 48, 13
"""Timepoints; the stride has no factor in common with the period, so that windows lie at every phase."""


@dataclass(frozen=True)
class Configuration:
    """Compare latent codes with time in them and without."""

    seeds: int = 3
    """Recordings and initial weights."""
    arms: tuple[Arm, ...] = ARMS
    """Ways of giving time."""
    epochs: tuple[int, ...] = (100, 400)
    """Passes over the windows, each in a fit of its own."""
    picture: Path | None = None
    """Where to draw the codes of the first seed after the fewest epochs (default: nowhere)."""


@dataclass(frozen=True)
class Codes:
    """Posterior means of the pattern `[n, latent_dim]` of windows not learned from, their class_index `[n]` and the
    phase `[n]` at which they end, 0 … 1; their mean squared error without the time channels, and the fit's seconds."""

    latent: np.ndarray
    class_index: np.ndarray
    phase: np.ndarray
    error: float
    seconds: float

    def compute_rand_index(self) -> float:
        """The adjusted Rand index of k-means, with as many clusters as there are patterns."""
        found = KMeans(int(self.class_index.max()) + 1, n_init=10, random_state=0).fit_predict(self.latent)
        return float(adjusted_rand_score(self.class_index, found))


def load_windows(seed: int) -> tuple[TrainingCases, TrainingCases]:
    """Windows to learn from and windows of other recordings with the same four patterns."""
    options = Settings(seed=seed, n_cases=8, n_timepoints=480, n_classes=4, repetitions=5)
    dataset = load("repeated_patterns", generated=options, window=WINDOW, stride=STRIDE, time_encoding=float(PERIOD))
    assert dataset.test is not None
    labels = order_labels(dataset.train.labels)
    return make_training_cases(dataset.train, labels), make_training_cases(dataset.test, labels)


def learn_codes(arm: str, learn: TrainingCases, judge: TrainingCases, epochs: int, seed: int) -> Codes:
    """Fit the VAE to `learn` for so many epochs, and encode `judge`."""
    start, n_cases = time.perf_counter(), len(learn.series)
    scaling = Scaling(learn.series, WINDOW)
    options = {"time": arm, "warp_probability": 0.0, "class_weight": 0.0, "batch_size": 32}
    steps = round(epochs * n_cases / 32 / compute_growth(n_cases))
    settings = make_settings("vae", "attention", {**options, "steps": steps})
    run = Run(start_fabric(FitConfiguration(device="cpu")), seed, f"VAE, {arm}")
    model, _ = vae.fit(standardise(learn, scaling), settings, run)
    series = torch.as_tensor(judge.series)
    with torch.no_grad():
        mean, _ = model.encode(scaling.standardise(series))
        error = (scaling.restore(model.decode(mean)) - series)[:, :1].square().mean()
    sine, cosine = judge.series[:, -2:, -1].T
    phase = np.arctan2(sine, cosine) / (2 * np.pi) % 1
    latent = mean[:, : settings.latent_dim].numpy()
    return Codes(latent, judge.class_index, phase, float(error), time.perf_counter() - start)


def draw_codes(path: Path, found: dict[str, Codes], epochs: int) -> None:
    """Each arm's codes on their principal plane, coloured by pattern above and by phase below."""
    figure, grid = plt.subplots(2, len(found), figsize=(3.2 * len(found), 6.2), layout="constrained")
    for column, (arm, codes) in zip(grid.T, found.items(), strict=True):
        centred = codes.latent - codes.latent.mean(axis=0)
        plane = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
        for axes, colour, palette in zip(column, (codes.class_index, codes.phase), ("tab10", "twilight"), strict=True):
            axes.scatter(*plane.T, 6, c=colour, cmap=palette)
            axes.set(xticks=[], yticks=[], aspect="equal")
            axes.set_adjustable("datalim")
        column[0].set_title(f"--vae.time {arm}: {codes.compute_rand_index():.2f}", fontsize=10)
    grid[0, 0].set_ylabel("colour: pattern")
    grid[1, 0].set_ylabel("colour: phase")
    figure.suptitle(f"Latent codes of windows not learned from, {epochs} epochs; adjusted Rand index", fontsize=10)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def main(configuration: Configuration) -> None:
    """Print a row of a Markdown table for each arm and number of epochs, and draw the picture."""
    print(
        "| `--vae.time` | epochs | adjusted Rand index, each seed | mean | error | fit s |\n|---|---|---|---|---|---|"
    )
    windows = [load_windows(seed) for seed in range(configuration.seeds)]
    for epochs in configuration.epochs:
        pictured: dict[str, Codes] = {}
        for arm in configuration.arms:
            found = [learn_codes(arm, *pair, epochs, seed) for seed, pair in enumerate(windows)]
            indices = [codes.compute_rand_index() for codes in found]
            error, seconds = (np.mean([getattr(codes, name) for codes in found]) for name in ("error", "seconds"))
            each = ", ".join(f"{index:.2f}" for index in indices)
            print(f"| {arm} | {epochs} | {each} | {np.mean(indices):.2f} | {error:.3f} | {seconds:.0f} |", flush=True)
            pictured[arm] = found[0]
        if configuration.picture is not None and epochs == min(configuration.epochs):
            draw_codes(configuration.picture, pictured, epochs)


if __name__ == "__main__":
    main(tyro.cli(Configuration))
