"""How many series of each class a request asks for."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from models.errors import InvalidRequest
from models.manifest import Manifest

Count = Annotated[int, Field(ge=0, le=2**31)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Factor(_Strict):
    """Each class, times `factor`."""

    factor: Annotated[float, Field(ge=1, le=1e6)]


class Totals(_Strict):
    """Total per class label, as imbalanced-learn's sampling_strategy; classes not named stay as they are."""

    counts: dict[str, Count]


Strategy = Literal["balance"] | Factor | Totals


def to_make(strategy: Strategy, had: np.ndarray, manifest: Manifest) -> dict[int, int]:
    """Synthetic series per class index, of every class given or named. Raises `InvalidRequest`."""
    totals = {int(index): int(had[index]) for index in np.flatnonzero(had)}
    if isinstance(strategy, Factor):
        totals = {index: round(strategy.factor * count) for index, count in totals.items()}
    elif isinstance(strategy, Totals):
        totals |= {manifest.class_index(label, "strategy"): total for label, total in strategy.counts.items()}
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
