"""BentoML as its documentation batches: one service, `batchable=True`."""
# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
# Untyped, and in the peer's own environment only.

from __future__ import annotations

import bentoml
import numpy as np

from loadtest.peers.graph import BATCH_ROWS, open_classifier


@bentoml.service(workers=1, traffic={"timeout": 60})
class Classifier:
    """POST /classify {"series": [n][1][150]} → {"probabilities": [n][2]}."""

    def __init__(self) -> None:
        self.classes = open_classifier()

    @bentoml.api(batchable=True, batch_dim=0, max_batch_size=BATCH_ROWS, max_latency_ms=60_000)
    def classify(self, series: np.ndarray) -> np.ndarray:
        """Merged along the first axis."""
        answer: np.ndarray = self.classes(np.asarray(series, np.float32))
        return answer
