"""The one training loop: a fixed number of AdamW steps on data that lies on the device."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from tqdm import tqdm

from training.configuration import ConfigurationError, FitConfiguration

RECORDED = 100
"""About how many steps a history holds."""


class Objective(nn.Module):
    """A loss over cases that it holds: `forward(index, progress)` answers it, and its parts for the progress bar."""

    def __init__(self, n_cases: int, seed: int, device: torch.device) -> None:
        super().__init__()
        self.n_cases = n_cases
        self.generator = torch.Generator(device).manual_seed(seed)

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        """`index` `[batch]` into the cases; `progress` 0 … 1 of the steps."""
        raise TypeError(f"{type(self).__name__} has no loss")


@dataclass(frozen=True)
class Schedule:
    """How long to train, and what the progress bar says."""

    steps: int
    title: str
    seed: int


@dataclass(frozen=True)
class History:
    """The losses of a training run, one batch at a time: steps `[n]`, about `RECORDED` of them, and each part `[n]`."""

    steps: np.ndarray
    parts: dict[str, np.ndarray]


def start_fabric(configuration: FitConfiguration) -> Fabric:
    """The device or devices to train on, launched. Threads and determinism are set for the whole process.

    Raises `ConfigurationError` when CUDA is asked for and is not there.
    """
    cuda = torch.cuda.is_available()
    if configuration.device == "cuda" and not cuda:
        raise ConfigurationError("--device is cuda, but torch finds no GPU here; use --device auto or cpu.")
    torch.set_num_threads(configuration.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Nothing here reads memory that it has not written, and filling it first, for determinism, costs a tenth of a fit.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    fabric = Fabric(
        accelerator="cuda" if cuda and configuration.device != "cpu" else "cpu", devices=configuration.devices
    )
    fabric.launch()
    return fabric


def train(fabric: Fabric, objective: Objective, schedule: Schedule, configuration: FitConfiguration) -> History:
    """Minimise `objective` in place. Each device draws its own batches; the history is of this one's."""
    optimizer = torch.optim.AdamW(
        objective.parameters(), lr=configuration.learning_rate, weight_decay=configuration.weight_decay, fused=True
    )
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, configuration.learning_rate, total_steps=schedule.steps + 1)
    module, optimizer = fabric.setup(objective, optimizer)
    module.train()
    batches = _Batches(objective.n_cases, configuration.batch_size, schedule.seed + fabric.global_rank)
    bar = tqdm(range(schedule.steps), desc=schedule.title, disable=not fabric.is_global_zero, mininterval=0.5)
    recorded: dict[int, dict[str, Tensor]] = {}
    for step in bar:
        loss, parts = module(batches.next().to(fabric.device), step / schedule.steps)
        fabric.backward(loss)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step", UserWarning)
            cycle.step()
        if step % max(1, schedule.steps // RECORDED) == 0:
            recorded[step] = {name: part.detach() for name, part in parts.items()}
        if step % max(1, schedule.steps // 10) == 0:
            bar.set_postfix({name: f"{float(part.detach()):.4f}" for name, part in parts.items()})
    objective.eval()
    return _history(recorded)


def _history(recorded: dict[int, dict[str, Tensor]]) -> History:
    """One copy from the device for all of it."""
    names = list(next(iter(recorded.values())))
    table = torch.stack([torch.stack([parts[name] for name in names]) for parts in recorded.values()]).cpu().numpy()
    return History(np.array(list(recorded)), dict(zip(names, table.T, strict=True)))


class _Batches:
    """Indices without end: every case once per pass, in a new order each time; full batches, also of few cases."""

    def __init__(self, n_cases: int, batch_size: int, seed: int) -> None:
        self._n_cases, self._size = n_cases, batch_size
        self._generator = torch.Generator().manual_seed(seed)
        self._left = torch.empty(0, dtype=torch.long)

    def next(self) -> Tensor:
        while len(self._left) < self._size:
            self._left = torch.cat([self._left, torch.randperm(self._n_cases, generator=self._generator)])
        batch, self._left = self._left[: self._size], self._left[self._size :]
        return batch
