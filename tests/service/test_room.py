"""An answer that would not fit into SERIESMITH_MAX_HELD_BYTES is refused before it is made, over every wire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import httpx
import numpy as np
import pytest

from bundle.errors import Overloaded, TooLarge
from service.budget import Budget
from service.proto import open_inference_pb2 as inference
from service.proto import seriesmith_pb2 as messages
from service.room import BINARY_BYTES, MADE_BYTES, SMALL_BYTES, TEXT_BYTES, Room
from tests.service.grpc.conversation import build_request, connect
from tests.service.inference.conversation import build_tensor, infer
from tests.service.server import Server, run_server, wait_until
from tests.service.stubs import GRPCInferenceServiceStub, SeriesmithStub
from tests.service.wires import LINES, OCTETS, PARTS, write_octets

HELD_BYTES = 4 * 2**20
MANY = 500
"""Of each of three classes, of 128 values each: 5.5 MB as JSON, 2.3 MB in octets, which is more than half of it."""


@pytest.fixture(scope="module", params=["own", "grpcio"])
def narrow(request, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may hold 4 MiB."""
    limits: dict[str, Any] = {"max_held_bytes": HELD_BYTES, "max_body_bytes": HELD_BYTES}
    with run_server(tmp_path_factory.mktemp("narrow"), repository, grpc=request.param, **limits) as running:
        yield running


def worked(server: Server, operation: str = "") -> float:
    """Graph calls so far, of any operation or one."""
    counts = [one for one in server.read_metrics().items() if one[0].startswith("seriesmith_inference_seconds_count")]
    return sum(value for line, value in counts if f'operation="{operation}' in line)


def held(server: Server) -> float:
    """Bytes held now."""
    return server.read_metrics()["seriesmith_held_bytes"]


def fields(operation: str, many: int) -> dict[str, Any]:
    """Of a request whose answer is large."""
    if operation == "sample":
        return {"model": "sines", "n_per_class": many}
    warps = {"policy": "warps", "strategy": {"factor": many}}  # made quickly
    return {"model": "sines", "series": np.ones((3, 2, 64), "<f4"), "labels": [0, 1, 2], **warps}


@pytest.mark.parametrize("operation", ["sample", "augment"])
def test_what_could_never_fit_is_refused_before_it_is_made(narrow: Server, operation: str):
    before = worked(narrow)
    response = narrow.post(operation, **fields(operation, MANY))
    assert response.status_code == 413, response.text
    assert re.search(
        r"the answer would take \d+ bytes .* SERIESMITH_MAX_HELD_BYTES", response.json()["error"]["message"]
    )
    assert worked(narrow) == before and held(narrow) == 0


@pytest.mark.parametrize("accept", ["application/json", OCTETS])
@pytest.mark.parametrize("operation", ["encode", "reconstruct", "classify"])
def test_the_request_counts_beside_its_answer(narrow: Server, operation: str, accept: str):
    """7900 series have 4.0 MB."""
    content, headers = write_octets({"model": "sines", "series": np.ones((7900, 2, 64), "<f4")})
    before = worked(narrow)
    response = narrow.send(operation, content, **headers, accept=accept)
    assert response.status_code == 413 and "the request has 40448" in response.json()["error"]["message"]
    assert worked(narrow) == before


@pytest.mark.parametrize("binary", [True, False])
def test_what_does_not_fit_as_text_may_fit_in_octets(narrow: Server, binary: bool):
    more = {"parameters": {"binary_data_output": True}} if binary else {}
    response = infer(narrow, "sines.sample", build_tensor("n_per_class", [MANY], "INT64"), **more)
    assert response.status_code == (200 if binary else 413), response.text[:200]


def test_typed_calls_and_the_protocols_are_refused_beyond_what_a_connection_may_hold(narrow: Server):
    request = inference.ModelInferRequest(model_name="sines.sample")
    contents = inference.InferTensorContents(int64_contents=[MANY])
    request.inputs.add(name="n_per_class", datatype="INT64", shape=[1], contents=contents)
    before = worked(narrow)
    with connect(narrow) as channel:
        calls = [
            lambda: SeriesmithStub(channel).Sample(messages.SampleRequest(model="sines", n_per_class=MANY)),
            lambda: GRPCInferenceServiceStub(channel).ModelInfer(request),
        ]
        for call in calls:
            with pytest.raises(grpc.RpcError) as refused:
                call()
            assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert dict(refused.value.trailing_metadata())["seriesmith-code"] == "too_large"
    assert worked(narrow) == before


@pytest.mark.parametrize("accept", [PARTS, LINES, OCTETS])
def test_a_stream_takes_no_more_than_what_it_has_in_memory(narrow: Server, accept: str):
    """9000 series have 4.6 MB."""
    content, headers = write_octets(fields("augment", 3000))
    response = narrow.send("augment", content, **headers, accept=accept)
    assert response.status_code == 200 and len(response.content) > HELD_BYTES
    assert held(narrow) == 0


def test_a_typed_stream_takes_no_more_than_what_it_has_in_memory(narrow: Server):
    with connect(narrow) as channel:
        parts = SeriesmithStub(channel).AugmentStream(build_request("augment", **fields("augment", 3000)))
        assert sum(part.series.shape[0] for part in parts if part.series.shape) == 9000
    wait_until(lambda: held(narrow) == 0, seconds=5, what="the bytes given back")


def test_beyond_what_is_held_now_is_refused_until_it_is_given_back(narrow: Server):
    """Streams that nobody reads hold their room, some 0.2 MB each, beside what waits to be read."""
    content, sent = write_octets(fields("augment", 100_000))
    headers = {name.replace("_", "-"): text for name, text in sent.items()} | {"accept": PARTS}
    with ExitStack() as streams, httpx.Client(base_url=narrow.url, trust_env=False, timeout=30) as client:

        def ask() -> httpx.Response:
            return streams.enter_context(client.stream("POST", "/augment", content=content, headers=headers))

        answers = [ask()]
        while answers[-1].status_code == 200 and len(answers) < 40:
            answers.append(ask())
        assert 3 < len(answers) < 40 and answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        before = worked(narrow, "sample")
        with connect(narrow) as channel, pytest.raises(grpc.RpcError) as call:
            SeriesmithStub(channel).Sample(messages.SampleRequest(model="sines", n_per_class=400))
        assert dict(call.value.trailing_metadata())["seriesmith-code"] == "overloaded"
        assert worked(narrow, "sample") == before
        narrow.answer("sample", model="sines", n_per_class=2)  # a small one goes on
    wait_until(lambda: held(narrow) == 0, seconds=10, what="the bytes given back")
    assert narrow.post("sample", model="sines", n_per_class=20).status_code == 200


def test_room_is_what_is_made_and_what_is_written():
    budget = Budget(10**6, "bytes")
    with Room(budget, TEXT_BYTES) as room:
        room.take(20_000, unwritten=10_000)
        assert budget.held == 20_000 * (MADE_BYTES + TEXT_BYTES) + 10_000 * MADE_BYTES
        with pytest.raises(Overloaded, match="again in a moment"):
            Room(budget, TEXT_BYTES).take(20_000)
    assert budget.held == 0


def test_small_answers_take_nothing():
    budget = Budget(10**6, "bytes")
    with Room(budget, BINARY_BYTES) as room:
        room.take(SMALL_BYTES // (MADE_BYTES + BINARY_BYTES))
        assert budget.held == 0
        room.take(SMALL_BYTES // (MADE_BYTES + BINARY_BYTES) + 1)
        assert budget.held > SMALL_BYTES


def test_what_is_handed_over_outlasts_the_block():
    budget = Budget(10**6, "bytes")
    with Room(budget, BINARY_BYTES) as room:
        room.take(50_000)
        kept = room.hand_over()
    assert budget.held == kept.held == 600_000
    kept.close()
    kept.close()
    assert budget.held == 0


@pytest.mark.parametrize(("beside", "share"), [(500_000, 1.0), (0, 0.5)])
def test_the_request_and_the_share_of_a_connection_bound_it(beside: int, share: float):
    with pytest.raises(TooLarge, match=f"has {beside}"):
        Room(Budget(10**6, "bytes"), BINARY_BYTES, beside, share).take(50_000)
