"""A series is the sum of parts that can be looked at: level, trend, seasons and what is left.

TimeVAE (Desai, Freeman, Wang & Beaver, 2021, arXiv 2111.08095), with a linear residual branch that may be left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from training.families.settings import FLOAT, Size
from training.families.vae import VAE, ClassAwareSettings, fit_class_aware
from training.settings import Bounds, ConfigurationError

WIDTHS, KERNEL = (32, 64, 64), 5
LOG_VARIANCE_BOUND = 8.0

MOST_SEASONS = 10_000

fit = fit_class_aware


@dataclass(frozen=True)
class Settings(ClassAwareSettings):
    """Convolutions down; level, trend, seasons and a residual branch up (TimeVAE)."""

    degree: Annotated[int, Bounds(ge=0, le=10)] = 2
    """Degree of the polynomial in time that is the trend; 0: none."""
    seasonalities: tuple[tuple[int, int], ...] = ()
    """Pairs: how many seasons a period has, and how many timepoints each lasts, at the working length. `7 1 12 30` is
    two seasonalities, seven seasons of one timepoint each and twelve of thirty."""
    residual: bool = True
    """Whether convolutions add what level, trend and seasons do not say; without them a series is those alone."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for number, length in self.seasonalities:
            if not (2 <= number <= MOST_SEASONS and 1 <= length <= MOST_SEASONS):
                raise ConfigurationError(
                    f"--vae.seasonalities has the pair {number} {length}; it must be a number of seasons of at least 2 "
                    f"and a length in timepoints of at least 1, both at most {MOST_SEASONS}."
                )

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        short = _shorten(size.n_timepoints)[-1]
        matrices = 3 if self.residual else 2
        yield (
            2 * matrices * WIDTHS[-1] * short * self.latent_dim * FLOAT,  # in the graphs, and again in weights.npz
            f"for the layers between {WIDTHS[-1] * short} features and a code of {self.latent_dim} (set a smaller "
            "--vae.latent-dim, or fewer --working-timepoints)",
        )
        seasons = sum(number for number, _ in self.seasonalities)
        yield (
            2 * seasons * size.n_channels * self.latent_dim * FLOAT,
            f"for {seasons} seasons of {size.n_channels} channels (set fewer --vae.seasonalities)",
        )


class TrendVAE(VAE):
    """Convolutions read the series; `decode_parts` says of what parts the decoded one is the sum."""

    powers: Tensor

    def __init__(self, size: Size, settings: Settings) -> None:
        super().__init__()
        self.n_channels, self.latent_dim, self.degree = size.n_channels, settings.latent_dim, settings.degree
        lengths = _shorten(size.n_timepoints)
        self.down = nn.Sequential(*_make_down(size.n_channels), nn.Flatten())
        self.posterior = nn.Linear(WIDTHS[-1] * lengths[-1], 2 * settings.latent_dim)
        time = torch.linspace(0, 1, size.n_timepoints)
        self.register_buffer("powers", time ** torch.arange(1, settings.degree + 1)[:, None])
        self.level = _make_head(settings.latent_dim, size.n_channels)
        self.trend = _make_head(settings.latent_dim, size.n_channels * settings.degree) if settings.degree else None
        self.seasons = nn.ModuleList(
            Seasons(settings.latent_dim, size, number, length) for number, length in settings.seasonalities
        )
        self.residual = Residual(settings.latent_dim, size) if settings.residual else None

    def encode(self, series: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.posterior(self.down(series)).chunk(2, dim=-1)
        return mean, log_variance.clamp(-LOG_VARIANCE_BOUND, LOG_VARIANCE_BOUND)

    def decode_parts(self, latent: Tensor) -> dict[str, Tensor]:
        """The parts of the series of `latent` `[n, latent_dim]`, each `[n, n_channels, n_timepoints]`, standardised.

        They are called level, trend, seasons_1, seasons_2 … and residual; one that is switched off is not there.
        """
        parts = {"level": self.level(latent)[:, :, None].expand(-1, -1, self.powers.shape[1])}
        if self.trend is not None:
            parts["trend"] = self.trend(latent).reshape(-1, self.n_channels, self.degree) @ self.powers
        for number, seasons in enumerate(self.seasons, start=1):
            parts[f"seasons_{number}"] = seasons(latent)
        if self.residual is not None:
            parts["residual"] = self.residual(latent)
        return parts

    def decode(self, latent: Tensor) -> Tensor:
        first, *others = self.decode_parts(latent).values()
        for part in others:
            first = first + part
        return first


class Seasons(nn.Module):
    """Latent `[n, latent_dim]` to a value of each season, repeated over `[n, n_channels, n_timepoints]`."""

    season: Tensor

    def __init__(self, latent_dim: int, size: Size, number: int, length: int) -> None:
        super().__init__()
        self.n_channels, self.number = size.n_channels, number
        self.values = nn.Linear(latent_dim, size.n_channels * number)
        self.register_buffer("season", torch.arange(size.n_timepoints) // length % number)

    def forward(self, latent: Tensor) -> Tensor:
        values: Tensor = self.values(latent).reshape(-1, self.n_channels, self.number)
        return values[:, :, self.season]


class Residual(nn.Module):
    """Latent `[n, latent_dim]` to `[n, n_channels, n_timepoints]` by upsampled convolutions."""

    def __init__(self, latent_dim: int, size: Size) -> None:
        super().__init__()
        lengths, widths = _shorten(size.n_timepoints)[::-1], WIDTHS[::-1]
        self.first_shape = (widths[0], lengths[0])
        self.widen = nn.Linear(latent_dim, widths[0] * lengths[0])
        up: list[nn.Module] = []
        for width_in, width, length in zip(widths, (*widths[1:], widths[-1]), lengths[1:], strict=True):
            up += [nn.Upsample(length), nn.Conv1d(width_in, width, KERNEL, padding=KERNEL // 2), nn.GELU()]
        self.up = nn.Sequential(*up, nn.Conv1d(widths[-1], size.n_channels, KERNEL, padding=KERNEL // 2))

    def forward(self, latent: Tensor) -> Tensor:
        answer: Tensor = self.up(self.widen(latent).reshape(-1, *self.first_shape))
        return answer


def _make_down(n_channels: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for width_in, width in zip((n_channels, *WIDTHS), WIDTHS, strict=False):
        layers += [nn.Conv1d(width_in, width, KERNEL, stride=2, padding=KERNEL // 2), nn.GELU()]
    return layers


def _make_head(latent_dim: int, width: int) -> nn.Module:
    """The network of level and of trend. TimeVAE's hidden layer is as wide as the answer, which for one channel is a
    single unit that may die; here it is as wide as the code at least."""
    hidden = max(latent_dim, width)
    return nn.Sequential(nn.Linear(latent_dim, hidden), nn.ReLU(), nn.Linear(hidden, width))


def _shorten(n_timepoints: int) -> list[int]:
    """The number of timepoints before the convolutions and after each."""
    lengths = [n_timepoints]
    for _ in WIDTHS:
        lengths.append((lengths[-1] + 1) // 2)
    return lengths


def build(size: Size, settings: Settings) -> TrendVAE:
    """See `training.families.vae`."""
    return TrendVAE(size, settings)
