"""One cell of the table: so many clients, one wire, one server; its rate, its latencies and what both sides cost."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from loadtest import requests_file
from loadtest.peers.graph import ROOT
from loadtest.results import Outcome
from loadtest.server import NotRun, Running
from loadtest.wire import Array, Wire

LUA = Path(__file__).parent / "clients" / "wrk.lua"
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Prepared:
    """A wire whose answers were found right, with its requests in a file."""

    wire: Wire
    requests: Path


def prepare(running: Running, wire: Wire, data: Array, expected: Array, folder: Path, rows: int = 1) -> Prepared:
    """Check the answers for every eighth series, then write requests of `rows` series, one that begins with each.

    Raises `NotRun` when an answer is not what onnxruntime answers.
    """
    for index in range(0, len(data), 8):
        check(running, wire, data[index : index + 1], expected[index : index + 1])
    path = folder / f"{running.server.name}-{wire.name}.requests".replace(" ", "-")
    port = running.grpc if wire.grpc else running.http
    around = np.resize(data, (len(data) + rows - 1, *data.shape[1:]))  # begins again where it ends
    asked = [requests_file.encode_sent(wire, wire.asked(around[at : at + rows]), port) for at in range(len(data))]
    requests_file.write(path, asked)
    return Prepared(wire, path)


def check(running: Running, wire: Wire, data: Array, expected: Array) -> None:
    """Raises `NotRun` unless the answer agrees with onnxruntime's."""
    answered = wire.answered(running.ask(wire, wire.asked(data)))
    if answered.shape != expected.shape:
        raise NotRun(f"{wire.name} answered shape {answered.shape}, onnxruntime {expected.shape}")
    difference = float(np.abs(answered - expected).max())
    if not difference <= TOLERANCE:
        raise NotRun(f"{wire.name} answers differ from onnxruntime's by {difference:.2g}")


def measure_cell(running: Running, ready: Prepared, clients: int, round_: int, seconds: int) -> Outcome:
    """Load it. Raises `NotRun` when any request failed."""
    before = running.cpu_seconds
    load = _run_grpc if ready.wire.grpc else _run_wrk
    said = load(running, ready, clients, seconds)
    server_seconds = running.cpu_seconds - before
    requests = said["requests"]
    if said["failed"] or not requests:
        raise NotRun(f"{ready.wire.name}, {clients} clients: {said['failed']:g} of {requests:g} requests failed")
    return Outcome(
        server=running.server.name,
        wire=ready.wire.name,
        clients=clients,
        round=round_,
        requests=int(requests),
        per_second=requests / said["seconds"],
        p50_ms=said["p50_ms"],
        p99_ms=said["p99_ms"],
        client_us=said["cpu_seconds"] / requests * 1e6,
        server_us=server_seconds / requests * 1e6,
    )


def _run_wrk(running: Running, ready: Prepared, clients: int, seconds: int) -> dict[str, float]:
    url = f"http://127.0.0.1:{running.http}"
    shape = ["-t", "1", "-c", str(clients), "-d", f"{seconds}s"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = run_client(["wrk", *shape, "-s", str(LUA), url, "--", str(ready.requests)])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return said | {"cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def _run_grpc(running: Running, ready: Prepared, clients: int, seconds: int) -> dict[str, float]:
    options = {"port": running.grpc, "method": ready.wire.path, "requests": ready.requests}
    shape = {"clients": clients, "seconds": seconds}
    return run_client(build_client_command("loadtest.clients.grpc_loop", **options, **shape))


def build_client_command(module: str, **options: object) -> list[str]:
    """The command of one of our clients."""
    return [sys.executable, "-m", module, *(f"--{name.replace('_', '-')}={value}" for name, value in options.items())]


def run_client(command: list[str]) -> dict[str, Any]:
    """The JSON of a client's last line. Raises `NotRun` when there is none."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise NotRun(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-300:]}")
    said: dict[str, Any] = json.loads(lines[-1])
    return said
