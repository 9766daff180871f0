"""Strided convolutions and attention down; transposed convolutions, attention and a GRU back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.export.recurrent import GRU
from training.families.settings import FLOAT, Size
from training.families.vae import VAE, ClassAwareSettings, fit_class_aware

WIDTH, HEADS = 32, 4
DOWN_KERNELS, UP_KERNEL = (7, 5, 5), 4
STRIDE = 2
LOG_VARIANCE_BOUND = 8.0

fit = fit_class_aware


@dataclass(frozen=True)
class Settings(ClassAwareSettings):
    """Strided convolutions and attention down; transposed convolutions, attention and a GRU back."""

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


class AttentionVAE(VAE):
    """Kingma & Welling, 2014; places of the shortened series attend to each other, a GRU runs over the timepoints."""

    def __init__(self, n_channels: int, n_timepoints: int, latent_dim: int) -> None:
        super().__init__()
        self.n_timepoints, self.latent_dim = n_timepoints, latent_dim
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
        self.posterior = nn.Linear(WIDTH * self.short, 2 * latent_dim)
        self.widen = nn.Linear(latent_dim, WIDTH * self.short)
        up: list[nn.Module] = [Attention(self.short)]
        for _ in DOWN_KERNELS:
            up += [nn.ConvTranspose1d(WIDTH, WIDTH, UP_KERNEL, STRIDE, padding=1), nn.GELU()]
        self.up = nn.Sequential(*up)
        self.recurrent = GRU(WIDTH, WIDTH)
        self.out = nn.Linear(2 * WIDTH, n_channels)

    def encode(self, series: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.posterior(self.down(series)).chunk(2, dim=-1)
        return mean, log_variance.clamp(-LOG_VARIANCE_BOUND, LOG_VARIANCE_BOUND)

    def decode(self, latent: Tensor) -> Tensor:
        wide = self.widen(latent).reshape(-1, WIDTH, self.short)
        features = self.up(wide)[..., : self.n_timepoints].transpose(1, 2)
        answers, _ = self.recurrent(features)
        reconstruction: Tensor = self.out(torch.cat([features, answers], dim=2)).transpose(1, 2)
        return reconstruction


def build(size: Size, settings: Settings) -> AttentionVAE:
    """See `training.families.vae`."""
    return AttentionVAE(size.n_channels, size.n_timepoints, settings.latent_dim)


def _make_down(n_channels: int, kernel: int) -> nn.Conv1d:
    return nn.Conv1d(n_channels, WIDTH, kernel, STRIDE, padding=kernel // 2)


def _shorten(n_timepoints: int, times: int) -> int:
    """How many places are left after so many strided convolutions."""
    for _ in range(times):
        n_timepoints = -(-n_timepoints // STRIDE)
    return n_timepoints
