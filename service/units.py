"""Series in other units than a model learned from are found before anything is decoded on top of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundle.errors import InvalidRequest
from bundle.generation.policy import PolicyName, is_latent
from bundle.manifest import Manifest

FACTOR = 10.0
"""How far outside the training range a series may lie, in widths of that range."""


def require_units(series: NDArray[np.float32], manifest: Manifest, policy: PolicyName) -> None:
    """Raise `InvalidRequest` where every series `[n, n_channels, n_timepoints]` lies far outside the training range.

    Only for a policy that adds what the model decodes, in the units of its training, to the series. One that bends
    time alone takes any units; so does a model whose manifest tells no range.
    """
    shape = manifest.series
    if shape.spread is None or shape.value_range is None or not is_latent(policy):
        return
    least, most = np.array(shape.spread).T
    low, high = np.array(shape.value_range).T
    wide = series.astype(np.float64)
    spread, level = wide.std(axis=2), wide.mean(axis=2)
    narrower, wider = spread * FACTOR < least, spread > FACTOR * np.maximum(most, np.finfo(np.float32).tiny)
    away = (level < low - FACTOR * (high - low)) | (level > high + FACTOR * (high - low))
    foreign = narrower | wider | (away & (high > low))
    if not foreign.any(axis=1).all():
        return
    channel = int(foreign[0].argmax())
    described = "the series lies" if len(series) == 1 else f"each of the {len(series)} series lies"
    raise InvalidRequest(
        f"{described} far outside the range that model {manifest.name!r} learned from: in channel {channel} "
        f"{'it' if len(series) == 1 else 'the first'} has mean {level[0, channel]:.3g} and standard deviation "
        f"{spread[0, channel]:.3g}, and training series had values of {low[channel]:.3g} to {high[channel]:.3g} and "
        f"deviations of {least[channel]:.3g} to {most[channel]:.3g}; check its units and scale, or ask for the policy "
        "warps, which takes any.",
        "series",
    )
