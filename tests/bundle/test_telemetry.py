"""onnxruntime is told to report nothing before anything of ours imports it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

WATCH = """
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            print("silent" if os.environ.get("ORT_DISABLE_TELEMETRY") == "1" else "reporting")
sys.meta_path.insert(0, Watch())
"""


@pytest.mark.parametrize(
    "module",
    ["bundle.engine.bundle", "service.app", "training.fitting", "training.scale.jobs", "training.export.exporting"],
)
def test_onnxruntime_is_imported_with_its_telemetry_off(module: str) -> None:
    free = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    code = f"{WATCH}\nimport {module}"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=free, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split()[:1] == ["silent"]
