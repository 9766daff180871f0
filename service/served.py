"""One bundle as it is served: its row-wise computations, batched."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bundle.engine.bundle import Bundle
from service import metrics
from service.batcher import Batcher, measure_brief_rows
from service.lane import Array, Lane, Place, Rows

BRIEF_SECONDS = 0.00025
"""A graph call of at most this duration runs on the event loop."""

BRIEF_ROWS = 64
"""The most rows that such a call may have."""

BATCH_ROWS = {"CPUExecutionProvider": 32, "CUDAExecutionProvider": 256}
"""The most rows of a graph call by the provider that runs it, unless the settings say."""


class Served:
    """A bundle with one batcher per row-wise computation."""

    def __init__(self, bundle: Bundle, lane: Lane, max_rows: int) -> None:
        self.bundle, self.lane = bundle, lane
        of_series: dict[str, Callable[[Array], Rows]] = {
            "encode": bundle.encode,
            "reconstruct": lambda series: (bundle.decode(bundle.encode(series)[0]),),
            "typicality": lambda series: (bundle.compute_typicality(bundle.encode(series)[0]),),
            "classify": lambda series: (bundle.classify(series),),
        }
        of_codes: dict[str, Callable[[Array], Rows]] = {
            "decode": lambda latent: (bundle.decode(latent),),
            "judge": lambda latent: (bundle.compute_marginal_log_density(latent).astype(np.float32),),
        }
        shape = bundle.manifest.series
        series = np.zeros((1, shape.n_channels, shape.n_timepoints), np.float32)
        latent = np.zeros((1, bundle.latent_dim), np.float32)
        self._batchers = {
            name: self._make_batcher(name, function, one, max_rows)
            for functions, one in ((of_series, series), (of_codes, latent))
            for name, function in functions.items()
            if bundle.can(name)
        }

    def _make_batcher(self, computation: str, function: Callable[[Array], Rows], one: Array, max_rows: int) -> Batcher:
        max_rows = max_rows or BATCH_ROWS.get(self.bundle.provider, 32)
        brief = measure_brief_rows(function, one, BRIEF_SECONDS, BRIEF_ROWS)
        return Batcher(function, self.lane, max_rows, computation, self.bundle.manifest.name, brief)

    def admit(self, operation: str, n_rows: int) -> Place:
        """Take a place on the lane for the series of one request, and count them. Raises `Overloaded`."""
        place = self.lane.admit(n_rows)
        metrics.rows.inc((operation, self.bundle.manifest.name), n_rows)
        return place

    async def encode(self, series: Array) -> Rows:
        """Return posterior_mean and posterior_log_variance, `[n, latent_dim]` each."""
        return await self._batchers["encode"].submit(series)

    async def reconstruct(self, series: Array) -> Rows:
        """Return the reconstruction `[n, n_channels, n_timepoints]`, alone in a tuple."""
        return await self._batchers["reconstruct"].submit(series)

    async def classify(self, series: Array) -> Rows:
        """Return class_probabilities `[n, n_classes]`, alone in a tuple."""
        return await self._batchers["classify"].submit(series)

    async def decode(self, latent: Array) -> Rows:
        """Return the series of codes `[n, latent_dim]`, `[n, n_channels, n_timepoints]`, alone in a tuple."""
        return await self._batchers["decode"].submit(latent)

    async def compute_log_density(self, latent: Array) -> Rows:
        """Return the log density of codes `[n, latent_dim]` whatever their class, `[n]`, alone in a tuple.

        Raises `Unsupported` where the bundle has no density.
        """
        self.bundle.require("judge")
        return await self._batchers["judge"].submit(latent)

    async def compute_typicality(self, series: Array) -> Rows:
        """Return typicality `[n]`, alone in a tuple. Raises `Unsupported` where the bundle cannot judge it."""
        self.bundle.require("typicality")
        return await self._batchers["typicality"].submit(series)
