"""What a report is written from: plain arrays, the losses and the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bundle.generation.mixture import MixtureParameters
from bundle.manifest import Manifest
from training.learning.loop import History

NO_ENCODER = "What makes series here has no encoder, and so there are neither codes nor reconstructions."


@dataclass(frozen=True)
class Collection:
    """Series `[n, n_channels, n_timepoints]` in original units, class_index `[n]` and latent `[n, latent_dim]`.

    `latent` is what the encoder makes of the series, their posterior means, also where they are synthetic; None where
    there is no encoder.
    """

    series: np.ndarray
    class_index: np.ndarray
    latent: np.ndarray | None

    def select_class(self, index: int) -> np.ndarray:
        """The series of one class."""
        own: np.ndarray = self.series[self.class_index == index]
        return own


@dataclass(frozen=True)
class ReportInputs:
    """Everything that a report shows.

    held_out, predicted: the cases kept to measure on, and the class index `[n]` that the classifier gives each; None
    where there are none, or no classifier.
    reconstruction: `[n, n_channels, n_timepoints]`, of the held-out cases, or of the training cases without such; None,
    like the mixture, where there is no encoder.
    cross_fitted_error: `[n]`, error of training cases by models not trained on them; None without folds.
    texture: the family that gives synthetic series their fine structure, and what it keeps of the training cases, in
    words.
    histories: the losses by network.
    """

    manifest: Manifest
    training: Collection
    synthetic: Collection
    held_out: Collection | None
    predicted: np.ndarray | None
    reconstruction: np.ndarray | None
    cross_fitted_error: np.ndarray | None
    mixture: MixtureParameters | None
    texture: str
    histories: dict[str, History]

    @property
    def reconstructed(self) -> Collection:
        """The cases that `reconstruction` is of."""
        return self.held_out or self.training

    @cached_property
    def error(self) -> np.ndarray:
        """Mean squared difference of case and reconstruction, `[n]`, squared original units."""
        assert self.reconstruction is not None, "without an encoder there is no error"
        difference = self.reconstructed.series.astype(np.float64) - self.reconstruction
        error: np.ndarray = np.square(difference).mean(axis=(1, 2))
        return error

    @property
    def threshold(self) -> float | None:
        """The error above which a case is anomalous; None where nothing was judged."""
        calibration = self.manifest.calibration
        return calibration.anomaly_threshold if calibration else None

    @cached_property
    def channel_scale(self) -> np.ndarray:
        """Standard deviation of each channel over the training cases, `[n_channels, 1]`; 1 where it is constant."""
        scale = self.training.series.astype(np.float64).std(axis=(0, 2))
        scaled: np.ndarray = np.where(scale > 0, scale, 1.0)[:, None]
        return scaled

    @cached_property
    def channel_mean(self) -> np.ndarray:
        """Mean of each channel over the training cases, `[n_channels, 1]`."""
        mean: np.ndarray = self.training.series.mean(axis=(0, 2), dtype=np.float64)[:, None]
        return mean

    @property
    def labels(self) -> list[str]:
        """The classes' labels as text, by class index."""
        return [str(label) for label in self.manifest.labels]

    @property
    def counts(self) -> list[int]:
        """Training cases by class index."""
        return [card.training_count for card in self.manifest.classes]
