"""Batches of real and synthetic cases for Keras 3, which has to be installed, whatever its backend.

batches = Batches("http://localhost:3000", series, labels, "gunpoint", epochs=50)
network.fit(batches, epochs=50)
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from seriesmith.arguments import Ragged
from seriesmith.clients import Client
from seriesmith.mixing import Mixing

Batch = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]


class Batches(keras.utils.PyDataset):
    """Series `[n, n_timepoints, n_channels]`, as layers of Keras have them, class_index `[n]` and sample weight `[n]`.

    `server`, `series`, `labels`, `model` and all that is named is as of `seriesmith.mixing.Mixing`, which is `mixing`,
    with `epochs`, those that `fit` is told, in the place of `n_steps`: an epoch is a pass over the real cases.
    """

    def __init__(
        self, server: str | Client, series: Ragged, labels: Any, model: str | None = None, *, epochs: int, **more: Any
    ) -> None:
        super().__init__()
        self.mixing = Mixing(server, series, labels, model, n_steps=epochs, **more)
        self.mixing.n_steps = epochs * len(self)
        self._epoch = 0

    def __len__(self) -> int:
        """Batches of an epoch."""
        return self.mixing.steps_per_pass

    def __getitem__(self, index: int) -> Batch:
        series, class_index, weight = self.mixing.draw(self._epoch * len(self) + index)
        return np.ascontiguousarray(series.transpose(0, 2, 1)), class_index, weight

    def on_epoch_end(self) -> None:
        """Go on to the steps of the next epoch."""
        self._epoch += 1
