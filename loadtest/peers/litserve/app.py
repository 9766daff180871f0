"""LitServe as its documentation batches: one worker, `max_batch_size`, the fast queue."""
# mypy: disable-error-code="import-not-found, misc"
# In the peer's own environment only.

import sys
from typing import Any

import litserve
import numpy as np

from loadtest.peers.graph import BATCH_ROWS, open_classifier


class Classifier(litserve.LitAPI):
    """POST /classify {"series": [1][1][150]} → {"probabilities": [1][2]}."""

    def setup(self, device: str) -> None:
        self.classes = open_classifier()

    def decode_request(self, request: dict[str, Any]) -> np.ndarray:
        return np.array(request["series"], np.float32)

    def batch(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(inputs)

    def predict(self, x: np.ndarray) -> np.ndarray:
        answer: np.ndarray = self.classes(x)
        return answer

    def unbatch(self, output: np.ndarray) -> list[np.ndarray]:
        return list(output)

    def encode_response(self, output: np.ndarray) -> dict[str, Any]:
        return {"probabilities": [output.tolist()]}


if __name__ == "__main__":
    api = Classifier(max_batch_size=BATCH_ROWS, batch_timeout=float(sys.argv[2]), api_path="/classify")
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, fast_queue=sys.argv[3] == "1")
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        num_api_servers=1,
        log_level="warning",
        generate_client_file=False,
        access_log=False,
    )
