"""What is learned of cases so that more of their kind can be made, in every way that a policy names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import nn

from bundle.generation.blocks import generate_blocks
from bundle.generation.mixture import MixtureParameters
from bundle.generation.model import Model
from bundle.generation.policy import PolicyName, find_source
from bundle.generation.recipe import Recipe, Samples
from bundle.generation.start import start_from
from training.configuration import FitConfiguration
from training.export.exporting import Exportable
from training.learning.cases import Pool, TrainingCases, standardise
from training.learning.loop import History
from training.learning.scaling import Scaling


@dataclass(frozen=True, kw_only=True)
class Maker:
    """The scaling of some cases, and a classifier of them, trained without any policy, that made series have to
    convince; None where there is one class.

    It makes cases by the code that a bundle serves: equal seeds give the bundle's series, within rounding. What makes
    them is a `Generator`'s VAE or a `NoiseMaker`'s network.
    """

    scaling: Scaling
    classifier: nn.Module | None
    configuration: FitConfiguration
    histories: dict[str, History]

    @property
    def model(self) -> Model:
        """What generation asks."""
        raise TypeError(f"{type(self).__name__} makes nothing")

    @property
    def modules(self) -> dict[str, nn.Module]:
        """What it makes series with, as the bundle's weights name it."""
        raise TypeError(f"{type(self).__name__} makes nothing")

    @property
    def law(self) -> MixtureParameters | None:
        """The mixture over latent codes; None where there are no codes."""
        return None

    @property
    def latent_dim(self) -> int | None:
        """The width of latent codes; None where there are none."""
        return None

    @property
    def texture_steps(self) -> int | None:
        """How many steps the graph of its texture is followed in; None where it has none, or the whole in one."""
        return None

    def describe_revealed(self) -> str:
        """The family that gives series their fine structure, and what it keeps of the training cases, in words."""
        raise TypeError(f"{type(self).__name__} makes nothing")

    def list_exportables(self, n_classes: int, rows: int, random: np.random.Generator) -> list[Exportable]:
        """The graphs that make series, with `rows` examples, which hold nobody's series."""
        raise TypeError(f"{type(self).__name__} makes nothing")

    def make_pool(self, policy: PolicyName, cases: TrainingCases, counts: np.ndarray, seed: int) -> Pool:
        """Cases for a classifier to train on, as networks see it, before any warp: training warps as it goes.

        They spread wider than what `make` answers, and need not convince: at their lower weight, and with real cases
        at the end, variety helps more than it harms. Those of `latent` come from the mixture alone.
        """
        own = find_source(policy)
        recipes = [
            replace(recipe, policy=own, expansion=self.configuration.pool_expansion, convince=False)
            for recipe in self._list_recipes(counts, seed)
        ]
        if own != "latent":
            recipes = self._start_from(recipes, cases)
        return standardise(self._generate(recipes, len(counts)), self.scaling)

    def sample(self, counts: np.ndarray, seed: int) -> TrainingCases:
        """Cases of the class mixtures in original units, `counts` `[n_classes]` of each class, as `/sample` makes them.

        Equal seeds give equal cases.
        """
        return self._generate(self._list_recipes(counts, seed), len(counts))

    def make(self, policy: PolicyName, cases: TrainingCases, counts: np.ndarray, seed: int) -> TrainingCases:
        """Synthetic cases in original units, `counts` `[n_classes]` of each class, as `/augment` makes them of `cases`.

        Equal seeds give equal cases.
        """
        recipes = [replace(recipe, policy=policy) for recipe in self._list_recipes(counts, seed)]
        return self._generate(self._start_from(recipes, cases), len(counts))

    def measure_acceptance(self, class_index: int, count: int, seed: int) -> float:
        """The share of proposals that are kept while `count` series of a class are made as `/sample` makes them."""
        return self._generate_all(Recipe(class_index, count, seed, self.configuration.expansion)).acceptance

    def _list_recipes(self, counts: np.ndarray, seed: int) -> list[Recipe]:
        """Recipes of the classes of which there are to be any."""
        expansion = self.configuration.expansion
        return [Recipe(index, int(counts[index]), seed, expansion) for index in np.flatnonzero(counts).tolist()]

    def _start_from(self, recipes: Sequence[Recipe], cases: TrainingCases) -> list[Recipe]:
        """The recipes with the cases."""
        return start_from(recipes, cases.series, cases.class_index)

    def _generate(self, recipes: Sequence[Recipe], n_classes: int) -> TrainingCases:
        parts = [self._generate_all(recipe).series for recipe in recipes]
        nothing = np.empty((0, len(self.scaling.mean), self.scaling.native_timepoints), np.float32)
        class_index = np.repeat([recipe.class_index for recipe in recipes], [recipe.count for recipe in recipes])
        return TrainingCases(np.concatenate([nothing, *parts]), class_index.astype(np.int64), n_classes)

    def _generate_all(self, recipe: Recipe) -> Samples:
        return generate_blocks(self.model, recipe, recipe.list_blocks())
