"""What a recurrent VAE and a recurrent classifier have in common: a network that reads a series in chunks.

A step of the network takes several timepoints at once, so that it has fewer steps to remember and to compute.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.export.recurrent import GRU, LSTM

CELLS = {"lstm": LSTM, "gru": GRU}


def split_into_chunks(series: Tensor, chunk: int) -> Tensor:
    """Series `[n, n_channels, n_timepoints]` as `[n, n_steps, n_channels * chunk]`; the last chunk ends in zeros."""
    n_channels, n_timepoints = series.shape[1:]
    n_steps = count_steps(n_timepoints, chunk)
    padded = functional.pad(series, (0, n_steps * chunk - n_timepoints))
    return padded.reshape(-1, n_channels, n_steps, chunk).transpose(1, 2).flatten(2)


def join_chunks(chunks: Tensor, n_channels: int, n_timepoints: int) -> Tensor:
    """The series that `split_into_chunks` split."""
    n_steps, width = chunks.shape[1:]
    padded = chunks.reshape(-1, n_steps, n_channels, width // n_channels).transpose(1, 2).flatten(2)
    return padded[..., :n_timepoints]


def count_steps(n_timepoints: int, chunk: int) -> int:
    """How many chunks a series has."""
    return math.ceil(n_timepoints / chunk)


def copy_reader(source: nn.Module, target: nn.Module) -> bool:
    """Give the `Reader` within `target` the weights of that within `source`; False where either has none, or their
    shapes differ."""
    readers = [
        next((part for part in module.modules() if isinstance(part, Reader)), None) for module in (source, target)
    ]
    states = [reader.state_dict() if reader is not None else {} for reader in readers]
    one, other = ({name: weights.shape for name, weights in state.items()} for state in states)
    if readers[1] is None or one != other:
        return False
    readers[1].load_state_dict(states[0])
    return True


class Reader(nn.Module):
    """Series `[n, n_channels, n_timepoints]` to what a recurrent network knows of them, `[n, width]`.

    That is its last state and the mean of its answers. With `bidirectional` another network reads from the end, and
    what both know stands side by side. Dropout is between layers, so that one layer has none.
    """

    def __init__(
        self, n_channels: int, chunk: int, cell: str, hidden: int, layers: int, dropout: float, bidirectional: bool
    ) -> None:
        super().__init__()
        self.chunk, self.n_sides = chunk, 2 if bidirectional else 1
        self.width = 2 * self.n_sides * hidden
        self.network = CELLS[cell](
            n_channels * chunk,
            hidden,
            num_layers=layers,
            dropout=dropout if layers > 1 else 0.0,
            bidirectional=bidirectional,
        )

    def forward(self, series: Tensor) -> Tensor:
        answers, state = self.network(split_into_chunks(series, self.chunk))
        hidden = state[0] if isinstance(state, tuple) else state  # an LSTM's other state is its cell
        return torch.cat([answers.mean(dim=1), *hidden[-self.n_sides :]], dim=1)
