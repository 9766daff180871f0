"""A generator and a critic are trained against each other, in the one training loop, at a game that a family sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LinearLR, LRScheduler

from training.families.adversaries import AdversarialSettings, ConvolutionalGenerator, Critic
from training.families.settings import TrainedSettings
from training.learning.averaging import average_weights
from training.learning.cases import Pool
from training.learning.loop import History, Objective, Turn, train_in_turns
from training.learning.run import Run

Score = Callable[..., tuple[Tensor, ...]]
"""A critic that has been told the classes: sets of series `[n, n_channels, n_timepoints]` to scores `[n]` of each."""


class Game(Protocol):
    """What the two sides minimise, and the decays of their Adam."""

    betas: tuple[float, float]

    def compute_critic_losses(self, score: Score, real: Tensor, made: Tensor, mix: Tensor) -> dict[str, Tensor]:
        """The parts of the critic's loss by name; their sum is minimised. `mix` `[n, 1, 1]` is uniform in 0 … 1."""

    def compute_generator_loss(self, scores: Tensor) -> Tensor:
        """The generator's loss from the scores `[n]` of what it made."""


@dataclass(frozen=True)
class Table:
    """Who plays what on which cases."""

    generator: ConvolutionalGenerator
    critic: Critic
    cases: Pool
    game: Game
    packed: int

    def draw_companions(self, class_index: Tensor, random: torch.Generator) -> Tensor:
        """An index `[n]` of random cases of the classes `[n]`, which have some."""
        order = self.cases.class_index.argsort(stable=True)
        counts = self.cases.class_index.bincount(minlength=self.cases.n_classes)
        uniform = torch.rand(len(class_index), generator=random, device=class_index.device)
        within = (uniform * counts[class_index]).long().clamp_max(counts[class_index] - 1)
        return order[(counts.cumsum(dim=0) - counts)[class_index] + within]


class Side(Objective):
    """One side of the game."""

    def __init__(self, table: Table, seed: int) -> None:
        super().__init__(len(table.cases.series), seed, table.cases.series.device)
        self._table = table

    def list_held(self) -> tuple[Tensor, ...]:
        return self._table.cases.series, self._table.cases.class_index

    def build_optimizer(self, settings: TrainedSettings, steps: int) -> tuple[Optimizer, LRScheduler]:
        """AdamW at the game's decays, the learning rate falling to zero in a straight line."""
        optimizer = AdamW(
            self.parameters(),
            lr=settings.learning_rate,
            betas=self._table.game.betas,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        return optimizer, LinearLR(optimizer, 1.0, 0.0, total_iters=steps)

    def make(self, class_index: Tensor) -> Tensor:
        """Series of the classes `[n]`, as the critic sees them."""
        several = class_index.repeat(self._table.packed)
        shape = self._table.generator.choose_noise_shape(len(several))
        noise = torch.randn(shape, generator=self.generator, device=class_index.device)
        return self.pack(self._table.generator(several, noise))

    def pack(self, series: Tensor) -> Tensor:
        """Sets of `n` series, one after the other, as the critic sees them: one set's channels beside the other's."""
        return torch.cat(series.chunk(self._table.packed), dim=1)


class CriticSide(Side):
    """The critic learns to tell cases from what the generator makes."""

    def __init__(self, table: Table, seed: int) -> None:
        super().__init__(table, seed)
        self.critic = table.critic

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        del progress
        table, class_index = self._table, self._table.cases.class_index[index]
        others = [table.draw_companions(class_index, self.generator) for _ in range(table.packed - 1)]
        with torch.no_grad():
            real, made = self.pack(table.cases.series[torch.cat([index, *others])]), self.make(class_index)
        mix = torch.rand(len(index), 1, 1, generator=self.generator, device=index.device)
        self.critic.requires_grad_(True)

        def score(*sets: Tensor) -> tuple[Tensor, ...]:
            scores: Tensor = self.critic(torch.cat(sets), class_index.repeat(len(sets)))
            return scores.chunk(len(sets))

        parts = table.game.compute_critic_losses(score, real, made, mix)
        return torch.stack(list(parts.values())).sum(), parts


class GeneratorSide(Side):
    """The generator learns to make what the critic takes for cases; `average` is of its weights."""

    def __init__(self, table: Table, seed: int) -> None:
        super().__init__(table, seed)
        self.network, self.average = table.generator, average_weights(table.generator)

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        del progress
        self.average.update_parameters(self.network)
        class_index, critic = self._table.cases.class_index[index], self._table.critic
        critic.requires_grad_(False)
        loss = self._table.game.compute_generator_loss(critic(self.make(class_index), class_index))
        return loss, {"generator": loss}


def fit_adversaries(
    cases: Pool, settings: AdversarialSettings, game: Game, run: Run
) -> tuple[ConvolutionalGenerator, History]:
    """The generator that wins the game, on the CPU, its weights averaged over training; the losses of both sides."""
    torch.manual_seed(run.seed)
    generator = ConvolutionalGenerator(cases.size, settings)
    critic = Critic(replace(cases.size, n_channels=settings.packed * cases.size.n_channels), settings)
    if run.initial is not None:
        generator.load_state_dict(run.initial.state_dict())
    networks = generator.to(run.device), critic.to(run.device)
    table = Table(*networks, cases.to(run.device), game, settings.packed)
    ours = GeneratorSide(table, run.seed)
    turns = [Turn(CriticSide(table, run.seed + 1), settings.critic_steps), Turn(ours)]
    history = train_in_turns(run, turns, run.count_steps(settings.steps, len(cases.series)), settings)
    generator.load_state_dict(ours.average.module.state_dict())
    return generator.requires_grad_(True).cpu().eval(), history
