"""A recurrent network reads the series, another writes it from the latent code alone (Fabius & van Amersfoort, 2014).

The writer never sees a true value: at every step it is given the code and where in the series it is. Without the place,
and with nothing but a first state made of the code, such a network gives back the mean of all series.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from training.families.recurrence import CELLS, Reader, count_steps, join_chunks
from training.families.settings import FLOAT, Size
from training.families.vae import VAE, ClassAwareSettings, fit_class_aware
from training.settings import Bounds

LOG_VARIANCE_BOUND = 8.0
N_WAVES = 8
"""Sines, and as many cosines, that say where in the series a step is."""

fit = fit_class_aware


@dataclass(frozen=True)
class Settings(ClassAwareSettings):
    """A recurrent network down, another up from the code alone."""

    cell: Literal["lstm", "gru"] = "lstm"
    """The recurrent network's cells."""
    layers: Annotated[int, Bounds(ge=1, le=8)] = 1
    """Recurrent layers of the encoder, and again of the decoder."""
    width: Annotated[int, Bounds(ge=1, le=1024)] = 64
    """Width of a recurrent layer's state."""
    bidirectional: bool = True
    """The encoder also reads from the end."""
    dropout: Annotated[float, Bounds(ge=0, lt=1)] = 0.0
    """Share of what a layer hands to the next that is dropped in training; one layer drops nothing."""
    chunk: Annotated[int, Bounds(ge=1, le=1024)] = 4
    """Timepoints that a step reads or writes at once."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        gates = 4 if self.cell == "lstm" else 3
        weights = gates * self.width * (size.n_channels * self.chunk + (2 * self.layers - 1) * self.width)
        yield (
            2 * 2 * weights * FLOAT,  # of encoder and decoder, in the graphs, and again in weights.npz
            f"for recurrent layers of {self.width} (set a smaller --vae.width or --vae.layers)",
        )


class RecurrentVAE(VAE):
    """Reads chunks of a series into a code, and writes them from the code and their places."""

    places: Tensor

    def __init__(self, size: Size, settings: Settings) -> None:
        super().__init__()
        self.n_channels, self.n_timepoints = size.n_channels, size.n_timepoints
        self.latent_dim = settings.latent_dim
        own = settings.cell, settings.width, settings.layers, settings.dropout
        self.reader = Reader(size.n_channels, settings.chunk, *own, settings.bidirectional)
        self.posterior = nn.Linear(self.reader.width, 2 * settings.latent_dim)
        self.register_buffer("places", encode_places(count_steps(size.n_timepoints, settings.chunk)))
        self.widen = nn.Linear(settings.latent_dim, settings.width)
        self.begin = nn.Linear(settings.latent_dim, settings.layers * settings.width)
        self.layers = settings.layers
        self.writer = CELLS[settings.cell](
            settings.width + 2 * N_WAVES,
            settings.width,
            num_layers=settings.layers,
            dropout=settings.dropout if settings.layers > 1 else 0.0,
        )
        self.out = nn.Linear(settings.width, size.n_channels * settings.chunk)

    def encode(self, series: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.posterior(self.reader(series)).chunk(2, dim=-1)
        return mean, log_variance.clamp(-LOG_VARIANCE_BOUND, LOG_VARIANCE_BOUND)

    def decode(self, latent: Tensor) -> Tensor:
        steps = len(self.places)
        given = self.widen(latent)[:, None].expand(-1, steps, -1)
        places = self.places.expand(latent.shape[0], -1, -1)
        first = torch.tanh(self.begin(latent)).reshape(-1, self.layers, given.shape[2]).transpose(0, 1).contiguous()
        state = (first, torch.zeros_like(first)) if self.writer.mode == "LSTM" else first
        answers, _ = self.writer(torch.cat([given, places], dim=2), state)
        return join_chunks(self.out(answers), self.n_channels, self.n_timepoints)


def encode_places(n_steps: int) -> Tensor:
    """Where each of so many steps is, `[n_steps, 2 * N_WAVES]`: sines and cosines of half a turn over the series, one
    turn, two, four … (Vaswani et al., 2017, with frequencies relative to the length)."""
    turns = torch.linspace(0, 1, n_steps)[:, None] * 2.0 ** torch.arange(-1, N_WAVES - 1)
    angles = 2 * math.pi * turns
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def build(size: Size, settings: Settings) -> RecurrentVAE:
    """See `training.families.vae`."""
    return RecurrentVAE(size, settings)
