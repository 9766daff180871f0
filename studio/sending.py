"""Cases of the catalogue as the service's operations take them."""

from __future__ import annotations

import numpy as np

from bundle.errors import InvalidRequest
from service.canonical import Array
from service.uneven import Uneven
from studio.catalogue.cases import StoredCases


def build_series(cases: StoredCases) -> Array | Uneven:
    """Return the field `series`: an array where all series are complete and equally long, else as they are."""
    shortest, longest = int(cases.lengths.min()), int(cases.lengths.max())
    series = cases.series[:, :, :longest]
    if shortest == longest and np.isfinite(series).all():
        return series
    what = f"its series have {shortest} to {longest} timepoints" if shortest < longest else "values are missing in it"
    refusal = InvalidRequest(
        f"the dataset is not even: {what}, and the model takes complete series of one length alone. Fit a model to "
        "the dataset, or cut windows of it.",
        "series",
    )
    return Uneven(cases.list_arrays(), refusal)


def build_times(cases: StoredCases) -> list[list[float]] | None:
    """Return the field `times`; None where the series are sampled regularly."""
    if cases.times is None:
        return None
    return [row[:length].tolist() for row, length in zip(cases.times, cases.lengths, strict=True)]
