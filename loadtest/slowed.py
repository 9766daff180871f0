"""Our service with inference slowed to CAPACITY series per second: `bentoml serve loadtest.slowed:Seriesmith`.

The bundle's classifier sleeps, off the event loop as onnxruntime is, for as long as that rate leaves it; the service
knows nothing of it.
"""

from __future__ import annotations

import time

from bundle.engine.bundle import Array, Bundle
from service.app import Seriesmith

CAPACITY = 3200.0

_classify = Bundle.classify


def _classify_slowly(bundle: Bundle, series: Array) -> Array:
    done = time.perf_counter() + len(series) / CAPACITY
    answer = _classify(bundle, series)
    time.sleep(max(0.0, done - time.perf_counter()))
    return answer


Bundle.classify = _classify_slowly  # type: ignore[assignment, method-assign]  # slowing it is what this module is for

__all__ = ["CAPACITY", "Seriesmith"]
