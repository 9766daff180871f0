"""How many series of each class a request asks for."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bundle.errors import InvalidRequest, TooLarge
from bundle.manifest import Manifest

MOST_CLASSES = 4096
"""Named in a request; each that is wrong is an error of its own."""


def make_whole(value: object) -> object:
    """Convert a float without a fraction to an integer, as JSON Schema counts 5.0; keep other values."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def require_few_counts(value: object) -> object:
    """Return counts by class label. Raises `TooLarge` where there are more than a model can have classes."""
    if isinstance(value, dict) and len(value) > MOST_CLASSES:
        raise TooLarge(f"{len(value)} classes are named with a count; a request may name {MOST_CLASSES}.", "counts")
    return value


Count = Annotated[int, BeforeValidator(make_whole), Field(ge=0, le=2**31)]
Counts = Annotated[dict[str, Count], BeforeValidator(require_few_counts)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Factor(_Strict):
    """Each class, times `factor`."""

    factor: Annotated[float, Field(ge=1, le=1e6)]


class Totals(_Strict):
    """Total per class label, as imbalanced-learn's sampling_strategy; classes not named stay as they are."""

    counts: Counts


Strategy = Literal["balance"] | Factor | Totals


def count_to_make(strategy: Strategy, had: np.ndarray, manifest: Manifest) -> dict[int, int]:
    """Return how many synthetic series to make per class index, of every class given or named.

    `had` `[n_classes]` counts the given cases. Raises `InvalidRequest` where a total lies below what was given.
    """
    totals = {int(index): int(had[index]) for index in np.flatnonzero(had)}
    if isinstance(strategy, Factor):
        totals = {index: round(strategy.factor * count) for index, count in totals.items()}
    elif isinstance(strategy, Totals):
        totals |= {manifest.find_class_index(label, "strategy"): total for label, total in strategy.counts.items()}
    else:
        totals = dict.fromkeys(totals, max(totals.values()))
    for index, total in totals.items():
        if total < had[index]:
            raise InvalidRequest(
                f"strategy asks for {total} cases of class {manifest.labels[index]!r}, but {had[index]} were given; "
                "counts are totals and may not lie below what was given.",
                "strategy",
            )
    return {index: total - int(had[index]) for index, total in totals.items()}
