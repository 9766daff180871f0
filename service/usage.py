"""Tells how series that were made for a dataset are best used, per kind of classifier, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass

from bundle.manifest import Manifest

UNMEASURED_WEIGHT = 1.0
"""Where no fit measured which weight helps, a synthetic case counts as a real one, as it does when merely added."""


@dataclass(frozen=True)
class Use:
    """`weight` of a synthetic case where a real one has 1; `how` it is used, in a sentence, with its evidence."""

    weight: float
    how: str


@dataclass(frozen=True)
class Usage:
    """How the series are best used by each kind of classifier."""

    deep_network: Use
    random_convolutions: Use
    nearest_neighbours: Use
    features_and_trees: Use


def choose_weight(manifest: Manifest) -> float:
    """Return the weight recommended for a synthetic case in a loss where a real one has 1."""
    uplift = manifest.metrics.uplift
    return UNMEASURED_WEIGHT if uplift is None else uplift.weight


def describe_usage(manifest: Manifest) -> Usage:
    """Return how to use series that a model made."""
    return Usage(
        deep_network=Use(weight := choose_weight(manifest), DEEP_NETWORK.format(weight=weight)),
        random_convolutions=RANDOM_CONVOLUTIONS,
        nearest_neighbours=NEAREST_NEIGHBOURS,
        features_and_trees=FEATURES_AND_TREES,
    )


DEEP_NETWORK = (
    "Beside the real cases of each batch put as many synthetic ones, at weight {weight:g}, and take the last 40 % of "
    "the steps on real cases alone; so the model's own classifier was trained where a policy was chosen."
)
RANDOM_CONVOLUTIONS = Use(1.0, "Fit the kernels to the real cases; fit the linear model to real and synthetic ones.")
NEAREST_NEIGHBOURS = Use(1.0, "Put them beside the real cases; a nearest neighbour knows no weights.")
FEATURES_AND_TREES = Use(1.0, "Pass sample_weight to fit.")
