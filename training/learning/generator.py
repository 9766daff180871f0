"""A generator: a VAE, the mixture of its codes and a texture, which make cases and move given ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from bundle.generation.mixture import MixtureParameters
from bundle.generation.recipe import Recipe
from bundle.generation.start import needs_codes, start_from
from training.export import graphs
from training.export.exporting import Exportable
from training.families import find_name
from training.families.textures import Texture
from training.families.vae import VAE
from training.learning.cases import TrainingCases
from training.learning.maker import Maker
from training.learning.torch_model import TorchModel


@dataclass(frozen=True, kw_only=True)
class Generator(Maker):
    """The VAE, mixture and texture of some cases."""

    vae: VAE
    mixture: MixtureParameters
    texture: Texture

    @property
    def model(self) -> TorchModel:
        return TorchModel(self.scaling, self.vae, self.mixture, self.texture, self.classifier)

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"vae": self.vae}

    @property
    def law(self) -> MixtureParameters:
        return self.mixture

    @property
    def latent_dim(self) -> int:
        return self.vae.latent_dim

    @property
    def texture_steps(self) -> int | None:
        return self.texture.steps

    def describe_revealed(self) -> str:
        return f"{find_name(self.configuration.texture)}: {self.texture.reveals}"

    def list_exportables(self, n_classes: int, rows: int, random: np.random.Generator) -> list[Exportable]:
        latent = random.standard_normal((rows, self.latent_dim)).astype(np.float32)
        encoder, decoder = self.vae.list_exportables(self.scaling, latent)
        class_index = random.integers(0, n_classes, rows)
        uniform = random.random(rows, dtype=np.float32)
        noise = random.standard_normal(self.texture.choose_noise_shape(rows), dtype=np.float32)
        return [
            encoder,
            decoder,
            *graphs.list_exportables(self.mixture, class_index, uniform, latent, self.configuration.expansion),
            self.texture.make_exportable(self.scaling, encoder.batched["series"], class_index, noise),
        ]

    def _start_from(self, recipes: Sequence[Recipe], cases: TrainingCases) -> list[Recipe]:
        """The recipes with the cases, and the mixture adapted to them where it matters."""
        started = start_from(recipes, cases.series, cases.class_index)
        if not needs_codes(self.model, started):
            return started
        latent, _ = self.model.encode(cases.series)
        mixture = self.mixture.adapt(latent.astype(np.float64), cases.class_index)
        return start_from(recipes, cases.series, cases.class_index, latent, mixture)
