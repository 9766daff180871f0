"""How fast a server makes series of each bundle: a process of its own, one client, medians of a few requests."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from bundle.looking import list_versions
from bundle.manifest import Manifest, read_manifest
from training.comparing.rows import Served
from training.configuration import ConfigurationError

SERIES, REQUESTS = 512, 5
"""Series of a request, about, and requests of which the median counts, after one that warms up."""

SINGLE_REQUESTS = 101
"""Requests of one series to classify."""

START_SECONDS = 300.0

OCTETS = "application/octet-stream"


def measure_served(models: Path, dataset: str, entries: Sequence[str], seed: int) -> list[Served]:
    """Start a server of the repository `models`, and measure the `entries` that it has bundles of.

    Raises `ConfigurationError` where no server starts.
    """
    there = list_versions(models)
    with run_server(models) as url:
        return [
            _measure_bundle(url, _read_manifest(models, name, there[name][-1]), dataset, name, seed)
            for name in entries
            if name in there
        ]


@contextmanager
def run_server(models: Path) -> Iterator[str]:
    """The address of a server on loopback that is ready, and is gone afterwards."""
    with tempfile.TemporaryDirectory() as home, (Path(home) / "log").open("w+b") as log, socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        held.close()
        own = {"SERIESMITH_MODELS": str(models.resolve()), "SERIESMITH_GRPC_PORT": "0", "BENTOML_HOME": home}
        command = [sys.executable, "-m", "service", "--host", "127.0.0.1", "--port", str(port)]
        root = Path(__file__).resolve().parents[2]
        process = subprocess.Popen(command, env={**os.environ, **own}, cwd=root, stdout=log, stderr=log)
        try:
            _wait_until_ready(process, f"http://127.0.0.1:{port}", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: IO[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    log.seek(0)
    last = log.read().decode(errors="replace").strip().splitlines()[-1:]
    raise ConfigurationError(f"no server was ready within {START_SECONDS:g} s: {' '.join(last) or 'it said nothing'}.")


def _read_manifest(models: Path, name: str, version: int) -> Manifest:
    return read_manifest((models / name / str(version) / "manifest.json").read_bytes())


def _measure_bundle(url: str, manifest: Manifest, dataset: str, entry: str, seed: int) -> Served:
    each = max(1, SERIES // len(manifest.classes))
    asked = json.dumps({"model": manifest.name, "n_per_class": each, "seed": seed}).encode()
    head = {"content-type": "application/json", "accept": OCTETS}
    rate = each * len(manifest.classes) / _time_median(lambda: _post(f"{url}/sample", asked, head), REQUESTS)
    if "classifier" not in manifest.graphs:
        return Served(dataset, entry, seed, rate, None)
    shape = (1, manifest.series.n_channels, manifest.series.n_timepoints)
    body = np.zeros(shape, "<f4").tobytes() + json.dumps({"model": manifest.name}).encode()
    head = {"content-type": OCTETS, "seriesmith-shape": ",".join(map(str, shape))}
    seconds = _time_median(lambda: _post(f"{url}/classify", body, head), SINGLE_REQUESTS)
    return Served(dataset, entry, seed, rate, 1000 * seconds)


def _post(url: str, body: bytes, head: dict[str, str]) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, body, head), timeout=120) as answer:
        content: bytes = answer.read()
    return content


def _time_median(call: Callable[[], object], times: int) -> float:
    call()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
