"""A network that makes series of a class and noise, as the model that generation asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bundle.generation.mixture import MixtureParameters
from bundle.generation.policy import PolicyName
from training.configuration import check_without_codes
from training.export.exporting import Exportable
from training.families import find_name
from training.families.classifiers import Classifier
from training.families.generators import ClassGenerator, Generated
from training.learning.cases import TrainingCases
from training.learning.maker import Maker
from training.learning.scaling import Scaling

Array = NDArray[np.float32]
Part = TypeVar("Part")


@dataclass(frozen=True, kw_only=True)
class NoiseMaker(Maker):
    """A generator without an encoder, of some cases."""

    network: ClassGenerator

    @property
    def model(self) -> NoiseModel:
        return NoiseModel(self.scaling, self.network, self.classifier)

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"generator": self.network}

    def make(self, policy: PolicyName, cases: TrainingCases, counts: np.ndarray, seed: int) -> TrainingCases:
        """See `Maker.make`. Raises `ConfigurationError` for a policy that moves cases between their codes."""
        check_without_codes(policy)
        return super().make(policy, cases, counts, seed)

    def describe_revealed(self) -> str:
        return f"{find_name(self.configuration.generator)}: {self.network.reveals}"

    def list_exportables(self, n_classes: int, rows: int, random: np.random.Generator) -> list[Exportable]:
        class_index = random.integers(0, n_classes, rows)
        noise = random.standard_normal(self.network.choose_noise_shape(rows), dtype=np.float32)
        return self.network.list_exportables(self.scaling, class_index, noise)


@dataclass(frozen=True)
class NoiseModel:
    """A `bundle.generation.model.GeneratingModel` on the CPU: it has the roles "generate" and, where there is one,
    "classifier"; what else a model can do is never asked of it."""

    scaling: Scaling
    network: ClassGenerator
    classifier: nn.Module | None

    blocks_at_once = 32
    """512 series a call, which bounds its memory."""

    def make_side_by_side(self, make: Callable[[range], Part], numbers: range) -> list[Part]:
        """Call `make` once, with all blocks: torch uses the cores by itself."""
        return [make(numbers)]

    latent_dim = 0
    texture_shape: tuple[int, ...] = ()

    @property
    def noise_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of the noise of one series, by name."""
        return {"noise": self.network.choose_noise_shape(1)[1:]}

    def has(self, role: str) -> bool:
        """Whether there is a module of a role."""
        return role == "generate" or (role == "classifier" and self.classifier is not None)

    @torch.no_grad()
    def generate(self, class_index: int, noise: dict[str, Array]) -> Array:
        """Series of one class made of `noise` `[n, *shape]`."""
        drawn = torch.as_tensor(noise["noise"])
        made: Array = Generated(self.scaling, self.network)(torch.full((len(drawn),), class_index), drawn).numpy()
        return made

    @torch.no_grad()
    def classify(self, series: Array) -> Array:
        """class_probabilities `[n, n_classes]`."""
        assert self.classifier is not None, "`has` says so"
        probabilities: Array = Classifier(self.scaling, self.classifier)(torch.as_tensor(series)).numpy()
        return probabilities

    def screen(self, series: Array) -> Array:
        """The same: a model has the classifier that is to screen what it makes."""
        return self.classify(series)

    def encode(self, series: Array) -> tuple[Array, Array]:
        """There are no codes."""
        raise TypeError("a generator without an encoder does not encode")

    def decode(self, latent: Array) -> Array:
        """There are no codes."""
        raise TypeError("a generator without an encoder does not decode")

    def propose(
        self,
        class_index: int,
        component_uniform: Array,
        noise: Array,
        expansion: float,
        mixture: MixtureParameters | None = None,
    ) -> tuple[Array, Array]:
        """There are no codes."""
        raise TypeError("a generator without an encoder proposes no codes")

    def add_texture(self, series: Array, class_index: int, noise: Array) -> Array:
        """Series are whole as they come."""
        raise TypeError("a generator without an encoder has no texture")
