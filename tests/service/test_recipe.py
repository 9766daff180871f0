"""service/operations/README.md is right: one file and `make proto` make an endpoint over every wire."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from bundle.repository import SHIPPED
from tests.service.server import ROOT, Server, run_server

RECIPE = (ROOT / "service" / "operations" / "README.md").read_text()
FOLDERS, FILES = ("bundle", "client", "scripts", "service"), ("Makefile", "pyproject.toml")
SERIES = np.arange(300, dtype="<f4").reshape(2, 1, 150)
ENERGY = np.square(SERIES.astype(float)).mean(axis=2)


def _find_blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", RECIPE, re.DOTALL)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code to which the recipe was applied: its file, then its command; and `every_kind` beside it."""
    folder = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    operation = _find_blocks("python")[0]
    place = operation.partition("\n")[0].removeprefix("# ")
    (folder / place).write_text(operation.partition("\n")[2])
    shutil.copy(ROOT / "tests" / "service" / "every_kind.py", folder / "service" / "operations")
    (command,) = _find_blocks("bash")
    # The environment that runs the tests has all that `make` would install first.
    made = f"{command.strip()} BIN={Path(sys.executable).parent} TESTING="
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(made, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def extended(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves the shipped bundles by the copy."""
    with run_server(tmp_path_factory.mktemp("extended"), SHIPPED, tree=tree) as running:
        yield running


def test_it_answers_json(extended: Server):
    answer = extended.answer("channel_energy", model="gunpoint", series=SERIES)
    assert set(answer) == {"model", "version", "energy"} and np.allclose(answer["energy"], ENERGY)


def test_it_answers_octets(extended: Server):
    answer = extended.send(
        "channel_energy",
        SERIES.tobytes() + b'{"model": "gunpoint"}',
        content_type="application/octet-stream",
        seriesmith_shape="2,1,150",
    )
    assert answer.headers["seriesmith-arrays"] == '[["energy","<f4",[2,1]]]'
    assert np.allclose(np.frombuffer(answer.content[:8], "<f4").reshape(2, 1), ENERGY)


def test_it_is_a_model_of_the_open_inference_protocol(extended: Server):
    model = extended.get("/v2/models/gunpoint.channel_energy")
    assert [(one["name"], one["shape"]) for one in model["inputs"]] == [("series", [-1, 1, 150])]
    assert [(one["name"], one["shape"]) for one in model["outputs"]] == [("energy", [-1, 1])]
    asked = {"name": "series", "datatype": "FP32", "shape": SERIES.shape, "data": SERIES.tolist()}
    answer = extended.http.post("/v2/models/gunpoint.channel_energy/infer", json={"inputs": [asked]}).json()
    assert np.allclose(answer["outputs"][0]["data"], ENERGY.reshape(-1))


def test_it_is_described_with_an_example_that_it_answers(extended: Server):
    described = extended.get("/docs.json")["paths"]["/channel_energy"]["post"]
    assert described["summary"] == "Energy of series, channel by channel."
    example = described["requestBody"]["content"]["application/json"]["example"]
    assert extended.post("channel_energy", **example).status_code == 200


def test_it_refuses_by_its_name(extended: Server):
    refused: httpx.Response = extended.post("channel_energy", model="gunpoint")
    assert "'series' is missing; /channel_energy takes: model, series" in refused.json()["error"]["message"]


def test_the_client_has_its_method_over_http_and_grpc(tree: Path, extended: Server):
    code = _find_blocks("python")[1].replace("http://localhost:3000", extended.url)
    code = code.replace("localhost:3001", extended.grpc)
    (printed,) = _find_blocks("text")
    environment = {**os.environ, "PYTHONPATH": str(tree / "client")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == printed, done.stderr


ASKED = """
import sys
from dataclasses import asdict
import numpy as np
from seriesmith import Client

series = np.arange(300, dtype="f4").reshape(2, 1, 150)
full = dict(
    weights=[0.5, 1.5], labels=["2", "1"], counts={"2": 5, "1": 0}, word="other", whole=0, share=0.0, flag=False,
    strategy={"factor": 2.5}, doubled=True, bound={"most": 7},
)
for url in sys.argv[1:]:
    with Client(url) as client:
        for fields in ({}, full, {"strategy": {"2": 3}}):
            answer = client.every_kind(series, **fields, model="gunpoint")
            assert answer.series.dtype == np.float32 and np.array_equal(answer.series, series)
            assert answer.positions.dtype == np.int64 and answer.heavy.dtype == bool
            rest = {name: value for name, value in asdict(answer).items() if name not in ("series", "doubled")}
            plain = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in rest.items()}
            print(answer.doubled is not None and np.array_equal(answer.doubled, 2 * series), plain)
"""


def test_every_kind_of_field_goes_over_http_and_grpc_alike(tree: Path, extended: Server):
    environment = {**os.environ, "PYTHONPATH": str(tree / "client")}
    command = [sys.executable, "-c", ASKED, extended.url, f"grpc://{extended.grpc}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = [line.partition(" ") for line in done.stdout.splitlines()]
    answers = [(doubled, ast.literal_eval(rest)) for doubled, _, rest in lines]
    known = {"model": "gunpoint", "version": 1, "positions": [0, 1], "classes": ["1", "2"]}
    plain = {
        **known,
        "heavy": [False, False],
        "labels": ["1", "1"],
        "counts": {},
        "by_class": {},
        "share": None,
        "most": None,
    }
    chosen = {"word": "one", "whole": 3, "share": None, "flag": True, "inner": None}
    full = {
        **known,
        "heavy": [False, True],
        "labels": ["2", "1"],
        "counts": {"2": 5, "1": 0},
        "by_class": {"2": {"factor": 0.0, "total": 5}, "1": {"factor": 0.0, "total": 0}},
        "chosen": {"word": "other", "whole": 0, "share": 0.0, "flag": False, "inner": {"factor": 2.5, "total": 0}},
        "share": 0.0,
        "most": 7,
    }
    totals = plain | {"chosen": chosen | {"inner": {"factor": None, "total": 3}}}
    assert answers == 2 * [("False", plain | {"chosen": chosen}), ("True", full), ("False", totals)]


def test_what_was_there_keeps_its_numbers(tree: Path):
    before, after = (place / "service" / "proto" / "seriesmith.proto" for place in (ROOT, tree))
    messages = re.findall(r"^message .*?^}", before.read_text(), re.DOTALL | re.MULTILINE)
    assert messages and all(message in after.read_text() for message in messages)
