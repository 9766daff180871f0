"""A bundle as what completes series: its mixture, the shares of its classes, and what decoding leaves over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bundle.errors import Unsupported
from bundle.generation.completing import Completer
from bundle.generation.recipe import BLOCK_ROWS
from bundle.generation.residual import ResidualLaw

if TYPE_CHECKING:
    from bundle.engine.bundle import Bundle

USUAL_ERROR = 1 / 3
"""Of the anomaly threshold: the mean error of held-out cases (.25 to .75, median .31, on seven datasets)."""

MOST_CLASSES = 4
"""Whose texture is looked at where a bundle does not say what decoding leaves over."""


def make_completer(bundle: Bundle) -> Completer:
    """Make the completer of a bundle with a mixture and a decoder. Raises `Unsupported` where nothing tells what
    decoding leaves over."""
    assert bundle.mixture is not None, "`roles` says so"
    return Completer(bundle, bundle.mixture, bundle.class_share, find_residual_law(bundle))


def find_residual_law(bundle: Bundle) -> ResidualLaw:
    """Return the law that the manifest holds; else estimate it of the texture and the anomaly threshold."""
    card = bundle.manifest.residual
    if card is not None:
        return ResidualLaw(np.array(card.scale), np.array(card.correlation))
    if not bundle.has("texture"):
        raise Unsupported(
            f"model {bundle.manifest.name!r} cannot complete: neither latent.residual nor a texture tells how far "
            "series lie from what it decodes; fit it again."
        )
    law = ResidualLaw.measure(_draw_texture(bundle))
    threshold = bundle.manifest.anomaly_threshold
    return law if threshold is None else law.widen(USUAL_ERROR * threshold)


def _draw_texture(bundle: Bundle) -> np.ndarray:
    """Draw textures, `[n, n_channels, n_timepoints]`, of series of the first classes."""
    random = np.random.default_rng(0)
    drawn = []
    for index in range(min(MOST_CLASSES, len(bundle.manifest.classes))):
        uniform = random.random(BLOCK_ROWS, np.float32)
        noise = random.standard_normal((BLOCK_ROWS, bundle.latent_dim), np.float32)
        decoded = bundle.decode(bundle.propose(index, uniform, noise, 1.0)[0])
        state = random.standard_normal((BLOCK_ROWS, *bundle.texture_shape), np.float32)
        drawn.append(bundle.add_texture(decoded, index, state) - decoded)
    return np.concatenate(drawn)
