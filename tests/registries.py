"""Real registries for tests: a folder, fsspec's memory, and, where the packages are, S3 and MLflow in their servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.service.server import find_free_ports, wait_until

AWS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def open_folder(folder: Path) -> Iterator[str]:
    """A repository's folder that is mounted."""
    (folder / "mounted").mkdir()
    yield (folder / "mounted").as_uri()


@contextmanager
def open_memory(folder: Path) -> Iterator[str]:
    """A file system of this process, as fsspec has it."""
    fsspec = pytest.importorskip("fsspec")
    yield "memory://shelf/models"
    fsspec.filesystem("memory").store.clear()


@contextmanager
def open_s3(folder: Path) -> Iterator[str]:
    """A bucket of moto's S3 server, which the environment names."""
    pytest.importorskip("moto")
    s3fs = pytest.importorskip("s3fs")
    [port] = find_free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with _run(folder, "moto.server", "-H", "127.0.0.1", "-p", str(port)), pytest.MonkeyPatch.context() as patched:
        for name, text in (AWS | {"AWS_ENDPOINT_URL": url}).items():
            patched.setenv(name, text)
        s3fs.S3FileSystem.clear_instance_cache()  # of another server
        wait_until(lambda: _answers(url), 60, "moto's server")
        yield "s3://shelf/models"


@contextmanager
def open_mlflow_file(folder: Path) -> Iterator[str]:
    """A registry of MLflow in a SQLite file, without a server."""
    pytest.importorskip("mlflow")
    yield f"mlflow+sqlite:///{folder}/registry.db"


@contextmanager
def open_mlflow_server(folder: Path) -> Iterator[str]:
    """`mlflow server`, on SQLite and a folder of artifacts."""
    pytest.importorskip("mlflow.server")
    [port] = find_free_ports(1)
    url = f"http://127.0.0.1:{port}"
    store = ("--backend-store-uri", f"sqlite:///{folder}/server.db", "--artifacts-destination", str(folder / "kept"))
    with _run(folder, "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", *store):
        wait_until(lambda: _answers(f"{url}/health"), 120, "mlflow's server")
        yield f"mlflow+{url}"


LONG = pytest.mark.long
KINDS = [
    pytest.param(open_folder, id="folder"),
    pytest.param(open_memory, id="memory"),
    pytest.param(open_s3, id="s3", marks=LONG),
    pytest.param(open_mlflow_file, id="mlflow-file", marks=LONG),
    pytest.param(open_mlflow_server, id="mlflow-server", marks=LONG),
]


@contextmanager
def _run(folder: Path, module: str, *arguments: str) -> Iterator[None]:
    """A Python module as a server, in a session of its own, that is ended with all that it started."""
    with (folder / f"{module}.log").open("wb") as log:
        command = [sys.executable, "-m", module, *arguments]
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code < 500
    except httpx.TransportError:
        return False
