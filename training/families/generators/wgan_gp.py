"""A Wasserstein GAN whose critic's slope is penalised (Gulrajani et al., 2017), conditional on the class.

The critic's scores of real and made series differ by as much as its slope of 1 allows: the Wasserstein distance of the
two. The penalty holds the slope there, at points between a real series and a made one. Of unlabelled data there is one
class, and this is the unconditional network of the paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from training.families.adversaries import AdversarialSettings, ConvolutionalGenerator
from training.families.settings import Size
from training.learning.adversarial import Score, fit_adversaries
from training.learning.cases import Pool
from training.learning.loop import History
from training.learning.run import Run
from training.settings import Bounds


@dataclass(frozen=True)
class Settings(AdversarialSettings):
    """WGAN-GP: a Wasserstein GAN with gradient penalty, conditional on the class where data is labelled."""

    critic_steps: Annotated[int, Bounds(ge=1, le=100)] = 2
    """Gradient steps of the critic for each of the generator."""
    penalty_weight: Annotated[float, Bounds(ge=0)] = 10.0
    """Weight of the gradient penalty in the critic's loss."""


@dataclass(frozen=True)
class Wasserstein:
    """The critic's scores of real and made series are as far apart as its slope allows."""

    penalty_weight: float
    betas = (0.0, 0.9)

    def compute_critic_losses(self, score: Score, real: Tensor, made: Tensor, mix: Tensor) -> dict[str, Tensor]:
        between = (mix * real + (1 - mix) * made).requires_grad_()
        of_real, of_made, of_between = score(real, made, between)
        [slope] = torch.autograd.grad(of_between.sum(), between, create_graph=True)
        penalty = self.penalty_weight * (slope.flatten(1).norm(dim=1) - 1).square().mean()
        return {"critic": of_made.mean() - of_real.mean(), "penalty": penalty}

    def compute_generator_loss(self, scores: Tensor) -> Tensor:
        return -scores.mean()


def build(size: Size, settings: Settings) -> ConvolutionalGenerator:
    """See `training.families.generators`."""
    return ConvolutionalGenerator(size, settings)


def fit(cases: Pool, settings: Settings, run: Run) -> tuple[ConvolutionalGenerator, History]:
    """See `training.families.generators`."""
    return fit_adversaries(cases, settings, Wasserstein(settings.penalty_weight), run)
