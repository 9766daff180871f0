"""Recipes that start from a caller's cases: each class from its own, and from a mixture shrunk to all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bundle.generation.given import group_by_class
from bundle.generation.mixture import MixtureParameters
from bundle.generation.model import Model
from bundle.generation.policy import find_source
from bundle.generation.recipe import Recipe

Array = NDArray[np.float32]


def start_from(
    recipes: Sequence[Recipe],
    series: Array,
    class_index: NDArray[np.int64],
    latent: Array | None = None,
    mixture: MixtureParameters | None = None,
) -> list[Recipe]:
    """Return the recipes with the cases `series` `[n, n_channels, n_timepoints]` of classes `class_index` `[n]`.

    Where `needs_codes` says so, they also take the cases' posterior means `latent` `[n, latent_dim]` and the model's
    `mixture`, adapted to these.
    """
    given = group_by_class(series, class_index, latent)
    return [replace(recipe, given=given.get(recipe.class_index), mixture=mixture) for recipe in recipes]


def needs_codes(model: Model, recipes: Sequence[Recipe]) -> bool:
    """Whether any series of the recipes, as they are followed, is made of the latent codes of given cases.

    Where the model has no encoder, or nothing to move cases towards, its "latent" series are new ones.
    """
    sources = {"interpolation"} | ({"latent"} if model.has("mixture") else set())
    return model.has("encoder") and any(recipe.count and find_source(recipe.used) in sources for recipe in recipes)
