"""The client runs with numpy, httpx and grpcio alone: nothing of the server's comes along, or has to be there."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest

from tests.client.conftest import list_urls
from tests.service.bundles import Labelled
from tests.service.server import ROOT, Server

NEEDED = ("numpy", "httpx", "grpcio")
ABSENT = "bentoml google.protobuf bundle.manifest onnxruntime orjson pyarrow pydantic starlette torch"

IMPORTED = """
import sys
{code}
print(*(name for name in {names!r}.split() if name in sys.modules))
"""

CALLED = """
import asyncio, importlib.util, sys
import numpy as np
from seriesmith import AsyncClient, Client, CollectionSampler, Sampler

for name in "bentoml google onnxruntime orjson pyarrow pydantic sklearn starlette torch".split():
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


def _run(python: str | Path, code: str, *arguments: object) -> str:
    command = [str(python), "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import seriesmith", f"{ABSENT} grpc httpx models"),
        ("from seriesmith import Client; Client('http://localhost:1')", f"{ABSENT} grpc models"),
        ("from seriesmith import Client; Client('grpc://localhost:1')", f"{ABSENT} httpx models"),
    ],
)
def test_it_imports_what_it_needs_and_no_more(code: str, names: str):
    assert _run(sys.executable, IMPORTED.format(code=code, names=names)) == ""


@pytest.fixture(scope="session")
def python(request: pytest.FixtureRequest) -> Path:
    """The interpreter of an environment with the three and what they bring, pinned as everywhere; made once."""
    pins = (ROOT / "constraints.txt").read_bytes()
    key = hashlib.sha256(b"\0".join([pins, sys.version.encode(), *(name.encode() for name in NEEDED)])).hexdigest()[:12]
    assert request.config.cache is not None
    folder = request.config.cache.mkdir("client") / key
    interpreter, made = folder / "bin" / "python", folder / "made"
    if not made.exists():
        venv.create(folder, clear=True, symlinks=True)
        install = [sys.executable, "-m", "pip", "--python", str(interpreter), "install", "--quiet"]
        subprocess.run([*install, "--constraint", str(ROOT / "constraints.txt"), *NEEDED], check=True, timeout=300)
        made.touch()
    return interpreter


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_it_runs_where_nothing_else_is(python: Path, server: Server, cases: Labelled, tmp_path: Path, scheme: str):
    series, fields = cases.series[:4], {"model": "sines", "series": cases.series[:4]}
    file = tmp_path / "arrays.npz"
    with file.open("wb") as opened:
        np.save(opened, series)
    _run(python, CALLED, list_urls(server)[scheme], file)
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
