"""A stream is read in flat memory, and what is not wanted any more is not made."""

from __future__ import annotations

import asyncio
import struct
from contextlib import aclosing

import numpy as np
import pytest

from seriesmith import AsyncClient, Client, Interrupted, Unexpected
from seriesmith.octets import choose_reader
from seriesmith.operations import sample
from seriesmith.parts import Parts
from tests.client.conftest import list_urls
from tests.service.server import Server, wait_until

LOTS = 3_000_000


def _read_made(server: Server) -> float:
    return server.read_metrics().get('seriesmith_rows_total{model="sines",operation="sample"}', 0.0)


def _is_idle(server: Server) -> bool:
    return server.read_metrics()["seriesmith_queue_rows"] == 0


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_closing_a_stream_ends_its_work(server: Server, scheme: str):
    with Client(list_urls(server)[scheme]) as client:
        stream = client.sample_stream(n_per_class=LOTS, model="sines")
        parts = [next(stream) for _ in range(3)]
        assert parts[0].n_cases == 3 * LOTS and max(len(part.series) for part in parts) <= 1024
        assert not _is_idle(server)
        stream.close()
        wait_until(lambda: _is_idle(server), seconds=5, what="the end of the work")
        assert client.sample(n_per_class=1, model="sines").n_cases == 3


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_closing_an_async_stream_ends_its_work(server: Server, scheme: str):
    async def taken() -> None:
        async with AsyncClient(list_urls(server)[scheme]) as client:
            async with aclosing(client.sample_stream(n_per_class=LOTS, model="sines")) as stream:
                async for _ in stream:
                    break
            await asyncio.to_thread(wait_until, lambda: _is_idle(server), 5, "the end of the work")

    asyncio.run(taken())


def test_many_calls_of_one_async_client_run_side_by_side(server: Server):
    async def answered() -> None:
        for url in list_urls(server).values():
            async with AsyncClient(url) as client:
                calls = [client.sample(n_per_class=2, seed=seed, model="sines") for seed in range(20)]
                answers = await asyncio.gather(*calls)
            assert [answer.seed for answer in answers] == list(range(20))

    asyncio.run(answered())


def _write_part(head: bytes, *arrays: np.ndarray) -> bytes:
    return struct.pack("<I", len(head)) + head + b"".join(array.tobytes() for array in arrays)


START = b'{"arrays": [], "model": "m", "version": 2, "seed": 3, "n_cases": 3, "classes": ["a", "b"]}'
MIDDLE = b'{"arrays": [["series", "<f4", [%d, 1, 2]], ["labels", "<i4", [%d]], ["log_density", "<f4", [%d]]]}'
BODY = b"".join([
    _write_part(START),
    _write_part(MIDDLE % (2, 2, 2), np.arange(4, dtype="<f4"), np.array([0, 1], "<i4"), np.arange(2, dtype="<f4")),
    _write_part(MIDDLE % (1, 1, 1), np.arange(2, dtype="<f4"), np.array([1], "<i4"), np.arange(1, dtype="<f4")),
    _write_part(b'{"arrays": [], "acceptance": {"a": 1.0}, "fallbacks": {"a": 0}}'),
])  # fmt: skip


def _read(chunks: list[bytes]) -> list[list[str]]:
    call = sample(n_per_class=1)
    octets = choose_reader(call, 200, {"content-type": "application/x-seriesmith-parts"})
    parts = Parts(call)
    answers = [answer for chunk in chunks for message in octets.feed(chunk) for answer in parts.take(message)]
    assert octets.end() == []
    answers.append(parts.end())
    assert [bool(answer.acceptance) for answer in answers] == [False, True]
    return [answer.labels.tolist() for answer in answers]


@pytest.mark.parametrize("size", [1, 3, 7, 50, 10_000])
def test_however_the_bytes_arrive_the_parts_are_the_same(size: int):
    assert _read([BODY[start : start + size] for start in range(0, len(BODY), size)]) == [["a", "b"], ["b"]]


@pytest.mark.parametrize("missing", [1, 60, 100])
def test_a_stream_that_ends_too_early(missing: int):
    with pytest.raises(Interrupted, match="ask again"):
        _read([BODY[:-missing]])


def test_what_is_no_stream():
    with pytest.raises(Unexpected, match="'text/html'"):
        choose_reader(sample(n_per_class=1), 200, {"content-type": "text/html"})
    with pytest.raises(Unexpected, match="cannot be read"):
        _read([_write_part(b"not JSON")])
