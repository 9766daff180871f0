"""A plain network from class and noise to a series, trained by the energy score.

The energy score of a case x and two samples of its class, g and h, is ½ (|x − g| + |x − h|) − ½ |g − h|; its mean is
lowest where samples are distributed as the cases are (Gneiting & Raftery, 2007; as a loss: Shen & Meinshausen, 2024).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from training.families.generators import BlendingGenerator
from training.families.settings import FLOAT, Size, TrainedSettings
from training.learning.cases import Pool
from training.learning.loop import History, Objective, train
from training.learning.run import Run
from training.settings import Bounds


@dataclass(frozen=True)
class Settings(TrainedSettings):
    """A plain network from class and noise to a series, trained by the energy score."""

    steps: Annotated[int, Bounds(ge=1)] = 2000
    """Gradient steps for up to 100 training cases; with more they grow in proportion, tenfold at most."""
    noise_dim: Annotated[int, Bounds(ge=1, le=1024)] = 4
    """How many values of noise a series is made of."""
    width: Annotated[int, Bounds(ge=1, le=4096)] = 128
    """Width of the hidden layers."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        n_values = size.n_channels * size.n_timepoints
        yield (
            2 * self.width * n_values * FLOAT,  # in the graph, and again in weights.npz
            f"for the layer from {self.width} features to {size.n_channels} channels of {size.n_timepoints} timepoints "
            "(set a smaller --generator.width, or fewer --working-timepoints)",
        )


class EnergyScoreGenerator(BlendingGenerator):
    """Two hidden layers; each class has an embedding that is added to the first."""

    def __init__(self, size: Size, settings: Settings) -> None:
        super().__init__()
        self.noise_dim, self.shape = settings.noise_dim, (size.n_channels, size.n_timepoints)
        self.classes = nn.Embedding(size.n_classes, settings.width)
        self.first = nn.Linear(settings.noise_dim, settings.width)
        self.second = nn.Linear(settings.width, settings.width)
        self.last = nn.Linear(settings.width, size.n_channels * size.n_timepoints)

    def choose_noise_shape(self, n_cases: int) -> tuple[int, ...]:
        return n_cases, self.noise_dim

    def make(self, embedding: Tensor, noise: Tensor) -> Tensor:
        hidden = nn.functional.gelu(self.first(noise) + embedding)
        flat: Tensor = self.last(nn.functional.gelu(self.second(hidden)))
        return flat.reshape(-1, *self.shape)


class EnergyObjective(Objective):
    """The energy score of a batch's cases, distances per value."""

    def __init__(self, generator: EnergyScoreGenerator, cases: Pool, seed: int) -> None:
        super().__init__(len(cases.series), seed, cases.series.device)
        self.network = generator
        self._cases = cases

    def list_held(self) -> tuple[Tensor, ...]:
        counted = () if self._cases.counted is None else (self._cases.counted,)
        return self._cases.series, self._cases.class_index, *counted

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        del progress
        series, class_index = self._cases.series[index], self._cases.class_index[index]
        counted = torch.ones_like(series) if self._cases.counted is None else self._cases.counted[index]
        shape = self.network.choose_noise_shape(len(index))
        one, other = (
            self.network(class_index, torch.randn(shape, generator=self.generator, device=index.device))
            for _ in range(2)
        )
        distance = (measure_distance(series, one, counted) + measure_distance(series, other, counted)) / 2
        spread = measure_distance(one, other, counted)
        loss = distance - spread / 2
        return loss, {"loss": loss, "distance": distance, "spread": spread}


def measure_distance(one: Tensor, other: Tensor, counted: Tensor) -> Tensor:
    """The mean over cases of the root mean squared difference of the values that count, `counted` being 0 … 1."""
    squared = ((one - other).square() * counted).flatten(1).sum(dim=1) / counted.flatten(1).sum(dim=1).clamp_min(1e-9)
    return (squared + 1e-12).sqrt().mean()


def build(size: Size, settings: Settings) -> EnergyScoreGenerator:
    """See `training.families.generators`."""
    return EnergyScoreGenerator(size, settings)


def fit(cases: Pool, settings: Settings, run: Run) -> tuple[EnergyScoreGenerator, History]:
    """See `training.families.generators`."""
    torch.manual_seed(run.seed)
    generator = build(cases.size, settings)
    if run.initial is not None:
        generator.load_state_dict(run.initial.state_dict())
    objective = EnergyObjective(generator, cases.to(run.device), run.seed)
    history = train(run, objective, run.count_steps(settings.steps, len(cases.series)), settings)
    return generator.cpu().eval(), history
