"""mosec as its documentation batches: one worker per wire, `max_batch_size`; JSON by orjson."""
# mypy: disable-error-code="import-not-found, misc"
# In the peer's own environment only.

from __future__ import annotations

from typing import Any

import mosec
import numpy as np
import orjson

from loadtest.peers.graph import BATCH_ROWS, N_CHANNELS, N_TIMEPOINTS, open_classifier

MAX_WAIT_MS = 1
"""The least that mosec takes."""


class Json(mosec.Worker):
    """{"series": [1][1][150]} → {"probabilities": [1][2]}."""

    def __init__(self) -> None:
        super().__init__()
        self.classes = open_classifier()

    def deserialize(self, data: bytes) -> np.ndarray:
        return np.array(orjson.loads(data)["series"], np.float32)

    def forward(self, data: list[np.ndarray]) -> list[np.ndarray]:
        return list(self.classes(np.concatenate(data)))

    def serialize(self, data: np.ndarray) -> bytes:
        body: bytes = orjson.dumps({"probabilities": data[None]}, option=orjson.OPT_SERIALIZE_NUMPY)
        return body


class Octets(Json):
    """float32 values of one series → float32 values of its probabilities."""

    req_mime_type = resp_mime_type = "application/octet-stream"

    def deserialize(self, data: bytes) -> np.ndarray:
        return np.frombuffer(data, "<f4").reshape(-1, N_CHANNELS, N_TIMEPOINTS)

    def serialize(self, data: Any) -> bytes:
        body: bytes = data.tobytes()
        return body


if __name__ == "__main__":
    server = mosec.Server()
    for worker, route in ((Json, "/classify"), (Octets, "/octets")):
        server.append_worker(worker, num=1, max_batch_size=BATCH_ROWS, max_wait_time=MAX_WAIT_MS, route=route)
    server.run()
