"""How well a VAE gives back series that it was not trained on.

`python -m training.evaluation.reconstruction --data FOLDER --datasets GunPoint CBF --vae recurrent` fits the family, as
its defaults are, to each training set and judges it by the test set, once. Nothing is chosen.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import tyro

from training import data as datasets
from training.configuration import FitConfiguration
from training.data.partition import make_training_cases, order_labels
from training.families import make_settings, vae
from training.learning.cases import TrainingCases, standardise
from training.learning.learner import compute_reconstruction_errors
from training.learning.run import make_run, start_fabric
from training.learning.scaling import Scaling


@dataclass(frozen=True)
class Settings:
    """Measure the reconstructions of a family of VAEs."""

    data: Path
    """A folder of datasets with training and test sets."""
    datasets: tuple[str, ...]
    """Their names."""
    vae: str = "convolutional"
    """The family."""
    seed: int = 0
    """Seed of the fit."""


def measure(train: TrainingCases, test: TrainingCases, configuration: FitConfiguration) -> tuple[float, float]:
    """The share of the test series' variance that reconstructions explain (R²), and seconds of processor to fit."""
    scaling = Scaling(train.series, configuration.working_timepoints)
    run = make_run(start_fabric(configuration), configuration, "VAE")
    begun = time.process_time()
    model, _ = vae.fit(standardise(train, scaling), configuration.vae, run)
    seconds = time.process_time() - begun
    error = compute_reconstruction_errors(model, scaling, test.series).mean()
    return float(1 - error / test.series.var()), seconds


def main(arguments: list[str] | None = None) -> int:
    """Print a table, a row per dataset."""
    settings = tyro.cli(Settings, args=arguments)
    configuration = FitConfiguration(seed=settings.seed, device="cpu", vae=make_settings("vae", settings.vae))
    print(f"| {settings.vae} | R² | seconds |\n|---|---|---|")
    for name in settings.datasets:
        dataset = datasets.load(dataset=name, data=settings.data)
        if dataset.test is None:
            print(f"{name} has no test set.", file=sys.stderr)
            return 2
        labels = order_labels(dataset.train.labels)
        train, test = (make_training_cases(part, labels) for part in (dataset.train, dataset.test))
        explained, seconds = measure(train, test, configuration)
        print(f"| {name} | {explained:.3f} | {seconds:.1f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
