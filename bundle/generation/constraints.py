"""Constraints on series: each is moved to the nearest one, by least squares, that meets all of them together.

The projection is exact: the isotonic regression of a series, clipped, is its nearest monotone series within bounds that
do not change over time; fixed ends are bounds of their own on what lies between them; and the nearest series of a given
sum is that of the series moved by one number, the multiplier of the sum, which makes it come out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bundle.errors import InvalidRequest

Float = NDArray[np.float64]
Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

Direction = Literal["increasing", "decreasing"]

SUM_TOLERANCE = 1e-6
"""Of the sum of absolute values: what rounding to float32 may add up to."""

LARGEST = float(np.finfo(np.float32).max)

HALVINGS = 80
"""Of the interval that holds the multiplier: what is left of it is less than float64 resolves."""


@dataclass(frozen=True)
class Constraints:
    """What series are to meet, in original units: a number for each channel `[n_channels]`, NaN where there is none.

    `lower` and `upper` bound every value, `start_value` and `end_value` fix the first and the last, `sum` is that over
    time; `monotone` holds for all channels.
    """

    lower: Float
    upper: Float
    start_value: Float
    end_value: Float
    sum: Float
    monotone: Direction | None = None

    def check(self, shortest: int, longest: int) -> None:
        """Raise `InvalidRequest` where no series of `shortest`, or of `longest`, timepoints meets them all."""
        for channel in range(len(self.lower)):
            for n_timepoints in {shortest, longest}:
                if conflict := self._find_conflict(channel, n_timepoints):
                    raise InvalidRequest(
                        f"no series of {n_timepoints} timepoints meets the constraints in channel {channel}: "
                        f"{conflict[0]}; change or leave out one of them.",
                        conflict[1],
                    )

    def _find_conflict(self, channel: int, n_timepoints: int) -> tuple[str, str] | None:
        """Return in words why the constraints of a channel exclude each other, and a field at fault; None where not."""
        low, high, first, last, total = (
            float(part[channel]) for part in (self.lower, self.upper, self.start_value, self.end_value, self.sum)
        )
        if low > high:
            return f"lower is {low:g} and upper {high:g}", "lower"
        for name, value in (("start_value", first), ("end_value", last)):
            if value < low or value > high:
                return f"{name} is {value:g}, outside its bounds", name
        rise = last - first if self.monotone == "increasing" else first - last
        if self.monotone is not None and rise < 0:
            return f"start_value is {first:g} and end_value {last:g}, which is not {self.monotone}", "monotone"
        if n_timepoints == 1 and first != last and not np.isnan([first, last]).any():
            return f"start_value is {first:g} and end_value {last:g}", "end_value"
        least, most = (float(np.clip(bounds, -LARGEST, LARGEST).sum()) for bounds in self._bound(channel, n_timepoints))
        slack = SUM_TOLERANCE * max(abs(total), 1e-30)
        if total < least - slack or total > most + slack:
            return f"sum is {total:g}, and the others allow {least:g} to {most:g} in 32-bit numbers", "sum"
        return None

    def _bound(self, channel: int, n_timepoints: int) -> tuple[Float, Float]:
        """Return the lowest and the highest value of each timepoint, `[n_timepoints]`, that the constraints but for the
        sum allow, rounded inwards to float32."""
        low, high = _round_inwards(float(self.lower[channel]), float(self.upper[channel]))
        lower, upper = np.full(n_timepoints, low), np.full(n_timepoints, high)
        first, last = (float(np.float32(ends[channel])) for ends in (self.start_value, self.end_value))
        if self.monotone is not None:
            before, behind = (first, last) if self.monotone == "increasing" else (last, first)
            lower, upper = np.fmax(lower, before), np.fmin(upper, behind)
        for place, value in ((0, first), (-1, last)):
            if not np.isnan(value):
                lower[place] = upper[place] = value
        return lower, upper

    def project(self, series: Array) -> Array:
        """Return the nearest series `[n, n_channels, n_timepoints]` that meet them; those that do stay bit for bit.

        Only where `check` lets the number of timepoints pass.
        """
        projected = series.copy()
        for channel in range(series.shape[1]):
            lower, upper = self._bound(channel, series.shape[2])
            moving = np.flatnonzero(~self._is_met(series[:, channel], lower, upper, float(self.sum[channel])))
            if len(moving):
                own = series[moving, channel].astype(np.float64)
                moved = self._project(own, lower, upper, float(self.sum[channel]))
                projected[moving, channel] = np.clip(moved, -LARGEST, LARGEST)
        return projected

    def _is_met(self, series: Array, lower: Float, upper: Float, total: float) -> Flags:
        """Whether each series `[n, n_timepoints]` of a channel meets the constraints."""
        checks = [((series >= lower) & (series <= upper)).all(axis=1)]
        if self.monotone is not None:
            steps = np.diff(series if self.monotone == "increasing" else -series, axis=1)
            checks.append((steps >= 0).all(axis=1))
        if not np.isnan(total):
            wide = series.astype(np.float64)
            slack = SUM_TOLERANCE * np.maximum(np.abs(wide).sum(axis=1), abs(total))
            checks.append(np.abs(wide.sum(axis=1) - total) <= slack)
        met: Flags = np.all(checks, axis=0)
        return met

    def _project(self, series: Float, lower: Float, upper: Float, total: float) -> Float:
        """Project series `[n, n_timepoints]` of a channel."""
        free = lower < upper
        if self.monotone == "increasing":
            series[:, free] = fit_isotonic(series[:, free])
        elif self.monotone == "decreasing":
            series[:, free] = -fit_isotonic(-series[:, free])
        if np.isnan(total) or not free.any():
            return np.clip(series, lower, upper)
        moved = np.clip(series - _find_multiplier(series, lower, upper, total), lower, upper)
        # Once more: where values far larger than the sum cancelled, rounding left something of the sum's own size.
        return np.clip(moved - _find_multiplier(moved, lower, upper, total), lower, upper)


def fit_isotonic(series: Float) -> Float:
    """Return the nearest increasing series of each of `series` `[n, n_timepoints]`: its isotonic regression.

    Pool adjacent violators (Ayer et al., 1955), all series at once: blocks of equal values wait on a stack for each.
    """
    n_series, n_timepoints = series.shape
    means, sizes = np.zeros((n_series, n_timepoints)), np.zeros((n_series, n_timepoints), np.int64)
    last = np.full(n_series, -1)
    rows = np.arange(n_series)
    for timepoint in range(n_timepoints):
        last += 1
        means[rows, last], sizes[rows, last] = series[:, timepoint], 1
        falling = rows
        while len(falling := falling[last[falling] > 0]):
            top = last[falling]
            falls = means[falling, top - 1] > means[falling, top]
            falling, top = falling[falls], top[falls]
            before, after = sizes[falling, top - 1], sizes[falling, top]
            pooled = (before * means[falling, top - 1] + after * means[falling, top]) / (before + after)
            means[falling, top - 1], sizes[falling, top - 1] = pooled, before + after
            last[falling] -= 1
    blocks = np.arange(n_timepoints) <= last[:, None]
    fitted: Float = np.repeat(means[blocks], sizes[blocks]).reshape(series.shape)
    return fitted


def _find_multiplier(series: Float, lower: Float, upper: Float, total: float) -> Float:
    """Find the number `[n, 1]` that, subtracted from each series before it is clipped, makes its sum `total`.

    The sum falls as the number rises, so that halving an interval that holds it finds it: no value that is free has to
    go further than the sum less what is fixed.
    """
    fixed = np.abs(lower[lower == upper]).sum()
    spread = np.abs(series).max(axis=1, keepdims=True) + abs(total) + fixed
    low, high = -2 * spread - 1, 2 * spread + 1
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = np.clip(series - middle, lower, upper).sum(axis=1, keepdims=True) > total
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    multiplier: Float = high
    return multiplier


def _round_inwards(low: float, high: float) -> tuple[float, float]:
    """Return bounds that are float32, no wider than these, infinite where there is none; equal bounds stay equal."""
    if low == high:
        return float(np.float32(low)), float(np.float32(low))
    floor, ceiling = np.float32(low), np.float32(high)
    if float(floor) < low:
        floor = np.nextafter(floor, np.float32(np.inf))
    if float(ceiling) > high:
        ceiling = np.nextafter(ceiling, np.float32(-np.inf))
    if floor > ceiling:
        return float(np.float32(low)), float(np.float32(low))
    return -np.inf if np.isnan(low) else float(floor), np.inf if np.isnan(high) else float(ceiling)


def measure_moves(before: Array, after: Array) -> tuple[Array, Array]:
    """Measure how far series `[n, n_channels, n_timepoints]` were moved: the mean absolute difference of each, and the
    largest, `[n]`, in original units."""
    moved = np.minimum(np.abs(after.astype(np.float64) - before), LARGEST)
    return moved.mean(axis=(1, 2)).astype(np.float32), moved.max(axis=(1, 2), initial=0).astype(np.float32)
