"""A small rectified flow from coloured noise to the residual of a decoded series: no training case's residual is kept.

Rectified flow: Liu, Gong & Liu (2023), with the residual itself predicted rather than the velocity (Li & He, 2025),
which a small network does better where residuals are smooth. The noise has the spectrum of the residuals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from bundle.manifest import MOST_TEXTURE_STEPS
from training.families.circle import follow_circle
from training.families.colour import compute_colour_filter
from training.families.mixer import SMALL, Mixer
from training.families.settings import FLOAT, Size, TrainedSettings
from training.families.textures import Decoded, SteppedTexture, Texture
from training.learning.checkpoints import State
from training.learning.loop import History, Objective, train
from training.learning.run import Run
from training.learning.warps import warp_series
from training.settings import Bounds

Tensors = tuple[Tensor, ...] | list[Tensor]

DECAY, AVERAGED_STEPS = 0.96, 4
"""Of the exponential moving average of the weights, which is taken every so many steps."""

BANK = 2048
"""Pairs of residual and decoded series made once, to train on; as many as there are cases, if these are more."""

LATENT_NOISE = 0.5
"""Noise on the latent code while training, in standard deviations of the codes: samples lie between the cases."""

WARP_PROBABILITY, WARPED_SHARE = 0.3, 0.6
"""Chance of a warp, and the share of the steps, from the first on, that see warped cases."""

MOST_EVALUATIONS = 8
"""The graph holds each of them."""

EXACT = 1e-3
"""Of residuals' standard deviation: a channel without any larger residual has no texture."""


@dataclass(frozen=True)
class Settings(TrainedSettings):
    """A small rectified flow from noise to the residual; the bundle keeps no training case."""

    evaluations: Annotated[int, Bounds(ge=2, le=MOST_EVALUATIONS)] = 2
    """How often the network is evaluated for a series, by a method of second order, all in one call of the graph."""
    euler_steps: Annotated[int, Bounds(ge=0, le=MOST_TEXTURE_STEPS)] = 0
    """Equal Euler steps to follow the flow in instead, each a call of the graph; 0: none."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        yield (
            size.n_channels * size.n_timepoints**2 * FLOAT,
            f"for the noise of {size.n_channels} channels of {size.n_timepoints} timepoints (set fewer "
            "--working-timepoints)",
        )


class FlowTexture(Texture):
    """Noise to residual in few evaluations; the weights are an average over training."""

    reveals = "the bundle keeps the weights of a network, and neither a training case nor its residual"
    scale: Tensor
    colour: Tensor

    def __init__(self, mixer: Mixer, scale: Tensor, colour: Tensor, settings: Settings) -> None:
        """`scale` `[]` is the standard deviation of residuals, or `[n_channels, 1]` with 0 for a channel that decoding
        gives back exactly, such as a time encoding; `colour` `[n_channels, n_timepoints, n_timepoints]` the filter that
        gives white noise their spectrum."""
        super().__init__()
        self.mixer, self.evaluations = mixer, settings.evaluations
        self.register_buffer("scale", scale)
        self.register_buffer("colour", colour)

    def choose_noise_shape(self, n_cases: int) -> tuple[int, ...]:
        return n_cases, self.mixer.n_channels, self.mixer.n_timepoints

    def colour_noise(self, noise: Tensor) -> Tensor:
        """White noise `[n, n_channels, n_timepoints]` with the spectrum of residuals."""
        return (noise.transpose(0, 1) @ self.colour).transpose(0, 1)

    def forward(self, decoded: Tensor, class_index: Tensor, noise: Tensor) -> Tensor:
        def predict(state: Tensor, time: float) -> Tensor:
            return self.mixer.predict_at(torch.cat([state, decoded], dim=1), time, class_index)

        return self.scale * follow_circle(predict, self.colour_noise(noise), self.evaluations)


class EulerTexture(FlowTexture, SteppedTexture):
    """The same in equal Euler steps."""

    def __init__(self, mixer: Mixer, scale: Tensor, colour: Tensor, settings: Settings) -> None:
        super().__init__(mixer, scale, colour, settings)
        self.steps = settings.euler_steps

    def step(self, decoded: Tensor, class_index: Tensor, state: Tensor, time: Tensor, duration: Tensor) -> Tensor:
        state = torch.where(time > 0, state, self.colour_noise(state))
        predicted = self.mixer(torch.cat([state, decoded], dim=1), time.reshape(1, 1), class_index)
        after: Tensor = state + (predicted - state) * (duration / (1 - time))
        return after

    def forward(self, decoded: Tensor, class_index: Tensor, noise: Tensor) -> Tensor:
        state, duration = noise, torch.tensor(1 / self.steps)
        for step in range(self.steps):
            state = self.step(decoded, class_index, state, torch.tensor(step / self.steps), duration)
        return self.scale * state


@dataclass(frozen=True)
class _Bank:
    """Cases to train on: residual and decoded `[n, n_channels, n_timepoints]`, class_index `[n]`."""

    residual: Tensor
    decoded: Tensor
    class_index: Tensor


class FlowObjective(Objective):
    """Mean squared error of the residual predicted from a point between noise and residual, at a uniform time.

    Residuals and what is decoded come from banks that are made once: of cases warped by chance, then of clean ones.
    """

    def __init__(self, texture: FlowTexture, cases: Decoded, latent_sd: Tensor, seed: int) -> None:
        super().__init__(max(BANK, len(cases.series)), seed, cases.series.device)
        self.mixer = texture.mixer
        self.average = AveragedModel(self.mixer, multi_avg_fn=_update_averages).requires_grad_(False)
        self._texture, self._cases, self._latent_sd = (texture,), (cases,), latent_sd  # tuples: not submodules
        self._warped, self._clean = self._make_bank(WARP_PROBABILITY), self._make_bank(0.0)
        self._steps = 0

    @torch.no_grad()
    def _make_bank(self, warp_probability: float) -> _Bank:
        (texture,), (cases,) = self._texture, self._cases
        order = torch.randperm(self.n_cases, generator=self.generator, device=cases.series.device) % len(cases.series)
        series = warp_series(cases.series[order], warp_probability, self.generator)
        mean, _ = cases.model.encode(series)
        residual = _divide(series - cases.model.decode(mean), texture.scale)
        decoded = cases.decode_again(mean + LATENT_NOISE * self._latent_sd * self._draw_normal(mean))
        return _Bank(residual, decoded, cases.class_index[order])

    def list_held(self) -> list[Tensor]:
        (texture,) = self._texture
        banks = (self._warped, self._clean)
        cases = [tensor for bank in banks for tensor in (bank.residual, bank.decoded, bank.class_index)]
        return [*cases, texture.scale, texture.colour]

    def get_extra_state(self) -> State:
        return {**super().get_extra_state(), "steps": self._steps}

    def set_extra_state(self, state: State) -> None:
        super().set_extra_state(state)
        self._steps = state["steps"]

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        self._steps += 1
        if self._steps % AVERAGED_STEPS == 0:
            self.average.update_parameters(self.mixer)
        bank = self._warped if progress < WARPED_SHARE else self._clean
        residual, (texture,) = bank.residual[index], self._texture
        with torch.no_grad():
            time = torch.rand(len(index), 1, 1, generator=self.generator, device=index.device)
            state = (1 - time) * texture.colour_noise(self._draw_normal(residual)) + time * residual
        predicted = self.mixer(torch.cat([state, bank.decoded[index]], dim=1), time[:, 0], bank.class_index[index])
        loss = functional.mse_loss(predicted, residual)
        return loss, {"loss": loss}

    def _draw_normal(self, like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=self.generator, device=like.device)


@torch.no_grad()
def _update_averages(averages: Tensors, weights: Tensors, _: Tensor | int) -> None:
    torch._foreach_lerp_(averages, weights, 1 - DECAY)


def fit(cases: Decoded, settings: Settings, run: Run) -> tuple[FlowTexture, History]:
    """See `training.families.textures`."""
    torch.manual_seed(run.seed)
    with torch.no_grad():
        mean, _ = cases.model.encode(cases.series)
        residuals = cases.series - cases.model.decode(mean)
    scale = residuals.std(correction=0).clamp_min(1e-6)
    exact = residuals.abs().amax(dim=(0, 2)) < EXACT * scale
    if exact.any():
        scale = scale * ~exact[:, None]
    n_channels, n_timepoints = residuals.shape[1:]
    mixer = Mixer(2 * n_channels, n_channels, n_timepoints, cases.n_classes, SMALL)
    colour = compute_colour_filter(_divide(residuals, scale))
    texture = (EulerTexture if settings.euler_steps else FlowTexture)(mixer, scale, colour, settings).to(run.device)
    latent_sd = mean.std(0, correction=0).to(run.device)
    objective = FlowObjective(texture, cases.to(run.device), latent_sd, run.seed)
    history = train(run, objective, run.count_steps(settings.steps, len(cases.series)), settings)
    texture.mixer.load_state_dict(objective.average.module.state_dict())
    cases.to(torch.device("cpu"))
    return texture.cpu().eval(), history


def _divide(residuals: Tensor, scale: Tensor) -> Tensor:
    """Residuals over their scale; 0 in channels without texture, though warped cases leave some there."""
    return residuals / scale if scale.ndim == 0 else torch.where(scale > 0, residuals / scale, 0)
