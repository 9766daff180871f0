"""Compares a few of the series that come each second with those that their model was fitted on.

Typicality is the share of held-out training cases whose latent density is lower. Of series like those of training it is
spread evenly between 0 and 1; where many more than 5 % of what comes lie below .05, what comes has drifted.
"""

from __future__ import annotations

import asyncio
import logging

import numpy as np

from bundle.engine.bundle import Bundle
from bundle.errors import SeriesmithError
from service import metrics
from service.lane import Array, Lane

logger = logging.getLogger("bentoml.seriesmith")

EVERY_SECONDS = 1.0


class Drift:
    """Keeps up to `most_rows` of a model's series that come within a second, then measures their typicality.

    It waits behind every request: its calls are patient ones of the lane. Used by the event loop's thread alone.
    """

    def __init__(self, lane: Lane, most_rows: int) -> None:
        self._lane, self._most_rows = lane, most_rows
        self._kept: dict[tuple[str, int], tuple[Bundle, list[Array]]] = {}

    def see(self, bundle: Bundle, series: Array) -> None:
        """Keep some of the series `[n, n_channels, n_timepoints]` of a request, evenly over it."""
        if not self._most_rows:
            return
        key = bundle.manifest.name, bundle.manifest.version
        kept = self._kept.get(key)
        if kept is None:
            if not bundle.can("typicality"):
                return
            kept = self._kept[key] = bundle, []
        room = self._most_rows - len(kept[1])
        if room > 0:
            step = max(1, len(series) // room)
            kept[1].extend(np.array(series[::step][:room]))  # a copy: it outlives the request

    async def measure_for_ever(self) -> None:
        """Measure what was kept, once a second."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self.measure()

    async def measure(self) -> None:
        """Measure what was kept and forget it."""
        kept, self._kept = self._kept, {}
        for (name, version), (bundle, series) in kept.items():
            try:
                measured = await self._lane.run(_compute_typicality, bundle, np.stack(series), patient=True)
            except SeriesmithError:  # the server is stopping
                return
            except Exception:
                logger.exception("the typicality of series for %s/%d was not measured", name, version)
                continue
            for share in measured:
                metrics.typicality.observe((name, str(version)), float(share))


def _compute_typicality(bundle: Bundle, series: Array) -> Array:
    with np.errstate(all="ignore"):
        measured = bundle.compute_typicality(bundle.encode(series)[0])
    return np.nan_to_num(measured, nan=0.0)  # so far outside that it is no number: like nothing known
