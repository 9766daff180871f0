"""MLServer as its documentation batches: a custom runtime, adaptive batching, inference in the server's process."""
# mypy: disable-error-code="import-not-found, misc"
# In the peer's own environment only.

from __future__ import annotations

import mlserver
import numpy as np
from mlserver.codecs import NumpyCodec

from loadtest.peers.graph import open_classifier


class Classifier(mlserver.MLModel):
    """`series` FP32 [n, 1, 150] → `probabilities` FP32 [n, 2]."""

    async def load(self) -> bool:
        self.classes = open_classifier()
        return True

    async def predict(self, payload: mlserver.types.InferenceRequest) -> mlserver.types.InferenceResponse:
        series = NumpyCodec.decode_input(payload.inputs[0]).astype(np.float32, copy=False)
        output = NumpyCodec.encode_output("probabilities", self.classes(series))
        return mlserver.types.InferenceResponse(model_name=self.name, outputs=[output])
