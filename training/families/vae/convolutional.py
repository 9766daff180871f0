"""Three strided convolutions down, three upsampled ones back, and a linear output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from training.families.settings import FLOAT, Size
from training.families.vae import VAE, ClassAwareSettings, fit_class_aware

WIDTHS, KERNELS = (16, 32, 32), (7, 5, 5)
LOG_VARIANCE_BOUND = 8.0

fit = fit_class_aware


@dataclass(frozen=True)
class Settings(ClassAwareSettings):
    """Three strided convolutions down, three upsampled ones back."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        width = WIDTHS[-1] * -(-size.n_timepoints // 2 ** len(WIDTHS))
        yield (
            2 * 3 * width * self.latent_dim * FLOAT,  # in the graphs, and again in weights.npz
            f"for the layers between {width} features and a code of {self.latent_dim} (set a smaller --vae.latent-dim, "
            "or fewer --working-timepoints)",
        )


class ConvolutionalVAE(VAE):
    """Kingma & Welling, 2014, with a convolutional encoder and a mirrored upsampling decoder."""

    def __init__(self, n_channels: int, n_timepoints: int, latent_dim: int) -> None:
        super().__init__()
        self.n_timepoints, self.latent_dim = n_timepoints, latent_dim
        self.short = n_timepoints
        down: list[nn.Module] = []
        for width_in, width, kernel in zip((n_channels, *WIDTHS), WIDTHS, KERNELS, strict=False):
            down += [nn.Conv1d(width_in, width, kernel, stride=2, padding=kernel // 2), nn.GELU()]
            self.short = (self.short + 1) // 2
        self.down = nn.Sequential(*down, nn.Flatten())
        self.posterior = nn.Linear(WIDTHS[-1] * self.short, 2 * latent_dim)
        self.widen = nn.Linear(latent_dim, WIDTHS[-1] * self.short)
        up: list[nn.Module] = []
        widths = (*reversed(WIDTHS), n_channels)
        for width_in, width, kernel in zip(widths, (*widths[1:-1], widths[-2]), reversed(KERNELS), strict=False):
            up += [nn.Upsample(scale_factor=2), nn.Conv1d(width_in, width, kernel, padding=kernel // 2), nn.GELU()]
        self.up = nn.Sequential(*up, nn.Conv1d(widths[-2], n_channels, KERNELS[0], padding=KERNELS[0] // 2))

    def encode(self, series: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.posterior(self.down(series)).chunk(2, dim=-1)
        return mean, log_variance.clamp(-LOG_VARIANCE_BOUND, LOG_VARIANCE_BOUND)

    def decode(self, latent: Tensor) -> Tensor:
        wide = self.widen(latent).reshape(-1, WIDTHS[-1], self.short)
        reconstruction: Tensor = self.up(wide)[..., : self.n_timepoints]
        return reconstruction


def build(size: Size, settings: Settings) -> ConvolutionalVAE:
    """See `training.families.vae`."""
    return ConvolutionalVAE(size.n_channels, size.n_timepoints, settings.latent_dim)
