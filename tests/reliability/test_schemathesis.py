"""schemathesis, which reads the OpenAPI document and sends what it allows and what it forbids, finds nothing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.server import serving

pytestmark = pytest.mark.reliability

KEY = "a secret"
CONFIGURATION = """
[checks.positive_data_acceptance]
# No schema says what fits the model that a request names: its shape, its labels, whether it has any.
expected-statuses = ["2xx", "400", "404", "413", "422"]
"""


@pytest.mark.parametrize("key", ["", KEY])
def test_schemathesis_finds_nothing(repository: Path, tmp_path: Path, key: str):
    if importlib.util.find_spec("schemathesis") is None:
        pytest.skip("schemathesis is not installed")
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    with serving(tmp_path, repository, key) as server:
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run"]
        command += [f"{server.url}/docs.json", "--checks", "all", "--phases", "examples,coverage,fuzzing"]
        command += ["--max-examples", "40", "--seed", "1", "--generation-database", "none", "--no-color"]
        command += ["--exclude-operation-id", "v2_unload", "--continue-on-failure", "--request-timeout", "30"]
        command += ["--header", f"Authorization: Bearer {key}"] if key else []
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert server.http.get("/readyz").status_code == 200
