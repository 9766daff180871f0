"""Made series get the lengths that callers' series have, where a model's lengths vary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundle.generation.lengths import choose_lengths, draw_lengths
from bundle.generation.recipe import Recipe, Samples
from bundle.grid import OnGrid, bring_to_lengths
from bundle.shape import SeriesShape
from service.answers import Columns

Lengths = NDArray[np.int64]


@dataclass
class Varying:
    """Brings the series of each class from a model's grid to their lengths, in the order in which they are made.

    given, drawn: by class index, the lengths of the given cases, and one for each series that comes from none of them.
    width: timepoints of every answered array. stretched: whether given cases were, see `OnGrid.stretch`.
    """

    shape: SeriesShape
    given: dict[int, Lengths]
    drawn: dict[int, Lengths]
    width: int
    stretched: bool = False

    def bring_back(self, class_index: int, samples: Samples) -> Columns:
        """Return `series` `[n, n_channels, width]`, zeros behind each, and `lengths` `[n]` where they are not fixed."""
        if self.shape.is_fixed:
            return {"series": samples.series}
        now, rest = np.split(self.drawn[class_index], [len(samples.series)])
        self.drawn[class_index] = rest
        given = self.given[class_index]
        lengths = choose_lengths(samples.source, given, now)
        shape = self.shape
        if self.stretched and len(given):
            shape = shape.model_copy(update={"length_policy": "resample"})
        return {"series": bring_to_lengths(samples.series, lengths, shape, self.width), "lengths": lengths}


def vary_as_given(
    recipes: Sequence[Recipe], shape: SeriesShape, placed: OnGrid | None, classes: Lengths, stretched: bool
) -> Varying:
    """Lengths as those of given cases of classes `classes` `[n]`: of a class's own where it has any, else of any."""
    if placed is None or shape.is_fixed:
        return Varying(shape, {}, {}, shape.n_timepoints)
    given = {recipe.class_index: placed.lengths[classes == recipe.class_index] for recipe in recipes}
    drawn = {
        recipe.class_index: draw_lengths(
            recipe, given[recipe.class_index] if len(given[recipe.class_index]) else placed.lengths
        )
        for recipe in recipes
    }
    return Varying(shape, given, drawn, int(placed.lengths.max()), stretched)


def vary_as_learned(recipes: Sequence[Recipe], shape: SeriesShape) -> Varying:
    """Lengths as in training where series were padded; where they were resampled, all as long as the model's grid."""
    known = shape.class_lengths if shape.length_policy == "pad" else None
    drawn = {
        recipe.class_index: draw_lengths(
            recipe, np.array([shape.n_timepoints] if known is None else known[recipe.class_index])
        )
        for recipe in recipes
        if not shape.is_fixed
    }
    return Varying(shape, dict.fromkeys(drawn, np.empty(0, np.int64)), drawn, shape.n_timepoints)
