"""schemathesis, which reads the OpenAPI document and sends what it allows and what it forbids, finds nothing."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from service.operations import OPERATIONS
from tests.service.server import Server, run_server

pytestmark = [
    pytest.mark.reliability,
    pytest.mark.skipif(importlib.util.find_spec("schemathesis") is None, reason="schemathesis is not installed"),
]

KEY = "a secret"
CONFIGURATION = """
[checks.positive_data_acceptance]
# No schema says what fits the model that a request names: its shape, its labels, whether it has any.
expected-statuses = ["2xx", "400", "404", "413", "422"]
"""


def run(folder: Path, server: Server, document: str, *options: str) -> None:
    """Fail with what schemathesis says, should it find anything in a document."""
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", document]
    command += ["--checks", "all", "--seed", "1", "--generation-database", "none", "--suppress-health-check", "all"]
    command += ["--no-color", "--continue-on-failure", "--request-timeout", "30", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert server.http.get("/readyz").status_code == 200


@pytest.mark.parametrize("key", ["", KEY])
def test_schemathesis_finds_nothing(repository: Path, tmp_path: Path, key: str):
    with run_server(tmp_path, repository, key) as server:
        options = [
            "--phases",
            "examples,coverage,fuzzing,stateful",
            "--max-examples",
            "40",
            "--exclude-operation-id",
            "v2_unload",
        ]
        options += ["--header", f"Authorization: Bearer {key}"] if key else []
        run(tmp_path, server, f"{server.url}/docs.json", *options)


def test_schemathesis_finds_nothing_where_requests_fit_the_model(repository: Path, tmp_path: Path):
    """Most of what the whole document allows fits no model; this one allows what `sines` takes, with odd values."""
    with run_server(tmp_path, repository) as server:
        (tmp_path / "narrow.json").write_text(json.dumps(narrow(server.get("/docs.json"))))
        options = ["--url", server.url, "--phases", "coverage,fuzzing", "--max-examples", "150"]
        run(tmp_path, server, "narrow.json", *options)
        answered = [value for name, value in server.read_metrics().items() if 'outcome="ok"' in name]
        assert sum(answered) > 100


VALUES = {"enum": [0, 1, -1, 0.5, 1e10, -1e10, 3.4e38, -3.4e38, 1e-45, 1e30, 100]}
CHANNEL = {"type": "array", "items": VALUES, "minItems": 64, "maxItems": 64}
CASE = {"type": "array", "items": CHANNEL, "minItems": 2, "maxItems": 2}
COUNT = {"type": "integer", "minimum": 0, "maximum": 20}
NULL = {"type": "null"}


def narrow(document: dict[str, Any]) -> dict[str, Any]:
    """The operations over JSON, with series, labels and counts as `sines` takes them."""
    document["paths"] = {f"/{name}": document["paths"][f"/{name}"] for name in OPERATIONS}
    for path in document["paths"].values():
        path["post"]["parameters"] = []
        content = path["post"]["requestBody"]["content"]
        path["post"]["requestBody"]["content"] = {"application/json": content["application/json"]}
    for name in OPERATIONS:
        request = document["components"]["schemas"][f"{name.title()}Request"]
        request["required"] = sorted({"model", *request.get("required", [])})
        request["properties"]["model"] = {"enum": ["sines", "sines/1"]}
        if "series" in request["properties"]:
            request["properties"]["series"] = {"type": "array", "items": CASE, "minItems": 1}
        if "labels" in request["properties"]:
            known = {"type": "array", "items": {"enum": [0, 1, 2, "0", "1", "2"]}}
            # Elsewhere labels may be null, of a labelled model too.
            request["properties"]["labels"] = known if name == "augment" else {"anyOf": [known, NULL]}
        if "counts" in request["properties"]:
            by_label = {"type": "object", "properties": dict.fromkeys("012", COUNT), "additionalProperties": False}
            request["properties"] |= {"counts": {"anyOf": [by_label, NULL]}, "n_per_class": {"anyOf": [COUNT, NULL]}}
    return document
