"""The client is a distribution of its own: nothing of the server's comes along, or has to be there."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest

import bundle
from seriesmith.version import VERSION
from tests.client.conftest import list_urls
from tests.service.bundles import Labelled
from tests.service.server import ROOT, Server

ABSENT = "bentoml bundle onnxruntime orjson pyarrow pydantic service starlette torch"
NEEDED = {"http": "", "grpc": "[grpc]"}
"""What `pip install ./client` is given besides, by what is then spoken."""

IMPORTED = """
import sys
{code}
print(*(name for name in {names!r}.split() if name in sys.modules))
"""

CALLED = """
import asyncio, importlib.util, sys
import numpy as np
from seriesmith import AsyncClient, Client, CollectionSampler, Sampler

for name in "bentoml bundle onnxruntime orjson pyarrow pydantic service sklearn starlette torch".split():
    assert importlib.util.find_spec(name) is None, name

url, file = sys.argv[1:]
series = np.load(file)
labels = np.array([0, 0, 1, 2])
with Client(url) as client:
    codes = client.encode(series, model="sines").posterior_mean
    errors = client.reconstruct(series, model="sines").error
    shares = client.classify(series, model="sines").probabilities
    made = client.sample(n_per_class=2, seed=1, model="sines").series
    parts = [part.series for part in client.sample_stream(n_per_class=2, seed=1, model="sines")]
    assert np.array_equal(np.concatenate(parts), made)

async def twin():
    async with AsyncClient(url) as client:
        return (await client.augment(series, labels, seed=1, model="sines")).series

augmented = asyncio.run(twin())
for sampled in (
    Sampler(url, "sines", seed=1).fit_resample(series, labels),
    CollectionSampler(url, "sines", seed=1).fit_transform(series, labels),
):
    assert np.array_equal(sampled[0], augmented)
np.savez(file, codes=codes, errors=errors, shares=shares, made=made, augmented=augmented)
"""


def _run(python: str | Path, code: str, *arguments: object, alone: bool = True) -> str:
    """What the code prints, with the interpreter's own packages `alone` or with those of this checkout's client."""
    command = [str(python), *(["-I"] if alone else []), "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT / "client", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import seriesmith", f"{ABSENT} google.protobuf grpc httpx"),
        ("from seriesmith import Client; Client('http://localhost:1')", f"{ABSENT} google.protobuf grpc"),
        ("from seriesmith import Client; Client('grpc://localhost:1')", f"{ABSENT} httpx"),
    ],
)
def test_it_imports_what_it_needs_and_no_more(code: str, names: str):
    assert _run(sys.executable, IMPORTED.format(code=code, names=names), alone=False) == ""


def test_it_has_the_version_of_the_server():
    assert VERSION == bundle.VERSION


def test_the_server_keeps_no_copy_of_it():
    assert importlib.util.find_spec("service.client") is None


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip install ./client` installs, built in a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
    source = shutil.copytree(ROOT / "client", folder / "client", ignore=ignored)
    built = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source)]
    subprocess.run(built, check=True, timeout=300)
    (made,) = folder.glob("*.whl")
    return made


def test_its_wheel_has_the_types_and_the_stubs_and_says_what_it_needs(wheel: Path):
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        (metadata,) = (opened.read(name).decode() for name in names if name.endswith("METADATA"))
    assert {"seriesmith/py.typed", "seriesmith/v1/seriesmith_pb2.py", "seriesmith/v1/seriesmith_pb2.pyi"} <= {*names}
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"seriesmith"}
    assert f"Version: {VERSION}\n" in metadata
    needed = [line.removeprefix("Requires-Dist: ") for line in metadata.splitlines() if "Requires-Dist" in line]
    assert [re.split(r"\W", line)[0] for line in needed if "extra" not in line] == ["httpx", "numpy"]


@pytest.fixture(scope="session", params=NEEDED)
def installed(request: pytest.FixtureRequest, wheel: Path) -> tuple[str, Path]:
    """What can be spoken, and the interpreter of an environment that has the wheel and what it brings; made once."""
    pins, extra = ROOT / "constraints.txt", NEEDED[request.param]
    given = [pins.read_bytes(), (ROOT / "client" / "pyproject.toml").read_bytes(), sys.version.encode(), extra.encode()]
    assert request.config.cache is not None
    folder = request.config.cache.mkdir("client") / hashlib.sha256(b"\0".join(given)).hexdigest()[:12]
    interpreter, made = folder / "bin" / "python", folder / "made"
    install = [sys.executable, "-m", "pip", "--python", str(interpreter), "install", "--quiet"]
    if not made.exists():
        venv.create(folder, clear=True, symlinks=True)
        command = [*install, "--constraint", str(pins), f"{wheel}{extra}"]
        subprocess.run(command, check=True, timeout=300)
        made.touch()
    subprocess.run([*install, "--no-deps", "--force-reinstall", str(wheel)], check=True, timeout=300)
    return request.param, interpreter


def test_without_the_extra_a_url_of_grpc_says_what_to_install(installed: tuple[str, Path]):
    spoken, python = installed
    asked = "from seriesmith import Client\ntry: Client('grpc://a:1')\nexcept ImportError as error: print(error)"
    said = _run(python, asked)
    assert "pip install 'seriesmith-client[grpc]'" in said if spoken == "http" else said == ""


def test_it_runs_where_nothing_else_is(installed: tuple[str, Path], server: Server, cases: Labelled, tmp_path: Path):
    spoken, python = installed
    series, fields = cases.series[:4], {"model": "sines", "series": cases.series[:4]}
    file = tmp_path / "arrays.npz"
    with file.open("wb") as opened:
        np.save(opened, series)
    _run(python, CALLED, list_urls(server)[spoken], file)
    expected = {
        "codes": server.answer("encode", **fields)["posterior_mean"],
        "errors": server.answer("reconstruct", **fields)["error"],
        "shares": server.answer("classify", **fields)["probabilities"],
        "made": server.answer("sample", model="sines", n_per_class=2, seed=1)["series"],
        "augmented": server.answer("augment", **fields, labels=[0, 0, 1, 2], seed=1)["series"],
    }
    answered = np.load(file)
    assert set(answered) == set(expected)
    for name, value in expected.items():
        assert np.allclose(answered[name], value, rtol=1e-5, atol=1e-6)
