"""Ways through the latent space: between two codes, and along its axes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

Method = Literal["linear", "spherical"]

NEARLY_PARALLEL = 1e-4
"""Sine of the angle between two codes below which their arc is no more than rounding, and taken for a line."""

NEARLY_ZERO = 1e-6
"""Length of a code, as a share of the other's, below which it has no direction."""


def interpolate(start: Float, end: Float, positions: Float, method: Method) -> Float:
    """Return the codes `[n, n_positions, latent_dim]` between `start` and `end` `[n, latent_dim]`.

    `positions` `[n_positions]` are from 0, the start, to 1, the end. "linear" follows the line. "spherical" follows the
    great arc around the origin in direction (slerp; Shoemake, Animating rotation with quaternion curves, 1985), while
    the length changes linearly; where the codes are nearly parallel, or one is nearly zero, that arc is the line.
    """
    share = positions[None, :, None]
    line: Float = (1 - share) * start[:, None, :] + share * end[:, None, :]
    return line if method == "linear" else np.where(_has_arc(start, end)[:, None, None], _arc(start, end, share), line)


def _has_arc(start: Float, end: Float) -> NDArray[np.bool_]:
    """Whether each pair `[n]` of codes lies on one great arc."""
    lengths = np.linalg.norm(np.stack([start, end]), axis=2)
    has_direction = lengths.min(axis=0) > NEARLY_ZERO * lengths.max(axis=0)
    has_arc: NDArray[np.bool_] = has_direction & (np.sin(_measure_angle(start, end)) > NEARLY_PARALLEL)
    return has_arc


def _measure_angle(start: Float, end: Float) -> Float:
    """Measure the angle of each pair `[n]`, 0 … π, without the cancellation of the arc cosine (Kahan)."""
    one, other = _normalise(start), _normalise(end)
    angle: Float = 2 * np.arctan2(np.linalg.norm(one - other, axis=1), np.linalg.norm(one + other, axis=1))
    return angle


def _normalise(codes: Float) -> Float:
    lengths = np.linalg.norm(codes, axis=1, keepdims=True)
    unit: Float = codes / np.where(lengths > 0, lengths, 1)
    return unit


def _arc(start: Float, end: Float, share: Float) -> Float:
    angle = _measure_angle(start, end)[:, None, None]
    sine = np.sin(angle)
    sine = np.where(sine > 0, sine, 1)
    one, other = (_normalise(codes)[:, None, :] for codes in (start, end))
    direction = np.sin((1 - share) * angle) / sine * one + np.sin(share * angle) / sine * other
    lengths = [np.linalg.norm(codes, axis=1)[:, None, None] for codes in (start, end)]
    arc: Float = ((1 - share) * lengths[0] + share * lengths[1]) * direction
    return arc


def traverse(centres: Float, deviations: Float, axes: NDArray[np.int64], positions: Float) -> Float:
    """Return the codes `[n, n_axes, n_positions, latent_dim]` around `centres` `[n, latent_dim]`.

    Each is its centre, but for one of the `axes` `[n_axes]`, on which it lies `positions` `[n_positions]` standard
    deviations `deviations` `[n, latent_dim]` away.
    """
    codes = np.broadcast_to(centres[:, None, None, :], (len(centres), len(axes), len(positions), centres.shape[1]))
    moved = codes.copy()
    for place, axis in enumerate(axes):
        moved[:, place, :, axis] += deviations[:, axis, None] * positions
    return moved
