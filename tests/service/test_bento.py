"""`bentoml build` packs the service with the shipped bundles, and what it packed serves by itself."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bundle.repository import SHIPPED, list_versions
from tests.service.server import ROOT, run_server

WORDS = ("RUN", "ENV", "EXPOSE", "HEALTHCHECK", "USER", "ENTRYPOINT")


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
    rooms = {path.name for path in (bento / "src").iterdir() if not path.name.startswith("requirements-")}
    assert rooms - {"build"} == {"bentofile.yaml", "bundle", "models", "service"}
    assert "service: service.app:Seriesmith" in (bento / "bento.yaml").read_text()


def test_its_image_installs_only_what_has_a_hash_and_serves_as_another_than_root(bento: Path) -> None:
    lines = (bento / "env/docker/Dockerfile").read_text().replace("\\\n", " ").splitlines()
    of = {word: [line.partition(" ")[2] for line in lines if line.startswith(word + " ")] for word in WORDS}
    [install] = [line for line in of["RUN"] if "pip" in line]
    assert "--require-hashes" in install and "--only-binary :all:" in install
    [pins] = (bento / "src").glob("requirements-*.txt")  # as the pattern in the Dockerfile
    unhashed = re.findall(r"^[\w.-]+==\S+$", pins.read_text(), re.MULTILINE)
    assert unhashed == []
    assert of["EXPOSE"] == ["3000 3001"]
    assert of["USER"] == ["1034:1034"]
    assert of["HEALTHCHECK"] and "/readyz" in of["HEALTHCHECK"][0]
    [entrypoint] = json.loads(of["ENTRYPOINT"][0])
    assert (bento / Path(entrypoint).relative_to("/home/bentoml/bento")).is_file()
    settings = dict(pair.split("=", 1) for line in of["ENV"] for pair in shlex.split(line))
    assert settings["BENTOML_HOME"].startswith(settings["TMPDIR"]) and settings["SERIESMITH_GRPC_HOST"] == "0.0.0.0"
    assert ("NVIDIA_VISIBLE_DEVICES" in settings) == ("gpu" in pins.name)


def test_a_bento_serves_its_own_bundles(bento: Path, tmp_path: Path) -> None:
    shutil.rmtree(bento / "src" / "models" / "basicmotions")
    with run_server(tmp_path, None, target=str(bento)) as server:
        assert [card["name"] for card in server.get("/models")["models"]] == ["gunpoint"]
        answer = server.answer("sample", n_per_class=2, seed=1)
        assert len(answer["series"]) == 4
