"""What the settings of every family share; a family's own class adds its options to one of these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from bundle.manifest import MOST_LATENT
from training import families
from training.settings import Bounds, check_bounds

FLOAT = 4
"""Bytes of a graph's numbers."""


@dataclass(frozen=True)
class Size:
    """How many cases there are to learn from, of how many classes, and the shape of a series as networks see it."""

    n_cases: int
    n_channels: int
    n_timepoints: int
    n_classes: int


@dataclass(frozen=True)
class FamilySettings:
    """The options of a family: its flags, their help and bounds, and what the manifest records.

    A family's module has a class `Settings` of this kind, whose docstring says in a line what the family is.
    """

    def __post_init__(self) -> None:
        check_bounds(self, f"{families.find_kind(self)}.")

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        """Bytes of a bundle that grow with the settings or the data, each with what they are for and how to have less.

        Small or constant parts need no mention.
        """
        del size
        return iter(())


NO_FAMILY = FamilySettings()
"""Stands where no family of a kind is chosen."""


@dataclass(frozen=True)
class TrainedSettings(FamilySettings):
    """Options of a family that is trained in gradient steps, by AdamW with one cycle of the learning rate."""

    steps: Annotated[int, Bounds(ge=1)] = 400
    """Gradient steps for up to 100 training cases; with more they grow in proportion, tenfold at most."""
    learning_rate: Annotated[float, Bounds(gt=0)] = 3e-3
    """Peak learning rate (AdamW, one cycle)."""
    weight_decay: Annotated[float, Bounds(ge=0)] = 1e-2
    """AdamW weight decay."""
    batch_size: Annotated[int, Bounds(ge=1)] = 32
    """Cases per gradient step."""


@dataclass(frozen=True)
class VAESettings(TrainedSettings):
    """Options that every VAE has."""

    latent_dim: Annotated[int, Bounds(ge=1, le=MOST_LATENT)] = 16
    """Width of the latent code."""
    steps: Annotated[int, Bounds(ge=1)] = 500
    """Gradient steps for up to 100 training cases; with more they grow in proportion, tenfold at most."""


@dataclass(frozen=True)
class RidgeSettings(FamilySettings):
    """Options of a classifier that is a ridge regression on features; see `training.learning.ridge_head`."""

    least_penalty: Annotated[float, Bounds(gt=0)] = 1e-3
    """Smallest penalty that leave-one-out chooses from."""
    greatest_penalty: Annotated[float, Bounds(gt=0)] = 1e4
    """Greatest penalty that leave-one-out chooses from."""
    n_penalties: Annotated[int, Bounds(ge=1, le=100)] = 15
    """How many penalties it chooses from, evenly spaced in their logarithms."""
    calibration_folds: Annotated[int, Bounds(ge=2)] = 5
    """Most folds whose held-out scores set the temperature of the probabilities."""
