"""The fitted model that series are made with, whatever runs it: ONNX sessions, or torch modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeGuard, TypeVar

import numpy as np
from numpy.typing import NDArray

from bundle.generation.mixture import MixtureParameters

Array = NDArray[np.float32]
Part = TypeVar("Part")


class Model(Protocol):
    """What generation asks of a model. Series are `[n, n_channels, n_timepoints]` in original units.

    `bundle.engine.bundle.Bundle` and `training.learning.torch_model.TorchModel` are models. A method is called only
    where the model has the graph of that role.
    """

    @property
    def blocks_at_once(self) -> int:
        """How many blocks may share a call: 1 where the bits of a row depend on the rows beside it."""

    def make_side_by_side(self, make: Callable[[range], Part], numbers: range) -> list[Part]:
        """Call `make` with consecutive parts of the blocks `numbers`, on as many threads as may call the model at a
        time, and return what it makes, in order."""

    @property
    def latent_dim(self) -> int:
        """The width of the latent code."""

    @property
    def texture_shape(self) -> tuple[int, ...]:
        """The shape of the standard normal noise that the texture of one series is made of."""

    def has(self, role: str) -> bool:
        """Whether there is a graph, or a module, of a role: "decoder", "texture", "classifier" …"""

    def encode(self, series: Array) -> tuple[Array, Array]:
        """posterior_mean and posterior_log_variance, `[n, latent_dim]` each."""

    def decode(self, latent: Array) -> Array:
        """Series of latent codes `[n, latent_dim]`."""

    def propose(
        self,
        class_index: int,
        component_uniform: Array,
        noise: Array,
        expansion: float,
        mixture: MixtureParameters | None = None,
    ) -> tuple[Array, Array]:
        """Latent codes `[n, latent_dim]` of one class and their class_log_density `[n, n_classes]`.

        `component_uniform` `[n]` and `noise` `[n, latent_dim]` are what `MixtureParameters.draw` takes; `mixture`
        stands in for the model's own.
        """

    def classify(self, series: Array) -> Array:
        """class_probabilities `[n, n_classes]`."""

    def add_texture(self, series: Array, class_index: int, noise: Array) -> Array:
        """Decoded `series` of one class with a texture made of `noise` `[n, *texture_shape]`."""


class GeneratingModel(Model, Protocol):
    """A model that makes series of class and noise in one call, by a graph of the role "generate"."""

    @property
    def noise_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each input of standard normal noise for one series, by name, in the order of drawing."""

    def generate(self, class_index: int, noise: dict[str, Array]) -> Array:
        """Series of one class made of `noise` `[n, *shape]` by name."""


def has_generate_graph(model: Model) -> TypeGuard[GeneratingModel]:
    """Whether a model makes series of class and noise in one call."""
    return model.has("generate")
