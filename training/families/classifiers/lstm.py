"""A long short-term memory that reads the series in chunks, and a linear layer (Hochreiter & Schmidhuber, 1997)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from torch import nn

from training.families.classifiers import fit_network
from training.families.recurrence import Reader
from training.families.settings import FLOAT, Size, TrainedSettings
from training.settings import Bounds

fit = fit_network


@dataclass(frozen=True)
class Settings(TrainedSettings):
    """A recurrent network (LSTM) that reads the series in chunks."""

    layers: Annotated[int, Bounds(ge=1, le=8)] = 1
    """Recurrent layers."""
    width: Annotated[int, Bounds(ge=1, le=1024)] = 64
    """Width of a recurrent layer's state."""
    bidirectional: bool = True
    """Another network reads from the end."""
    dropout: Annotated[float, Bounds(ge=0, lt=1)] = 0.1
    """Share of what a layer hands to the next that is dropped in training."""
    chunk: Annotated[int, Bounds(ge=1, le=1024)] = 4
    """Timepoints that a step reads at once."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        weights = 4 * self.width * (size.n_channels * self.chunk + (2 * self.layers - 1) * self.width)
        yield (
            2 * weights * FLOAT,  # in the graph, and again in weights.npz
            f"for recurrent layers of {self.width} (set a smaller --classifier.width or --classifier.layers)",
        )


class RecurrentClassifier(nn.Sequential):
    """A reader, whose weights may come from a recurrent VAE, dropout and a linear layer."""

    def __init__(self, reader: Reader, dropout: float, n_classes: int) -> None:
        super().__init__(reader, nn.Dropout(dropout), nn.Linear(reader.width, n_classes))


def build(size: Size, settings: Settings) -> RecurrentClassifier:
    """See `training.families.classifiers`; works for any number of timepoints."""
    own = settings.width, settings.layers, settings.dropout, settings.bidirectional
    return RecurrentClassifier(Reader(size.n_channels, settings.chunk, "lstm", *own), settings.dropout, size.n_classes)
