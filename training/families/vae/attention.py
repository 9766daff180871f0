"""Strided convolutions and attention down; transposed convolutions, attention and a GRU back; time may bypass the code.

With `--vae.time` the last two channels are a time encoding: the sine and cosine of a period, which `--time-encoding`
gives to windows. Encoder and decoder are given it. With `bypass` its last value goes straight to the decoder, so that
the code needs to hold what the pattern is, and not where it lies in the window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from training.export.recurrent import GRU
from training.families.settings import FLOAT, Size
from training.families.vae import VAE, ClassAwareObjective, ClassAwareSettings, start_vae, train_vae
from training.learning.cases import Pool
from training.learning.loop import History
from training.learning.run import Run
from training.settings import ConfigurationError

WIDTH, HEADS = 32, 4
DOWN_KERNELS, UP_KERNEL = (7, 5, 5), 4
STRIDE = 2
LOG_VARIANCE_BOUND = 8.0

TIME = 2
"""Channels of a time encoding, and axes of the latent code that its last value takes."""

ROUNDING = 1e-2
"""How far a time encoding may be from what its last value says, where the circle that it runs on has radius 1."""


@dataclass(frozen=True)
class Settings(ClassAwareSettings):
    """Strided convolutions and attention down; transposed convolutions, attention and a GRU back."""

    time: Literal["none", "code", "bypass"] = "none"
    """Whether the last two channels are a time encoding (--time-encoding), which the decoder makes again from its last
    value. code: the latent code holds that value among all else; bypass: the encoder hands it straight to the decoder,
    in two axes behind latent_dim. Both need a warp probability of 0: warped time runs unevenly."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.time != "none" and self.warp_probability:
            raise ConfigurationError(
                f"--vae.warp-probability is {self.warp_probability}; it must be 0 with --vae.time {self.time}, as time "
                "runs unevenly in a warped window, and cannot be made again from its last value."
            )

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        width = WIDTH * _shorten(size.n_timepoints, len(DOWN_KERNELS))
        yield (
            2 * 3 * width * self.latent_dim * FLOAT,  # in the graphs, and again in weights.npz
            f"for the layers between {width} features and a code of {self.latent_dim} (set a smaller --vae.latent-dim, "
            "or fewer --working-timepoints)",
        )


class Attention(nn.Module):
    """Features `[n, WIDTH, n_places]`, each place with what it draws from all others (Vaswani et al., 2017)."""

    def __init__(self, n_places: int) -> None:
        super().__init__()
        self.position = nn.Parameter(0.02 * torch.randn(n_places, WIDTH))
        self.norm = nn.LayerNorm(WIDTH)
        self.heads = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)

    def forward(self, features: Tensor) -> Tensor:
        places = features.transpose(1, 2)
        normed = self.norm(places + self.position)
        drawn, _ = self.heads(normed, normed, normed, need_weights=False)
        answer: Tensor = (places + drawn).transpose(1, 2)
        return answer


class Clock(nn.Module):
    """A time encoding, made again over a whole window from its last value.

    Whatever the period, the scaling and the resampling, each of its values is an affine function of the last one, which
    `learn` solves for. Within, a value is `[n, 2]` on the unit circle; standardised it lies on an ellipse.
    """

    centre: Tensor
    radius: Tensor
    turns: Tensor

    def __init__(self, n_timepoints: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(TIME, 1))
        self.register_buffer("radius", torch.ones(TIME, 1))
        self.register_buffer("turns", torch.zeros(TIME + 1, TIME * n_timepoints))

    def learn(self, encoding: Tensor) -> None:
        """From standardised time encodings `[n, 2, n_timepoints]`. Raises `ConfigurationError` where they are none."""
        values = encoding.double().numpy()
        last = values[:, :, -1]
        squares, *_ = np.linalg.lstsq(np.hstack([last**2, last]), np.ones(len(last)))
        curvature, slope = np.split(squares, 2)
        with np.errstate(invalid="ignore", divide="ignore"):
            centre = -slope / (2 * curvature)
            radius = np.sqrt((1 + (curvature * centre**2).sum()) / curvature)
        unit = (values - centre[:, None]) / radius[:, None]
        known = np.hstack([unit[:, :, -1], np.ones((len(unit), 1))])
        turns, *_ = np.linalg.lstsq(known, unit.reshape(len(unit), -1)) if np.isfinite(unit).all() else (self.turns,)
        if not np.abs(known @ turns - unit.reshape(len(unit), -1)).max() < ROUNDING:
            raise ConfigurationError(
                "--vae.time takes the last two channels for a time encoding, the sine and cosine of one period, which "
                "they are not, or of which the windows show too few phases. Cut windows with --window, --time-encoding "
                "PERIOD and a --stride that does not divide the period, or leave --vae.time out."
            )
        for buffer, found in ((self.centre, centre[:, None]), (self.radius, radius[:, None]), (self.turns, turns)):
            buffer.copy_(torch.as_tensor(found))

    def read(self, series: Tensor) -> Tensor:
        """The last value `[n, 2]` of the encoding in standardised `series`."""
        value: Tensor = ((series[:, -TIME:, -1:] - self.centre) / self.radius).flatten(1)
        return value

    def unroll(self, value: Tensor) -> Tensor:
        """The encoding `[n, 2, n_timepoints]` that ends in the value on the circle nearest to `value` `[n, 2]`."""
        near = value / value.norm(dim=1, keepdim=True).clamp_min(1e-6)
        known = torch.cat([near, torch.ones_like(near[:, :1])], dim=1)
        return (known @ self.turns).reshape(-1, TIME, self.turns.shape[1] // TIME)

    def standardise(self, encoding: Tensor) -> Tensor:
        """The encoding as its channels of a standardised series."""
        return self.centre + self.radius * encoding


class AttentionVAE(VAE):
    """Kingma & Welling, 2014; places of the shortened series attend to each other, a GRU runs over the timepoints.

    With a clock all places are decoded from equal features and the time at each; with `bypass` the code is that of the
    pattern, `pattern_dim` wide, and behind it the last value of the time encoding.
    """

    def __init__(self, n_channels: int, n_timepoints: int, pattern_dim: int, clock: Clock | None, bypass: bool) -> None:
        super().__init__()
        self.n_timepoints, self.clock, self.bypass = n_timepoints, clock, bypass
        self.pattern_dim, self.latent_dim = pattern_dim, pattern_dim + (TIME if bypass else 0)
        first, second, third = DOWN_KERNELS
        self.down = nn.Sequential(
            _make_down(n_channels, first),
            nn.GELU(),
            _make_down(WIDTH, second),
            nn.GELU(),
            Attention(_shorten(n_timepoints, 2)),
            _make_down(WIDTH, third),
            nn.GELU(),
            nn.Flatten(),
        )
        self.short = _shorten(n_timepoints, 3)
        self.posterior = nn.Linear(WIDTH * self.short, 2 * pattern_dim)
        self.widen = nn.Linear(pattern_dim, WIDTH * self.short if clock is None else WIDTH - TIME)
        if clock is not None and not bypass:
            self.read_time = nn.Linear(pattern_dim, TIME)
        up: list[nn.Module] = [Attention(self.short)]
        for _ in DOWN_KERNELS:
            up += [nn.ConvTranspose1d(WIDTH, WIDTH, UP_KERNEL, STRIDE, padding=1), nn.GELU()]
        self.up = nn.Sequential(*up)
        n_time = 0 if clock is None else TIME
        self.recurrent = GRU(WIDTH + n_time, WIDTH)
        self.out = nn.Linear(2 * WIDTH, n_channels - n_time)

    def encode(self, series: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self._encode_pattern(series)
        if self.clock is None or not self.bypass:
            return mean, log_variance
        value = self.clock.read(series)
        sure = torch.full_like(value, -LOG_VARIANCE_BOUND)
        return torch.cat([mean, value], dim=1), torch.cat([log_variance, sure], dim=1)

    def decode(self, latent: Tensor) -> Tensor:
        pattern, value = latent[:, : self.pattern_dim], latent[:, self.pattern_dim :]
        if self.clock is None:
            wide = self.widen(pattern).reshape(-1, WIDTH, self.short)
            return self._decode_features(self.up(wide), None)
        time = self.clock.unroll(value if self.bypass else self.read_time(pattern))
        equal = self.widen(pattern)[:, :, None].expand(-1, -1, self.short)
        features = self.up(torch.cat([equal, time[..., :: STRIDE ** len(DOWN_KERNELS)]], dim=1))
        return torch.cat([self._decode_features(features, time), self.clock.standardise(time)], dim=1)

    def forward(self, series: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """As of `VAE`, but of the pattern's axes alone, `[n, pattern_dim]`: what bypasses is certain, and is free."""
        mean, log_variance = self._encode_pattern(series)
        pattern = mean + torch.exp(0.5 * log_variance) * noise
        known = [self.clock.read(series)] if self.clock is not None and self.bypass else []
        return self.decode(torch.cat([pattern, *known], dim=1)), pattern, mean, log_variance

    def _encode_pattern(self, series: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.posterior(self.down(series)).chunk(2, dim=-1)
        return mean, log_variance.clamp(-LOG_VARIANCE_BOUND, LOG_VARIANCE_BOUND)

    def _decode_features(self, features: Tensor, time: Tensor | None) -> Tensor:
        """Channels `[n, n_channels, n_timepoints]` of features that may be a little longer."""
        features = features[..., : self.n_timepoints]
        timed = features if time is None else torch.cat([features, time], dim=1)
        answers, _ = self.recurrent(timed.transpose(1, 2))
        channels: Tensor = self.out(torch.cat([features.transpose(1, 2), answers], dim=2)).transpose(1, 2)
        return channels


def build(size: Size, settings: Settings) -> AttentionVAE:
    """See `training.families.vae`. Raises `ConfigurationError` where nothing but time would be left."""
    timed = settings.time != "none"
    if timed and size.n_channels <= TIME:
        raise ConfigurationError(
            f"--vae.time takes the last two channels for a time encoding, and the series have {size.n_channels}. Cut "
            "windows with --window and --time-encoding PERIOD, or leave --vae.time out."
        )
    clock = Clock(size.n_timepoints) if timed else None
    bypass = settings.time == "bypass"
    return AttentionVAE(size.n_channels, size.n_timepoints, settings.latent_dim, clock, bypass)


def fit(cases: Pool, settings: Settings, run: Run) -> tuple[VAE, History]:
    """See `training.families.vae`."""
    model = start_vae(cases, settings, run)
    assert isinstance(model, AttentionVAE)
    if model.clock is not None:
        model.clock.learn(cases.series[:, -TIME:])
    return train_vae(ClassAwareObjective(model, cases.to(run.device), settings, run.seed), settings, run)


def _make_down(n_channels: int, kernel: int) -> nn.Conv1d:
    return nn.Conv1d(n_channels, WIDTH, kernel, STRIDE, padding=kernel // 2)


def _shorten(n_timepoints: int, times: int) -> int:
    """How many places are left after so many strided convolutions."""
    for _ in range(times):
        n_timepoints = -(-n_timepoints // STRIDE)
    return n_timepoints
