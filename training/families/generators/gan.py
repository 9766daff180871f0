"""A conditional GAN (Mirza & Osindero, 2014) of convolutions.

The critic's score is the log odds that a series is real; the generator raises it for what it makes (the non-saturating
loss of Goodfellow et al., 2014). The slope of the score at real series is penalised, without which the two circle
around each other (R1; Mescheder et al., 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from training.families.adversaries import AdversarialSettings, ConvolutionalGenerator
from training.families.settings import Size
from training.learning.adversarial import Score, fit_adversaries
from training.learning.cases import Pool
from training.learning.loop import History
from training.learning.run import Run


@dataclass(frozen=True)
class Settings(AdversarialSettings):
    """A conditional GAN of convolutions, its critic's slope penalised at real series."""


@dataclass(frozen=True)
class LogOdds:
    """The critic's score is the log odds that a series is real."""

    penalty_weight: float
    betas = (0.5, 0.99)

    def compute_critic_losses(self, score: Score, real: Tensor, made: Tensor, mix: Tensor) -> dict[str, Tensor]:
        del mix
        of_real, of_made = score(real.requires_grad_(), made)
        [slope] = torch.autograd.grad(of_real.sum(), real, create_graph=True)
        penalty = self.penalty_weight * slope.square().sum(dim=(1, 2)).mean() / 2
        return {"critic": softplus(-of_real).mean() + softplus(of_made).mean(), "penalty": penalty}

    def compute_generator_loss(self, scores: Tensor) -> Tensor:
        return softplus(-scores).mean()


def build(size: Size, settings: Settings) -> ConvolutionalGenerator:
    """See `training.families.generators`."""
    return ConvolutionalGenerator(size, settings)


def fit(cases: Pool, settings: Settings, run: Run) -> tuple[ConvolutionalGenerator, History]:
    """See `training.families.generators`."""
    return fit_adversaries(cases, settings, LogOdds(settings.penalty_weight), run)
