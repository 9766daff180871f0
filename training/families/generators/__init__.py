"""Generators without an encoder, one file each: a class and noise to a series, in one call.

A family is a module with

- `Settings`, a frozen dataclass derived from `FamilySettings`;
- `build(size, settings) -> ClassGenerator`, a freshly initialised network;
- `fit(cases, settings, run) -> (ClassGenerator, History | None)`, trained, on the CPU, in evaluation mode.

It stands in place of VAE, mixture and texture: its bundle samples, augments and, with labels, classifies.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from training.export.exporting import Exportable
from training.families import find_module
from training.families.settings import FamilySettings
from training.learning.cases import Pool
from training.learning.loop import History
from training.learning.run import Run
from training.learning.scaling import Scaling


class ClassGenerator(nn.Module):
    """What every family makes, on standardised series at the working length."""

    reveals = "the bundle keeps the weights of a network, and no training case"
    """What a bundle with it keeps of the training cases, in words."""

    def choose_noise_shape(self, n_cases: int) -> tuple[int, ...]:
        """Shape of the standard normal noise that `n_cases` series take."""
        raise TypeError(f"{type(self).__name__} has no noise")

    def forward(self, class_index: Tensor, noise: Tensor) -> Tensor:
        """Series `[n, n_channels, n_timepoints]` of the classes `[n]`."""
        raise TypeError(f"{type(self).__name__} makes no series")

    def list_exportables(self, scaling: Scaling, class_index: np.ndarray, noise: np.ndarray) -> list[Exportable]:
        """The graph `generate`, in original units; the examples are class_index `[n]` and noise."""
        batched = {"class_index": class_index, "noise": noise}
        return [Exportable("generate", Generated(scaling, self), batched, ("series",), {}, {})]


class BlendingGenerator(ClassGenerator):
    """A generator that knows a class by its embedding alone, so that there are series between two classes."""

    classes: nn.Embedding

    def make(self, embedding: Tensor, noise: Tensor) -> Tensor:
        """Series `[n, n_channels, n_timepoints]` of embeddings `[n, width]` of classes, or of points between them."""
        raise TypeError(f"{type(self).__name__} makes no series")

    def forward(self, class_index: Tensor, noise: Tensor) -> Tensor:
        return self.make(self.classes(class_index), noise)

    def list_exportables(self, scaling: Scaling, class_index: np.ndarray, noise: np.ndarray) -> list[Exportable]:
        """The graph `generate`, and `blend`."""
        position = np.linspace(0, 1, len(class_index), dtype=np.float32)
        batched = {"class_index": class_index, "end_class_index": class_index[::-1].copy(), "position": position}
        blend = Exportable("blend", Blended(scaling, self), {**batched, "noise": noise}, ("series",), {}, {})
        return [*super().list_exportables(scaling, class_index, noise), blend]


class Generated(nn.Module):
    """class_index `[n]`, noise → series `[n, n_channels, n_timepoints]` in original units."""

    def __init__(self, scaling: Scaling, generator: ClassGenerator) -> None:
        super().__init__()
        self.scaling, self.generator = scaling, generator

    def forward(self, class_index: Tensor, noise: Tensor) -> Tensor:
        return self.scaling.restore(self.generator(class_index, noise))


class Blended(nn.Module):
    """class_index, end_class_index, position from 0 to 1 `[n]`, noise → series in original units of points on the
    straight lines between the embeddings of two classes."""

    def __init__(self, scaling: Scaling, generator: BlendingGenerator) -> None:
        super().__init__()
        self.scaling, self.generator = scaling, generator

    def forward(self, class_index: Tensor, end_class_index: Tensor, position: Tensor, noise: Tensor) -> Tensor:
        classes, place = self.generator.classes, position[:, None]
        embedding = (1 - place) * classes(class_index) + place * classes(end_class_index)
        return self.scaling.restore(self.generator.make(embedding, noise))


def fit(cases: Pool, settings: FamilySettings, run: Run) -> tuple[ClassGenerator, History | None]:
    """What the family of `settings` fits to standardised `cases`, on the CPU, and its losses, where it has any."""
    fitted: tuple[ClassGenerator, History | None] = find_module(settings).fit(cases, settings, run)
    return fitted
