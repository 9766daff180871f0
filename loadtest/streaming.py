"""A large /sample read as it comes: its rate against the graphs' own, and what the server's memory does meanwhile."""

from __future__ import annotations

import http.client
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import orjson

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.generation.blocks import generate_blocks
from bundle.generation.recipe import BLOCK_ROWS, Recipe
from loadtest.cells import build_client_command, run_client
from loadtest.ours import BUNDLE, describe_ours
from loadtest.peers.graph import GRAPH, N_TIMEPOINTS
from loadtest.plan import Plan
from loadtest.results import Streamed
from loadtest.server import NotRun, Running, run_server
from loadtest.wire import Array
from loadtest.wires.octets import ARRAYS, OCTETS

SEED = 1
PIECE = 1 << 20


def measure_streaming(plan: Plan) -> list[Streamed]:
    """Per round, the limit and then the stream from one server. Raises `NotRun`."""
    found, count = [], plan.sample_series
    with run_server(describe_ours(), Path(sys.executable).parent) as server:
        _read(server, 1000)
        for _ in range(plan.sample_rounds):
            limit = run_client([*build_client_command("loadtest.limit", count=count, seed=SEED), "generate"])
            with watch_memory(server) as grown:
                begun = time.perf_counter()
                _read(server, count)
                seconds = time.perf_counter() - begun
            found.append(Streamed(count, count / seconds, limit["series_per_second"], max(grown) / 2**20))
    return found


def _read(server: Running, count: int) -> None:
    """Take the whole answer, keeping only its first block, which must be what the bundle itself makes."""
    expected = _generate_first_block(count)
    connection = http.client.HTTPConnection("127.0.0.1", server.http, timeout=600)
    body = orjson.dumps({"model": BUNDLE, "n_per_class": count // 2, "seed": SEED})
    connection.request("POST", "/sample", body, {"content-type": "application/json", "accept": OCTETS})
    answer = connection.getresponse()
    if answer.status != 200:
        raise NotRun(f"POST /sample was answered {answer.status}: {answer.read()[:200]!r}")
    described = answer.getheader(ARRAYS)
    if described is None:
        raise NotRun(f"POST /sample has no {ARRAYS} header for accept: {OCTETS}")
    name, dtype, shape = orjson.loads(described)[0]
    if (name, dtype, shape[0]) != ("series", "<f4", count):
        raise NotRun(f"the answer's first array is {name} {dtype} {shape}, not {count} series")
    first = np.frombuffer(answer.read(expected.nbytes), "<f4").reshape(expected.shape)
    if not np.allclose(first, expected, atol=1e-5):
        raise NotRun("the series that were streamed are not those that the bundle makes of this seed")
    n_bytes = expected.nbytes
    while piece := answer.read(PIECE):
        n_bytes += len(piece)
    connection.close()
    if n_bytes < count * N_TIMEPOINTS * 4:
        raise NotRun(f"{n_bytes} bytes came, too few for {count} series")


def _generate_first_block(count: int) -> Array:
    bundle = Bundle.load(GRAPH.parent, Runtime("cpu", 1))
    recipe = Recipe(0, min(BLOCK_ROWS, count // 2), SEED, bundle.choose_expansion(None))
    series: Array = generate_blocks(bundle, recipe, range(1)).series
    return series


@contextmanager
def watch_memory(server: Running) -> Iterator[list[int]]:
    """A list that grows, while the block lasts, by how many bytes more than at its start the server holds."""
    start = server.resident_bytes
    grown, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            grown.append(server.resident_bytes - start)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield grown
    finally:
        over.set()
        watcher.join()
