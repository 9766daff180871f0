"""TimeGAN's two post-hoc judges of windows: a GRU that tells real from synthetic, and one that predicts.

Source: Yoon et al., TimeGAN, 2019, by the settings of its published code: one GRU layer of half as many units as there
are channels, Adam at 1e-3, batches of 128. Windows are `[n_cases, n_channels, n_timepoints]` float32, scaled to 0 … 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

BATCH = 128
LEARNING_RATE = 1e-3
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Effort:
    """Gradient steps of each judge; TimeGAN's own by default."""

    discriminator_steps: int = 2000
    predictor_steps: int = 5000


class Recurrent(nn.Module):
    """A GRU over time with one linear output per timepoint: `[n, n_timepoints, n_inputs]` → `[n, n_timepoints]`."""

    def __init__(self, n_inputs: int, n_units: int) -> None:
        super().__init__()
        self.recurrence = nn.GRU(n_inputs, n_units, batch_first=True)
        self.head = nn.Linear(n_units, 1)

    def forward(self, windows: Tensor) -> Tensor:
        states, _ = self.recurrence(windows)
        output: Tensor = self.head(states)[..., 0]
        return output


def compute_discriminative_score(real: Tensor, made: Tensor, seed: int, steps: int) -> float:
    """abs(accuracy - .5), 0 … .5, on a fifth of both sets of a GRU trained on the rest; real and made equally many."""
    random = torch.Generator().manual_seed(seed)
    network = _make_network(real.shape[1], real.shape[1], seed)
    (learn, test), (learn_made, test_made) = _split(_time_first(real), random), _split(_time_first(made), random)

    def loss() -> Tensor:
        batch = torch.cat([_batch(learn, random), _batch(learn_made, random)])
        truth = (torch.arange(len(batch)) < len(batch) // 2).float()
        return functional.binary_cross_entropy_with_logits(network(batch)[:, -1], truth)

    _descend(network, loss, steps)
    with torch.no_grad():
        correct = torch.cat([network(test)[:, -1] > 0, network(test_made)[:, -1] <= 0])
    return abs(float(correct.float().mean()) - 0.5)


def compute_predictive_score(real: Tensor, made: Tensor, seed: int, steps: int) -> float:
    """Mean absolute error, on a scale of 0 … 1, on `real` of a GRU trained on `made`: it predicts the last channel's
    next timepoint from all other channels up to now, or from itself where it is the only one."""
    random = torch.Generator().manual_seed(seed)
    n_channels = real.shape[1]
    network = _make_network(max(1, n_channels - 1), n_channels, seed)

    def error(windows: Tensor) -> Tensor:
        known = windows[:, :-1, : max(1, n_channels - 1)]
        return functional.l1_loss(torch.sigmoid(network(known)), windows[:, 1:, -1])

    learn = _time_first(made)
    _descend(network, lambda: error(_batch(learn, random)), steps)
    with torch.no_grad():
        return float(error(_time_first(real)))


def _make_network(n_inputs: int, n_channels: int, seed: int) -> Recurrent:
    """Initialised as Keras does."""
    random = torch.Generator().manual_seed(seed)
    network = Recurrent(n_inputs, max(1, n_channels // 2))
    for name, parameter in network.named_parameters():
        if "bias" in name:
            nn.init.zeros_(parameter)
        elif "weight_hh" in name:
            nn.init.orthogonal_(parameter, generator=random)
        else:
            nn.init.xavier_uniform_(parameter, generator=random)
    return network


def _descend(network: nn.Module, loss: Callable[[], Tensor], steps: int) -> None:
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss())
        optimizer.step()


def _time_first(windows: Tensor) -> Tensor:
    return windows.transpose(1, 2).contiguous()


def _split(windows: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    shuffled = windows[torch.randperm(len(windows), generator=random)]
    n_test = max(1, round(TEST_SHARE * len(windows)))
    return shuffled[n_test:], shuffled[:n_test]


def _batch(windows: Tensor, random: torch.Generator) -> Tensor:
    return windows[torch.randperm(len(windows), generator=random)[:BATCH]]
