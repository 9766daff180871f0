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
    weight = choose_weight(manifest)
    return Usage(
        deep_network=Use(weight, DEEP_NETWORK.format(weight=weight)),
        random_convolutions=Use(1.0, RANDOM_CONVOLUTIONS),
        nearest_neighbours=Use(1.0, NEAREST_NEIGHBOURS),
        features_and_trees=Use(weight, FEATURES_AND_TREES.format(weight=weight)),
    )


# docs/evaluation has the figures: 20 data sets, 3 to 5 seeds, each class doubled, policy auto.
DEEP_NETWORK = (
    "Put as many synthetic cases as real ones into each batch, equally many of each class, at weight {weight:g} in the "
    "loss, and take the last 40 % of the steps on real cases alone. With the policy chosen so, a network gained 1.8 "
    "points of accuracy [0.8, 3.1] over 20 data sets; with the cases merely added it lost 0.4 [-0.3, 1.4]."
)
RANDOM_CONVOLUTIONS = (
    "Fit the kernels to the real cases and the linear model to real and synthetic ones alike: MiniRocket and ridge "
    "gained 0.1 points of accuracy [-0.2, 0.5] over 20 data sets. Other weights were not measured."
)
NEAREST_NEIGHBOURS = (
    "Add the synthetic cases to the real ones, since a neighbour knows no weights: 1-NN by dynamic time warping gained "
    "0.9 points of accuracy [-0.1, 2.0] over 20 data sets."
)
FEATURES_AND_TREES = (
    "Pass sample_weight to fit, {weight:g} for a synthetic case: it is the weight for deep networks, and none was "
    "measured for trees. Compare with and without, on cases that neither has seen."
)
