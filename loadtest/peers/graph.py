"""The one graph that every server here executes, opened the same way by each: one onnxruntime thread.

Peers import this inside their own environments, so that it needs numpy and onnxruntime alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime as ort

ROOT = Path(__file__).resolve().parents[2]
GRAPH = ROOT / "models" / "gunpoint" / "1" / "classifier.onnx"
N_CHANNELS, N_TIMEPOINTS = 1, 150
BATCH_ROWS = 64
"""Most series that a peer merges into one call: as many as there are clients."""


def open_classifier(threads: int = 1) -> Callable[[Any], Any]:
    """float32 series `[n, 1, 150]` → class_probabilities `[n, 2]`."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(GRAPH.read_bytes(), options, providers=["CPUExecutionProvider"])
    return lambda series: session.run(None, {"series": series})[0]
