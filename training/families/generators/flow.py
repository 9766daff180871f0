"""A rectified flow from coloured noise to a series of a class.

Rectified flow: Liu, Gong & Liu (2023). The noise has the spectrum of the cases, and the network, which is the texture's
(`training/families/mixer.py`), predicts what a linear prediction of the series lacks (Karras et al., 2022).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor, nn

from training.export.exporting import Exportable, Repeated
from training.families.colour import compute_colour_filter
from training.families.generators import ClassGenerator, Generated
from training.families.mixer import Mixer
from training.families.settings import FLOAT, Size, TrainedSettings
from training.learning.averaging import average_weights
from training.learning.cases import Pool
from training.learning.loop import History, Objective, train
from training.learning.run import Run
from training.learning.scaling import Scaling
from training.learning.warps import warp_series
from training.settings import Bounds

WARPED_SHARE = 0.6
"""The share of the steps, from the first on, that see warped cases."""


@dataclass(frozen=True)
class Settings(TrainedSettings):
    """A rectified flow from noise to a series of a class."""

    steps: Annotated[int, Bounds(ge=1)] = 2000
    """Gradient steps for up to 100 training cases; with more they grow in proportion, tenfold at most."""
    batch_size: Annotated[int, Bounds(ge=1)] = 64
    """Cases per gradient step."""
    flow_steps: Annotated[int, Bounds(ge=1, le=1000)] = 12
    """Steps in which the flow is followed when sampling."""
    warp_probability: Annotated[float, Bounds(ge=0, le=1)] = 0.3
    """Chance of a time warp, and of a slice, of a case in the first 60 % of the steps."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        yield (
            2 * size.n_channels * size.n_timepoints**2 * FLOAT,  # in the graph, and again in weights.npz
            f"for the noise of {size.n_channels} channels of {size.n_timepoints} timepoints (set fewer "
            "--working-timepoints)",
        )


class FlowGenerator(ClassGenerator):
    """Equal steps from noise to series; the weights are an average over training."""

    colour: Tensor

    def __init__(self, size: Size, settings: Settings) -> None:
        super().__init__()
        self.shape, self.steps = (size.n_channels, size.n_timepoints), settings.flow_steps
        self.mixer = Mixer(size.n_channels, *self.shape, size.n_classes)
        self.register_buffer("colour", torch.eye(size.n_timepoints).repeat(size.n_channels, 1, 1))

    def choose_noise_shape(self, n_cases: int) -> tuple[int, ...]:
        return n_cases, *self.shape

    def colour_noise(self, noise: Tensor) -> Tensor:
        """White noise `[n, n_channels, n_timepoints]` with the spectrum of the cases."""
        return (noise.transpose(0, 1) @ self.colour).transpose(0, 1)

    def predict(self, state: Tensor, time: Tensor, class_index: Tensor) -> Tensor:
        """The series `[n, n_channels, n_timepoints]` that states, a share `time` of the way from noise, lead to."""
        linear, error = compute_linear_prediction(state, time[:, :, None])
        predicted: Tensor = linear + error * self.mixer(state, time, class_index)
        return predicted

    def take_step(self, class_index: Tensor, state: Tensor, step: Tensor) -> Tensor:
        """The state after a step, whose number `[]` counts from 0; before the first it is white noise."""
        state = torch.where(step > 0, state, self.colour_noise(state))
        predicted = self.predict(state, (step / self.steps).reshape(1, 1), class_index)
        after: Tensor = state + (predicted - state) / (self.steps - step)
        return after

    def forward(self, class_index: Tensor, noise: Tensor) -> Tensor:
        state = noise
        for step in range(self.steps):
            state = self.take_step(class_index, state, torch.tensor(step))
        return state

    def list_exportables(self, scaling: Scaling, class_index: np.ndarray, noise: np.ndarray) -> list[Exportable]:
        batched = {"class_index": class_index, "noise": noise}
        repeated = Repeated(FlowStep(scaling, self), self.steps)
        return [Exportable("generate", Generated(scaling, self), batched, ("series",), {}, {}, repeated)]


def compute_linear_prediction(state: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
    """The best linear prediction of `x` from `state = (1 - time) noise + time x`, and its error's standard deviation,
    for `x` and `noise` of variance 1."""
    variance = (1 - time).square() + time.square()
    return state * time / variance, (1 - time) / variance.sqrt()


class FlowStep(nn.Module):
    """class_index `[n]`, state, number of the step `[]` → the next state, and the series in original units."""

    def __init__(self, scaling: Scaling, flow: FlowGenerator) -> None:
        super().__init__()
        self.scaling, self.flow = scaling, flow

    def forward(self, class_index: Tensor, state: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
        after = self.flow.take_step(class_index, state, step)
        return after, self.scaling.restore(after)


class FlowObjective(Objective):
    """Mean squared error of what is predicted from a point between noise and series, at a uniform time, in units of
    the linear prediction's error."""

    def __init__(self, flow: FlowGenerator, cases: Pool, warp_probability: float, seed: int) -> None:
        super().__init__(len(cases.series), seed, cases.series.device)
        self.flow, self.average = flow, average_weights(flow)
        self._cases, self._warp_probability = cases, warp_probability

    def list_held(self) -> tuple[Tensor, ...]:
        counted = () if self._cases.counted is None else (self._cases.counted,)
        return self._cases.series, self._cases.class_index, *counted

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        self.average.update_parameters(self.flow)
        series, class_index = self._cases.series[index], self._cases.class_index[index]
        counted = torch.ones_like(series) if self._cases.counted is None else self._cases.counted[index]
        if progress < WARPED_SHARE:
            series, counted = warp_series(
                torch.cat([series, counted], dim=1), self._warp_probability, self.generator
            ).chunk(2, dim=1)
        time = torch.rand(len(index), 1, 1, generator=self.generator, device=index.device)
        noise = torch.randn(series.shape, generator=self.generator, device=index.device)
        state = (1 - time) * self.flow.colour_noise(noise) + time * series
        linear, error = compute_linear_prediction(state, time)
        lacking = (series - linear) / error - self.flow.mixer(state, time[:, 0], class_index)
        loss = (lacking.square() * counted).sum() / counted.sum().clamp_min(1e-9)
        return loss, {"loss": loss}


def build(size: Size, settings: Settings) -> FlowGenerator:
    """See `training.families.generators`."""
    return FlowGenerator(size, settings)


def fit(cases: Pool, settings: Settings, run: Run) -> tuple[FlowGenerator, History]:
    """See `training.families.generators`."""
    torch.manual_seed(run.seed)
    flow = build(cases.size, settings)
    if run.initial is not None:
        flow.load_state_dict(run.initial.state_dict())
    flow.colour.copy_(compute_colour_filter(cases.series))
    objective = FlowObjective(flow.to(run.device), cases.to(run.device), settings.warp_probability, run.seed)
    history = train(run, objective, run.count_steps(settings.steps, len(cases.series)), settings)
    flow.load_state_dict(objective.average.module.state_dict())
    return flow.cpu().eval(), history
