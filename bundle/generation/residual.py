"""What decoding smooths away, as a process in time: how far series lie from what is decoded, and for how long.

In each channel the residual of a series and what its code decodes to is taken for an Ornstein-Uhlenbeck process
(Uhlenbeck & Ornstein, 1930): normal, of one standard deviation, its correlation falling exponentially with the distance
in time. It is Markov: the nearest observed value on either side of a gap tells all that this side can tell, so that
everything here takes time in proportion to the number of timepoints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundle.generation.partial import PartialCase

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEAST_SCALE = 1e-6
"""Of a channel's residual, as a share of the largest channel's: a channel without any would weigh infinitely."""

MOST_CORRELATED = 0.9995
"""Between neighbouring timepoints; with more the process would hardly ever come back."""


@dataclass(frozen=True)
class ResidualLaw:
    """By channel, `[n_channels]` each: the residual's standard deviation, `scale`, in original units, and its
    correlation, 0 … 1, between two neighbouring timepoints of a model's grid."""

    scale: Float
    correlation: Float

    @staticmethod
    def measure(residual: NDArray[np.floating], counted: Flags | None = None) -> ResidualLaw:
        """Measure the law of residuals `[n, n_channels, n_timepoints]`, of the values `counted`; None: all."""
        wide = residual.astype(np.float64)
        weight = np.ones(wide.shape) if counted is None else counted.astype(np.float64)
        both = weight[:, :, 1:] * weight[:, :, :-1]
        variance = _average(np.square(wide), weight)
        covariance = _average(wide[:, :, 1:] * wide[:, :, :-1], both)
        power = _average(0.5 * (np.square(wide[:, :, 1:]) + np.square(wide[:, :, :-1])), both)
        scale = np.sqrt(variance)
        scale = np.maximum(scale, max(LEAST_SCALE * float(scale.max()), 1e-30))
        return ResidualLaw(scale, np.clip(covariance / np.maximum(power, 1e-60), 0.0, MOST_CORRELATED))

    def widen(self, variance: float) -> ResidualLaw:
        """The same with all scales raised by one factor, where their mean variance is below `variance`."""
        factor = np.sqrt(variance / np.square(self.scale).mean())
        return ResidualLaw(self.scale * max(1.0, float(factor)), self.correlation)


def _average(values: Float, weight: Float) -> Float:
    """The weighted mean by channel, `[n_channels]`."""
    mean: Float = (values * weight).sum(axis=(0, 2)) / np.maximum(weight.sum(axis=(0, 2)), 1.0)
    return mean


class Bridges:
    """A law's process at the timepoints of a case, given what is observed of it there."""

    def __init__(self, law: ResidualLaw, case: PartialCase) -> None:
        self._law, self._case = law, case
        observed = case.observed
        length = observed.shape[1]
        place = np.arange(length)
        left = np.maximum.accumulate(np.where(observed, place, -1), axis=1)
        right = np.minimum.accumulate(np.where(observed, place, length)[:, ::-1], axis=1)[:, ::-1]
        self._left, self._right = np.maximum(left, 0), np.minimum(right, length - 1)
        from_left = np.where(left >= 0, self._correlate(place, self._left), 0.0)
        from_right = np.where(right < length, self._correlate(place, self._right), 0.0)
        across = from_left * from_right
        apart = np.maximum(1 - np.square(across), 1e-12)
        self._by_left = np.where(observed, 1.0, from_left * (1 - np.square(from_right)) / apart)
        self._by_right = np.where(observed, 0.0, from_right * (1 - np.square(from_left)) / apart)
        share = (1 - np.square(from_left)) * (1 - np.square(from_right)) / apart
        self.variance: Float = np.where(observed, 0.0, share) * np.square(law.scale)[:, None]
        """What is not known of the process, `[n_channels, length]`; 0 where it is observed."""
        self._prepare_whitening(observed)

    def _correlate(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> Float:
        """The correlation of the process at two timepoints of each channel."""
        apart = np.abs(self._case.positions[one] - self._case.positions[other])
        correlated: Float = self._law.correlation[:, None] ** apart
        return correlated

    def _prepare_whitening(self, observed: Flags) -> None:
        channel, place = np.nonzero(observed)
        first = np.concatenate([[True], channel[1:] != channel[:-1]])
        before = np.where(first, place, np.concatenate([[0], place[:-1]]))
        apart = self._case.positions[place] - self._case.positions[before]
        self._follows = np.where(first, 0.0, self._law.correlation[channel] ** apart)
        self._unit = self._law.scale[channel] * np.sqrt(np.maximum(1 - np.square(self._follows), 1e-9))
        length = observed.shape[1]
        self._at, self._before = channel * length + place, channel * length + before

    def whiten(self, residual: Float) -> Float:
        """What is observed of `residual` `[n, n_channels, length]` as independent standard normal values
        `[n, n_observed]`: what each adds to the one before it."""
        flat = residual.reshape(len(residual), -1)
        whitened: Float = (flat[:, self._at] - self._follows * flat[:, self._before]) / self._unit
        return whitened

    def fill(self, residual: Float) -> Float:
        """Carry what is observed of `residual` `[n, n_channels, length]` into the gaps: its expectation there, which
        meets what is observed at both ends of a gap and decays in between."""
        channel = np.arange(residual.shape[1])[:, None]
        filled: Float = self._by_left * residual[:, channel, self._left]
        filled += self._by_right * residual[:, channel, self._right]
        return filled

    def draw(self, noise: NDArray[np.float32]) -> Float:
        """Draw what the gaps' expectation lacks, of standard normal `noise` `[n, n_channels, length]`; 0 where the
        process is observed."""
        path = self._draw_path(noise)
        rest: Float = path - self.fill(path)
        rest[:, self._case.observed] = 0.0
        return rest

    def _draw_path(self, noise: NDArray[np.float32]) -> Float:
        """Draw the process where nothing is observed. x[t] = a[t] x[t-1] + b[t] noise[t], summed up by doubling."""
        place = np.arange(noise.shape[2])
        follows = self._correlate(place, np.maximum(place - 1, 0))
        follows[:, 0] = 0.0
        path: Float = noise * (self._law.scale[:, None] * np.sqrt(1 - np.square(follows)))
        step = 1
        while step < len(place):
            path[:, :, step:] += follows[:, step:] * path[:, :, :-step]
            follows[:, step:] = follows[:, step:] * follows[:, :-step]
            step *= 2
        return path
