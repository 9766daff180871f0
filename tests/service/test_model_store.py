"""Bundles go into BentoML's model store and come back as they were; the store itself can be served."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bundle.engine.bundle import Bundle
from bundle.repository import SHIPPED, Repository
from tests.service.bundles import publish_copy
from tests.service.server import ROOT

BUNDLE = SHIPPED / "gunpoint" / "1"

SESSION = """
import sys
from service.model_store import main

root = sys.argv[1]
statuses = [main([*command.split(), "--models", root]) for command in sys.argv[2:]]
statuses.append(main(["list"]))
import bentoml
print([str(model.tag) for model in bentoml.models.list()], bentoml.models.get("gunpoint:latest").path)
print(statuses)
"""


def run(tmp_path: Path, root: Path, *commands: str) -> tuple[list[str], str]:
    """What commands print, one after the other, then `list` and what BentoML says, and their statuses."""
    environment = os.environ | {"BENTOML_HOME": str(tmp_path / "home"), "BENTOML_DO_NOT_TRACK": "True"}
    command = [sys.executable, "-c", SESSION, str(root), *commands]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


def test_bundles_go_into_bentomls_store_and_come_back(tmp_path: Path) -> None:
    root, back = tmp_path / "models", tmp_path / "back"
    for version in (1, 2):
        publish_copy(BUNDLE, root, "gunpoint", version)
    publish_copy(BUNDLE, root, "gunpoint", 3, damaged="decoder.onnx")
    pushes = ("push gunpoint/1", "push gunpoint/2", "push gunpoint/2", "push gunpoint/3", "push gunpoint/4", "push x")
    said, errors = run(tmp_path, root, *pushes)
    assert said[:2] == ["gunpoint:1 is in the store", "gunpoint:2 is in the store"] and "was already" in said[2]
    assert said[3].startswith("gunpoint:1  GunPoint") and said[4].startswith("gunpoint:2  GunPoint")
    store = tmp_path / "home" / "models"
    assert said[5:] == [f"['gunpoint:1', 'gunpoint:2'] {store}/gunpoint/2", "[0, 0, 0, 2, 2, 2, 0]"]
    assert "not what its manifest says" in errors and "no version 4" in errors and "write NAME/VERSION" in errors

    assert Repository(store).refresh().list_versions("gunpoint") == [1, 2]
    said, errors = run(tmp_path, back, "pull gunpoint:2", "pull gunpoint:2", "pull gunpoint:7")
    assert said[-1] == "[0, 0, 2, 0]" and "was already" in said[1] and "no model gunpoint:7" in errors
    files = {path.name: path.read_bytes() for path in (back / "gunpoint" / "2").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (root / "gunpoint" / "2").iterdir()}
    assert Bundle.load(back / "gunpoint" / "2").manifest.version == 2


def test_what_broke_in_the_store_does_not_come_back(tmp_path: Path) -> None:
    publish_copy(BUNDLE, tmp_path / "models", "gunpoint", 1)
    run(tmp_path, tmp_path / "models", "push gunpoint/1")
    graph = tmp_path / "home" / "models" / "gunpoint" / "1" / "decoder.onnx"
    graph.write_bytes(graph.read_bytes()[:-1])
    said, errors = run(tmp_path, tmp_path / "back", "pull gunpoint/1")
    assert said[-1] == "[2, 0]" and "SHA-256" in errors
    assert not list((tmp_path / "back").rglob("*.onnx"))
