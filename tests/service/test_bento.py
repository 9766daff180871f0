"""`bentoml build` packs the service with the shipped bundles, and what it packed serves by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bundle.repository import SHIPPED, list_versions
from tests.service.server import ROOT, run_server


@pytest.fixture(scope="module", params=["bentofile.yaml", "bentofile.gpu.yaml"])
def bento(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a bento, built into a store of its own."""
    home = tmp_path_factory.mktemp("bento")
    environment = os.environ | {"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"}
    command = [sys.executable, "-m", "bentoml", "build", "--bentofile", request.param, "--output", "tag"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    tag = next(line for line in ended.stdout.splitlines() if line.startswith("__tag__:"))
    name, version = tag.removeprefix("__tag__:").split(":")
    return home / "bentos" / name / version


def test_a_bento_holds_the_bundles_and_one_onnxruntime(bento: Path) -> None:
    assert list_versions(bento / "src" / "models") == list_versions(SHIPPED)
    requirements = (bento / "env" / "python" / "requirements.txt").read_text()
    found = [line for line in requirements.splitlines() if line.startswith("onnxruntime")]
    assert len(found) == 1
    assert "torch" not in requirements
    assert not list(bento.rglob("tests"))
    assert "service: service.app:Seriesmith" in (bento / "bento.yaml").read_text()


def test_a_bento_serves_its_own_bundles(bento: Path, tmp_path: Path) -> None:
    shutil.rmtree(bento / "src" / "models" / "basicmotions")
    with run_server(tmp_path, None, target=str(bento)) as server:
        assert [card["name"] for card in server.get("/models")["models"]] == ["gunpoint"]
        answer = server.answer("sample", n_per_class=2, seed=1)
        assert len(answer["series"]) == 4
