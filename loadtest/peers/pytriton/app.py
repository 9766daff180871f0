"""PyTriton as its documentation batches: one inference callable behind Triton's dynamic batcher."""
# mypy: disable-error-code="import-not-found, untyped-decorator"
# In the peer's own environment only.

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

from loadtest.peers.graph import BATCH_ROWS, N_CHANNELS, N_TIMEPOINTS, open_classifier

CLASSES = open_classifier()


@batch
def classify(series: np.ndarray) -> dict[str, np.ndarray]:
    """Merged along the first axis."""
    return {"probabilities": CLASSES(series)}


if __name__ == "__main__":
    # Triton's Python process must find the libpython of this interpreter, not another 3.11's of the system.
    os.environ["LD_LIBRARY_PATH"] = str(sysconfig.get_config_var("LIBDIR"))
    http, grpc, metrics, home = sys.argv[1:]
    config = TritonConfig(
        http_address="127.0.0.1",
        http_port=int(http),
        grpc_address="127.0.0.1",
        grpc_port=int(grpc),
        metrics_port=int(metrics),
    )
    with Triton(config=config, workspace=Path(home) / "triton") as triton:
        triton.bind(
            model_name="classifier",
            infer_func=classify,
            inputs=[Tensor(name="series", dtype=np.float32, shape=(N_CHANNELS, N_TIMEPOINTS))],
            outputs=[Tensor(name="probabilities", dtype=np.float32, shape=(-1,))],
            config=ModelConfig(max_batch_size=BATCH_ROWS, batcher=DynamicBatcher(max_queue_delay_microseconds=0)),
        )
        triton.serve()
