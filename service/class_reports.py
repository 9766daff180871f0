"""What became of each class of a dataset that was augmented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bundle.generation.policy import PolicyName
from bundle.manifest import Manifest
from service.generating import Made
from service.usage import choose_weight

COMPARED = 256
"""Most synthetic series per class that the distance looks at."""


@dataclass(frozen=True)
class ClassReport:
    """`made_by` is the policy that made them, another than the answer's where too few cases were given for that one.

    `weight` is recommended for a synthetic case in a loss where a real one has 1. `distance` is the median, over made
    series, of the root mean squared difference to the nearest given case of the class, in original units; null where
    nothing was given or made.
    """

    had: int
    made: int
    acceptance: float
    fallbacks: int
    made_by: str
    weight: float
    distance: float | None


def report_classes(
    manifest: Manifest, series: np.ndarray, given: np.ndarray, made: dict[int, Made], made_by: dict[int, PolicyName]
) -> dict[str, ClassReport]:
    """Report for each class how many cases were given and made, by which policy, and how far apart they lie."""
    weight = choose_weight(manifest)
    return {
        str(manifest.labels[index]): ClassReport(
            int((given == index).sum()),
            of_class.count,
            of_class.acceptance,
            of_class.n_fallbacks,
            made_by[index],
            weight,
            compute_nearest_distance(of_class.first, series[given == index]),
        )
        for index, of_class in made.items()
    }


def compute_nearest_distance(made: np.ndarray | None, given: np.ndarray) -> float | None:
    """Median over `made` of the root mean squared difference to the nearest of `given`; None where one is empty."""
    if made is None or not len(given):
        return None
    left, right = (cases.reshape(len(cases), -1).astype(np.float64) for cases in (made, given))
    offset = right.mean(axis=0)
    left, right = left - offset, right - offset
    squared = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2 * left @ right.T
    return float(np.median(np.sqrt(np.maximum(squared.min(axis=1), 0) / left.shape[1])))
