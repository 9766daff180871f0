"""Generates noisy recordings in which a few patterns repeat: cut into segments of one each, or whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from training.data.generated import GeneratorSettings, make_partitions
from training.data.raw import Partitions, Raw
from training.settings import Bounds, ConfigurationError

N_WAVES = 4
"""Sine waves that make up a pattern."""

PATTERNS = 2
"""Stream of the patterns, besides those of the two partitions."""


@dataclass(frozen=True)
class Settings(GeneratorSettings):
    """A noisy recording in which patterns repeat in shuffled order, cut into segments of one each: a case is a segment,
    its label is the pattern in it, and the recording is the cases end to end."""

    pattern_timepoints: Annotated[int, Bounds(ge=4)] = 48
    """Length of a pattern; it lies anywhere in its segment."""
    amplitude: Annotated[float, Bounds(gt=0)] = 1.0
    """Root mean square of a pattern."""
    amplitude_deviation: Annotated[float, Bounds(ge=0)] = 0.1
    """Standard deviation of a repetition's amplitude, as a share."""
    noise: Annotated[float, Bounds(ge=0)] = 0.3
    """Standard deviation of the noise, in and between patterns."""
    repetitions: Annotated[int, Bounds(ge=0)] = 0
    """0: a case is a segment. Above: a case is a recording of n_timepoints without pauses, of every pattern in turn, so
    many times in succession, with a label for each timepoint, to be cut by --window."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pattern_timepoints > self.n_timepoints:
            raise ConfigurationError(
                f"--generator.pattern-timepoints is {self.pattern_timepoints}; it must be at most "
                f"--generator.n-timepoints, {self.n_timepoints}, as a segment holds a whole pattern."
            )
        if self.repetitions and self.keep_share < 1:
            raise ConfigurationError(
                f"--generator.keep-share is {self.keep_share}; it must be 1 with --generator.repetitions, as windows "
                "are cut from recordings that are sampled evenly."
            )


def generate(settings: Settings) -> Partitions:
    """Training and test cases `[n_cases, n_channels, n_timepoints]`, in the order of the recording."""
    if settings.repetitions:
        return _make_recordings(settings, 0), _make_recordings(settings, 1)

    def draw(class_index: int, n_cases: int, random: np.random.Generator) -> NDArray[np.float64]:
        pattern = make_pattern(settings, class_index)
        series = random.normal(0, settings.noise, (n_cases, settings.n_channels, settings.n_timepoints))
        starts = random.integers(0, settings.n_timepoints - settings.pattern_timepoints + 1, n_cases)
        amplitudes = random.normal(1, settings.amplitude_deviation, n_cases)
        for segment, start, amplitude in zip(series, starts, amplitudes, strict=True):
            segment[:, start : start + settings.pattern_timepoints] += amplitude * pattern
        return series

    train, test = make_partitions(settings, draw)
    assert test is not None
    return _shuffle(train, np.random.default_rng([settings.seed, 0])), _shuffle(
        test, np.random.default_rng([settings.seed, 1])
    )


def make_pattern(settings: Settings, class_index: int) -> NDArray[np.float64]:
    """The pattern of a class, `[n_channels, pattern_timepoints]`: a few waves that begin and end at 0."""
    random = np.random.default_rng([settings.seed, PATTERNS, class_index])
    phase = np.linspace(0, np.pi, settings.pattern_timepoints + 2)[1:-1]
    weights = random.standard_normal((settings.n_channels, N_WAVES))
    pattern: NDArray[np.float64] = weights @ np.sin(np.arange(1, N_WAVES + 1)[:, None] * phase)
    scale = settings.amplitude / np.sqrt((pattern**2).mean(axis=1, keepdims=True))
    pattern *= scale
    return pattern


def _make_recordings(settings: Settings, partition: int) -> Raw:
    """Recordings whose every timepoint has a label; a pattern starts wherever its length divides the timepoint."""
    random = np.random.default_rng([settings.seed, partition])
    length = settings.pattern_timepoints
    patterns = np.stack([make_pattern(settings, index) for index in range(settings.n_classes)])
    n_periods = -(-settings.n_timepoints // length)
    series, labels = [], []
    for _ in range(settings.n_cases):
        order = [random.permutation(settings.n_classes) for _ in range(n_periods)]
        drawn = np.repeat(np.concatenate(order), settings.repetitions)[:n_periods]
        amplitudes = random.normal(1, settings.amplitude_deviation, (n_periods, 1, 1))
        clean = np.concatenate(list(amplitudes * patterns[drawn]), axis=1)[:, : settings.n_timepoints]
        series.append(clean + random.normal(0, settings.noise, clean.shape))
        labels.append(np.repeat(drawn, length)[: settings.n_timepoints].tolist())
    return Raw(np.stack(series), timepoint_labels=labels, label_origin="the pattern at each timepoint")


def _shuffle(raw: Raw, random: np.random.Generator) -> Raw:
    assert isinstance(raw.series, np.ndarray)
    assert raw.labels is not None
    order = random.permutation(len(raw.series))
    times = None if raw.times is None else [raw.times[case] for case in order]
    return Raw(raw.series[order], [raw.labels[case] for case in order], times=times, notes=raw.notes)
