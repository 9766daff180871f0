"""What a model bundle is, and how it runs: numpy and onnxruntime alone."""

import os

VERSION = "0.2.0"
"""Of Seriesmith; pyproject.toml reads it here."""

os.environ.setdefault(
    "ORT_DISABLE_TELEMETRY", "1"
)  # onnxruntime reads it when it is imported; nothing is to be reported
