"""imbalanced-learn's `sampling_strategy`, as the totals per class that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seriesmith.errors import InvalidRequest

SamplingStrategy = str | float | Mapping[Any, int] | Callable[[NDArray[Any]], Mapping[Any, int]]
"""`"auto"` or `"not majority"`, `"minority"`, `"not minority"`, `"all"`: which classes grow to the size of the largest;
a float: size of the smaller of two classes over that of the larger; totals by label; or what makes these of y."""

CHOICES = ("auto", "not majority", "minority", "not minority", "all")
FIELD = "sampling_strategy"


def compute_totals(strategy: SamplingStrategy, labels: NDArray[Any]) -> dict[Any, int]:
    """Return the total of cases by label, of the classes that are to grow. Raises `InvalidRequest`."""
    counts = _count_labels(labels)
    most, fewest = max(counts.values()), min(counts.values())
    if callable(strategy):
        return dict(strategy(labels))
    if isinstance(strategy, Mapping):
        return dict(strategy)
    if isinstance(strategy, str):
        if strategy not in CHOICES:
            raise _explain_odd(strategy)
        grown = {
            "minority": [label for label, count in counts.items() if count == fewest][:1],
            "not minority": [label for label, count in counts.items() if count > fewest],
        }.get(strategy, list(counts))
        return dict.fromkeys(grown, most)
    if isinstance(strategy, bool) or not isinstance(strategy, Real):
        raise _explain_odd(strategy)
    if len(counts) != 2:
        raise InvalidRequest(
            f"{FIELD} is the ratio {strategy:g}, which two classes have; y has {len(counts)}. Pass totals by label.",
            FIELD,
        )
    total = int(most * strategy)
    if not fewest <= total <= most:
        raise InvalidRequest(
            f"{FIELD} is {strategy:g}, which makes {total} cases of the smaller class; it has {fewest} and the larger "
            f"{most}. Pass a ratio from {fewest / most:.3g} to 1.",
            FIELD,
        )
    smaller = min(counts, key=lambda label: counts[label])
    return {smaller: total}


def _count_labels(labels: NDArray[Any]) -> dict[Any, int]:
    known, counts = np.unique(labels, return_counts=True)
    if not len(known):
        raise InvalidRequest("y is empty; pass a label for each case.", "labels")
    return dict(zip(known.tolist(), counts.tolist(), strict=True))


def _explain_odd(strategy: object) -> InvalidRequest:
    known = ", ".join(repr(choice) for choice in CHOICES)
    return InvalidRequest(
        f"{FIELD} is {strategy!r:.60}; pass one of {known}, a ratio, totals by label, or a function of y.", FIELD
    )
