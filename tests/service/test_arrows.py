"""Serving needs nothing that training does."""

from __future__ import annotations

import subprocess
import sys

from tests.service.server import ROOT


def test_the_service_is_imported_without_what_training_needs():
    code = """
import service.app, sys
loaded = {"torch", "aeon", "sklearn", "onnx", "lightning", "training", "s3fs", "mlflow"} & set(sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
