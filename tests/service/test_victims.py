"""One client's large body does not hold up another's small request, nor grow far beyond its size."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import httpx
import numpy as np
import orjson
import pytest
import zstandard

from tests.service.bundles import Labelled
from tests.service.server import Server, find_children, wait_until

PATIENCE = 1.0
"""Seconds; it is 0.25 on a machine that does nothing else, and was 2 to 12 without bounds."""

MIB = 2**20
INFER = "/inference.GRPCInferenceService/ModelInfer"


def _nest(opening: bytes, item: bytes, closing: bytes, size: int) -> bytes:
    return opening + item * (size // len(item)) + closing


def _list_bodies() -> dict[str, tuple[str, bytes, dict[str, str]]]:
    empties = _nest(b"[", b"[],", b"[]]", 48 * MIB)
    return {
        "empty series": ("classify", b'{"series": ' + empties + b"}", {}),
        "empty lists elsewhere": ("classify", b'{"x": ' + empties + b"}", {}),
        "empty lists of 1 MiB": ("classify", _nest(b'{"x": [', b"[],", b"[]]}", MIB - 100), {}),
        "wrong labels": ("augment", _nest(b'{"series": [[[1]]], "labels": [', b"1.5,", b"1]}", 300_000), {}),
        "wrong extras": ("classify", _nest(b'{"series": [[[1]]], "with": [', b'"a",', b'"a"]}', 300_000), {}),
        "empty inputs": ("v2/models/sines.encode/infer", _nest(b'{"inputs": [', b"{},", b"{}]}", 16 * MIB), {}),
        "members of gzip": ("classify", gzip.compress(b"") * 100_000, {"content-encoding": "gzip"}),
        "a bomb of zstd": ("classify", zstandard.compress(empties), {"content-encoding": "zstd"}),
        "a bomb of gzip": ("classify", gzip.compress(empties, 1), {"content-encoding": "gzip"}),
    }


BODIES = _list_bodies()


@contextmanager
def run_victim(server: Server, cases: Labelled) -> Iterator[Callable[[], float]]:
    """A client that classifies one series every 10 ms; the longest that it waited."""
    waited = [0.0]
    done = threading.Event()
    body = orjson.dumps({"model": "sines", "series": cases.series[:1].tolist()})

    def classify() -> None:
        with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as http:
            while not done.wait(0.01):
                start = time.perf_counter()
                assert http.post("/classify", content=body).status_code == 200
                waited.append(time.perf_counter() - start)

    thread = threading.Thread(target=classify)
    thread.start()
    try:
        wait_until(lambda: len(waited) > 3, seconds=30, what="a victim")
        waited[:] = [0.0]
        yield lambda: max(waited)
    finally:
        done.set()
        thread.join()


def _measure_memory(server: Server) -> int:
    """Bytes of the largest process of the server."""
    pids = [server.pid, *find_children(server.pid)]
    pids += [child for pid in pids[1:] for child in find_children(pid)]
    pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return 4096 * max(pages)


@pytest.mark.parametrize("name", BODIES)
def test_a_body_of_little_things_holds_nobody_up(server: Server, cases: Labelled, name: str):
    path, body, headers = BODIES[name]
    with run_victim(server, cases) as longest:
        for _ in range(3):
            response = server.send(path, body, **headers)
            assert response.status_code in (400, 413), response.text
    assert longest() < PATIENCE


def test_sixteen_mebibytes_of_empty_messages_are_refused_before_they_grow(server: Server, cases: Labelled):
    before = _measure_memory(server)
    with run_victim(server, cases) as longest, grpc.insecure_channel(server.grpc) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary(INFER)(b"\x2a\0" * (8 * MIB), timeout=60)
        error: grpc.Call = refused.value
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert longest() < PATIENCE
    assert _measure_memory(server) - before < 100 * MIB


def test_ten_thousand_series_hold_nobody_up_and_are_all_answered(server: Server, cases: Labelled):
    series = np.tile(cases.series, (167, 1, 1))[:10_000].astype(np.float32)
    body = orjson.dumps({"model": "sines", "series": series}, option=orjson.OPT_SERIALIZE_NUMPY)
    with run_victim(server, cases) as longest:
        response = server.send("reconstruct", body)
        assert response.status_code == 200 and len(response.json()["series"]) == 10_000
    assert longest() < PATIENCE
