"""A bundle as what completes series: its mixture, the shares of its classes, and what decoding leaves over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundle.errors import Unsupported
from bundle.generation.completing import Completer
from bundle.generation.mixture import MixtureParameters
from bundle.generation.model import Model
from bundle.generation.recipe import BLOCK_ROWS
from bundle.generation.residual import ResidualLaw
from bundle.manifest import Manifest

USUAL_ERROR = 1 / 3
"""Of the anomaly threshold: the mean error of held-out cases (.25 to .75, median .31, on seven datasets)."""

MOST_CLASSES = 4
"""Whose texture is looked at where a bundle does not say what decoding leaves over."""


def make_completer(
    model: Model, manifest: Manifest, mixture: MixtureParameters, class_share: NDArray[np.float64]
) -> Completer:
    """Make the completer of a bundle, `model`, that decodes codes of a mixture, of class shares `[n_classes]`.

    Raises `Unsupported` where nothing tells what decoding leaves over.
    """
    return Completer(model, mixture, class_share, find_residual_law(model, manifest))


def find_residual_law(model: Model, manifest: Manifest) -> ResidualLaw:
    """Return the law that the manifest holds; else estimate it of the texture and the anomaly threshold."""
    card = manifest.residual
    if card is not None:
        return ResidualLaw(np.array(card.scale), np.array(card.correlation))
    if not model.has("texture"):
        raise Unsupported(
            f"model {manifest.name!r} cannot complete: neither latent.residual nor a texture tells how far "
            "series lie from what it decodes; fit it again."
        )
    law = ResidualLaw.measure(_draw_texture(model, len(manifest.classes)))
    threshold = manifest.anomaly_threshold
    return law if threshold is None else law.widen(USUAL_ERROR * threshold)


def _draw_texture(model: Model, n_classes: int) -> np.ndarray:
    """Draw textures, `[n, n_channels, n_timepoints]`, of series of the first classes."""
    random = np.random.default_rng(0)
    drawn = []
    for index in range(min(MOST_CLASSES, n_classes)):
        uniform = random.random(BLOCK_ROWS, np.float32)
        noise = random.standard_normal((BLOCK_ROWS, model.latent_dim), np.float32)
        decoded = model.decode(model.propose(index, uniform, noise, 1.0)[0])
        state = random.standard_normal((BLOCK_ROWS, *model.texture_shape), np.float32)
        drawn.append(model.add_texture(decoded, index, state) - decoded)
    return np.concatenate(drawn)
