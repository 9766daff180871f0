"""`python training/windows.py`: a bundle of unlabelled windows is measured by TimeGAN's protocol, as one Markdown row.

Windows are scaled to 0 … 1 per channel by the real minimum and maximum, as many synthetic as real ones are drawn, and
the two judges of `training/quality/recurrent.py` score them, several times over. Beside them stand a floor, real
windows against real ones, and a control: windows of one normal distribution, which shows how much the judges see.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

if __name__ == "__main__":  # before what takes seconds to import
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("windows")

import numpy as np
import torch
import tyro
from torch import Tensor
from tqdm import tqdm

from bundle.engine.bundle import Bundle
from training import data as datasets
from training.configuration import ConfigurationError, FitConfiguration
from training.ending import REFUSALS
from training.fit import fit_and_publish
from training.learning.progress import make_progress
from training.quality.recurrent import Effort, compute_discriminative_score, compute_predictive_score

DIFFERENCES = """\
Differences from TimeGAN's protocol (Yoon et al., 2019, as its published code runs it): the judges are torch's GRU, with
Keras' initial weights, instead of TensorFlow's; each repetition draws synthetic windows, split and weights anew, where
the original judges one synthetic set again; minimum and maximum are those of the windows given; synthetic windows may
leave 0 … 1. The floor is the same for one random half of the real windows in place of the synthetic ones and the other
half as the real ones: half as many, and where windows overlap in time, so do the halves. As in the original, the bundle
is judged by the windows that it learned from. "One Gaussian", a control, is as many windows of the normal distribution
with the real ones' mean and covariance: where it scores well, the judges see little."""


@dataclass(frozen=True)
class WindowsConfiguration:
    """Measure a bundle of unlabelled windows by TimeGAN's protocol: discriminative and predictive score."""

    data: Path
    """The real windows, a file that fit.py reads."""
    bundle: Path | None = None
    """A bundle's directory, <models>/<name>/<version>, fitted on them (default: fit one, measure it, throw it away)."""
    layout: str = "n_cases,n_timepoints,n_channels"
    """Order of the axes in an .npz array."""
    key: str | None = "data"
    """Name of the series array in an .npz file."""
    repetitions: int = 10
    """How often each score is measured; the row gives mean ± standard deviation."""
    effort: tyro.conf.OmitArgPrefixes[Effort] = field(default_factory=Effort)
    seed: int = 0
    """Seed of the synthetic windows, the splits and the judges."""
    threads: int = 1
    """CPU threads of torch."""


@dataclass(frozen=True)
class Scores:
    """Discriminative and predictive score of each repetition, `[repetitions]` each."""

    discriminative: np.ndarray
    predictive: np.ndarray


def measure(bundle: Bundle, windows: np.ndarray, configuration: WindowsConfiguration) -> list[Scores]:
    """Of synthetic windows, of real ones (the floor), and of one Gaussian; `windows` `[n_cases, n_channels,
    n_timepoints]` in original units.

    Raises `ConfigurationError` when the bundle has classes or its series another shape.
    """
    _refuse_other_bundles(bundle, windows)
    scaling = _UnitInterval(windows)
    real = scaling(windows)
    half = len(real) // 2
    rows = []
    for number in tqdm(range(configuration.repetitions), desc="judges", disable=None):
        seed = configuration.seed + number
        order = torch.randperm(len(real), generator=torch.Generator().manual_seed(seed))
        pairs = [
            (real, scaling(bundle.sample(0, len(windows), seed).series)),
            (real[order[:half]], real[order[half : 2 * half]]),
            (real, fit_gaussian(real, seed)),
        ]
        rows.append([_score(*pair, seed, configuration.effort) for pair in pairs])
    return [Scores(*of_kind) for of_kind in np.array(rows).transpose(1, 2, 0)]


def fit_gaussian(windows: Tensor, seed: int) -> Tensor:
    """As many windows `[n_cases, n_channels, n_timepoints]`, normally distributed with their mean and covariance."""
    flat = windows.flatten(1).double().numpy()
    drawn = np.random.default_rng(seed).multivariate_normal(flat.mean(axis=0), np.cov(flat.T), len(flat))
    return torch.as_tensor(drawn, dtype=torch.float32).reshape(windows.shape)


def write_table(name: str, n_windows: int, scores: list[Scores]) -> str:
    """A Markdown table of one row; `scores` as `measure` gives them."""
    cells = [score.discriminative for score in scores] + [score.predictive for score in scores]
    row = " | ".join(f"{cell.mean():.3f} ± {cell.std():.3f}" for cell in cells)
    return "\n".join(
        [
            "| windows | n | discriminative score | floor | one Gaussian | predictive score | floor | one Gaussian |",
            "|---|---|---|---|---|---|---|---|",
            f"| {name} | {n_windows} | {row} |",
        ]
    )


def _score(real: Tensor, made: Tensor, seed: int, effort: Effort) -> tuple[float, float]:
    return (
        compute_discriminative_score(real, made, seed, effort.discriminator_steps),
        compute_predictive_score(real, made, seed, effort.predictor_steps),
    )


class _UnitInterval:
    """Per channel 0 … 1 between the minimum and the maximum of `windows`; a constant channel becomes 0."""

    def __init__(self, windows: np.ndarray) -> None:
        self._low = windows.min(axis=(0, 2), keepdims=True).astype(np.float64)
        span = windows.max(axis=(0, 2), keepdims=True) - self._low
        self._span = np.where(span > 0, span, 1.0)

    def __call__(self, series: np.ndarray) -> Tensor:
        return torch.as_tensor((series - self._low) / self._span, dtype=torch.float32)


def _refuse_other_bundles(bundle: Bundle, windows: np.ndarray) -> None:
    shape = (bundle.manifest.series.n_channels, bundle.manifest.series.n_timepoints)
    if shape != windows.shape[1:]:
        raise ConfigurationError(
            f"the bundle's series are {shape[0]} x {shape[1]} (channels x timepoints), the windows "
            f"{windows.shape[1]} x {windows.shape[2]}; give the windows that it was fitted on, or their --layout."
        )
    if len(bundle.manifest.classes) > 1:
        raise ConfigurationError(
            f"the bundle has {len(bundle.manifest.classes)} classes; the protocol is for unlabelled windows, of one."
        )


def _bundle(configuration: WindowsConfiguration) -> Bundle:
    if configuration.bundle is not None:
        return Bundle.load(configuration.bundle.resolve())
    with TemporaryDirectory() as models:
        settings = {name: getattr(configuration, name) for name in ("data", "layout", "key", "seed", "threads")}
        fitted = FitConfiguration(**settings, name="windows", models=Path(models), force=True)  # measured, however bad
        directory = fit_and_publish(fitted, make_progress())
        assert directory is not None
        return Bundle.load(directory)


def main(arguments: list[str] | None = None, prog: str = "windows.py") -> int:
    """The command line; answers the exit status."""
    configuration = tyro.cli(WindowsConfiguration, args=arguments, prog=prog)
    try:
        torch.set_num_threads(configuration.threads)
        loaded = datasets.load(data=configuration.data, layout=configuration.layout, key=configuration.key)
        windows = loaded.train.series
        scores = measure(_bundle(configuration), windows, configuration)
    except REFUSALS as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 2
    print(write_table(loaded.name, len(windows), scores))
    print(f"\n{configuration.repetitions} repetitions. {DIFFERENCES}")
    return 0
