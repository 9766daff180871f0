"""Batches of real and synthetic cases for PyTorch, which has to be installed.

for series, class_index, weight in Batches("http://localhost:3000", series, labels, "gunpoint", n_steps=400):
    loss = (weight * cross_entropy(network(series), class_index, reduction="none")).sum() / weight.sum()
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from seriesmith.arguments import Ragged
from seriesmith.clients import Client
from seriesmith.mixing import Mixing

Batch = tuple[Tensor, Tensor, Tensor]


class Batches(IterableDataset[Batch]):
    """Yields series `[n, n_channels, n_timepoints]`, class_index `[n]` and weight `[n]`, as tensors on the CPU.

    `server`, `series`, `labels`, `model` and all that is named is as of `seriesmith.mixing.Mixing`, which is `mixing`.
    One pass is the whole training: `n_steps` batches, or batches without end.

    A `DataLoader(batches, batch_size=None, num_workers=…)` gives the same ones in the same order, however many workers
    it has. With `refresh` its workers fetch for themselves, so pass a URL, not a `Client`.
    """

    def __init__(
        self, server: str | Client, series: Ragged, labels: Any, model: str | None = None, **more: Any
    ) -> None:
        self.mixing = Mixing(server, series, labels, model, **more)

    def __len__(self) -> int:
        """The number of steps. Raises `TypeError` where there is no end."""
        if self.mixing.n_steps is None:
            raise TypeError("these batches have no end; pass n_steps for a length.")
        return self.mixing.n_steps

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        first, stride = (0, 1) if worker is None else (worker.id, worker.num_workers)
        for batch in self.mixing.iterate(first, stride):
            series, class_index, weight = map(torch.from_numpy, batch)
            yield series, class_index, weight
