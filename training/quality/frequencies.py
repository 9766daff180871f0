"""Whether synthetic series keep the frequencies and the variety of each class, beside real ones as the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import pdist

from training.learning.cases import TrainingCases
from training.quality.matched import match_classes
from training.quality.privacy import compute_nearest_neighbour_ratio
from training.quality.statistics import compute_spectrum_distance

FINER = 8
"""Frequencies looked at between two of a periodogram's."""


@dataclass(frozen=True)
class Faithfulness:
    """Of one class of synthetic cases, and the same of its training cases in place of them, `…_floor`.

    frequency_error: median over series of the relative difference of the dominant frequency from the median of held-out
    cases. spectrum_distance: see `training.quality.statistics`, decibels. spread: median distance between two series,
    over that of held-out cases; well below 1, they are all alike. nearest_neighbour_ratio: see
    `training.quality.privacy`.
    """

    frequency_error: float
    frequency_floor: float
    spectrum_distance: float
    spectrum_floor: float
    spread: float
    nearest_neighbour_ratio: float


def measure_faithfulness(
    train: TrainingCases, held_out: TrainingCases, made: TrainingCases, random: np.random.Generator
) -> list[Faithfulness]:
    """Of each class that has two cases in all three sets, which are compared at equal counts."""
    sets = match_classes([train, held_out, made], random)
    present = [index for index in range(train.n_classes) if (sets[0].class_index == index).sum() > 1]
    return [_measure_class(*(cases.series[cases.class_index == index] for cases in sets)) for index in present]


def _measure_class(train: np.ndarray, held_out: np.ndarray, made: np.ndarray) -> Faithfulness:
    usual = np.median(compute_dominant_frequency(held_out), axis=0)
    of_made, of_train = (
        float(np.median(np.abs(compute_dominant_frequency(series) / usual - 1))) for series in (made, train)
    )
    ratio = compute_nearest_neighbour_ratio(train, held_out, made)
    return Faithfulness(
        frequency_error=of_made,
        frequency_floor=of_train,
        spectrum_distance=compute_spectrum_distance(made, held_out),
        spectrum_floor=compute_spectrum_distance(train, held_out),
        spread=_compute_spread(made) / _compute_spread(held_out),
        nearest_neighbour_ratio=float("nan") if ratio is None else ratio,
    )


def compute_dominant_frequency(series: np.ndarray) -> np.ndarray:
    """Cycles per timepoint with the highest power of each series and channel, `[n_cases, n_channels]`.

    Under a Hann window, so that a frequency that does not fit the length is found too, and between the periodogram's
    frequencies; slower than one cycle a series is none.
    """
    n_timepoints = series.shape[2]
    centred = series.astype(np.float64) - series.mean(axis=2, keepdims=True)
    power = np.abs(np.fft.rfft(centred * np.hanning(n_timepoints), FINER * n_timepoints, axis=2))
    frequency: np.ndarray = (power[..., FINER:].argmax(axis=2) + FINER) / (FINER * n_timepoints)
    return frequency


def _compute_spread(series: np.ndarray) -> float:
    return float(np.median(pdist(series.reshape(len(series), -1))))
