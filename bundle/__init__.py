"""What a model bundle is, and how it runs: numpy and onnxruntime alone."""

VERSION = "0.2.0"
"""Of Seriesmith; pyproject.toml reads it here."""
