"""A key, a bound on bytes, what waits and how long: each refuses what it must and nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.service.bundles import Labelled
from tests.service.grpc.conftest import SERVERS
from tests.service.grpc.conversation import OPERATIONS, build_good, build_request, connect
from tests.service.grpc.test_refusals import STATUS, assert_refused, call_refused
from tests.service.server import Server, run_server, wait_until

KEY = "a secret"
HAS_KEY = (("authorization", f"Bearer {KEY}"),)


@pytest.fixture(scope="module", params=SERVERS)
def guarded(
    request: pytest.FixtureRequest, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Takes 20 000 rows and 500 000 bytes, from who has the key, and answers within 300 ms or not at all."""
    limits: dict[str, Any] = {"max_rows": 20_000, "queue_rows": 20_000, "max_body_bytes": 500_000}
    limits["grpc"] = request.param
    with run_server(tmp_path_factory.mktemp("guarded"), repository, KEY, timeout_seconds=0.3, **limits) as running:
        yield running


@pytest.fixture(scope="module")
def connection(guarded: Server) -> Iterator[grpc.Channel]:
    """To the guarded server; a call needs the key."""
    with connect(guarded) as channel:
        yield channel


@pytest.mark.parametrize("key", [None, "Bearer wrong", KEY, "Bearer", f"Basic {KEY}"])
def test_without_the_key_nothing_is_answered(connection: grpc.Channel, cases: Labelled, key: str | None):
    for operation in OPERATIONS:
        request = build_request(operation, **build_good(operation, cases))
        call = call_refused(connection, operation.title(), request, metadata=[("authorization", key)] if key else None)
        assert_refused(call, STATUS.UNAUTHENTICATED, "unauthenticated", None, "Authorization: Bearer")
    stream = connection.unary_stream("/seriesmith.v1.Seriesmith/SampleStream")(b"")
    with pytest.raises(grpc.RpcError):
        next(stream)
    assert stream.code() is STATUS.UNAUTHENTICATED


def test_health_needs_no_key(connection: grpc.Channel):
    asked_for = health_pb2.HealthCheckRequest(service="seriesmith.v1.Seriesmith")
    assert health_pb2_grpc.HealthStub(connection).Check(asked_for).status == health_pb2.HealthCheckResponse.SERVING


def test_with_the_key_everything_is_answered(connection: grpc.Channel, cases: Labelled):
    for operation in OPERATIONS:
        method = connection.unary_unary(f"/seriesmith.v1.Seriesmith/{operation.title()}")
        assert method(build_request(operation, **build_good(operation, cases)).SerializeToString(), metadata=HAS_KEY)


def test_more_bytes_than_allowed(connection: grpc.Channel):
    request = build_request("encode", model="sines", series=np.zeros((1000, 2, 64)))
    call = call_refused(connection, "Encode", request, metadata=HAS_KEY)
    assert_refused(call, STATUS.RESOURCE_EXHAUSTED, "too_large", None, "500000 bytes", "several requests")


def test_more_bytes_than_allowed_once_unpacked(connection: grpc.Channel):
    request = build_request("encode", model="sines", series=np.zeros((1000, 2, 64)))
    call = call_refused(connection, "Encode", request, metadata=HAS_KEY, compression=grpc.Compression.Gzip)
    assert_refused(call, STATUS.RESOURCE_EXHAUSTED, "too_large", None, "500000 bytes", "unpacked")


def test_far_more_bytes_than_allowed_are_not_even_read(connection: grpc.Channel):
    call = call_refused(connection, "Encode", bytes(5_000_000), metadata=HAS_KEY)
    assert call.code() is STATUS.RESOURCE_EXHAUSTED and "larger than" in call.details()


def test_what_would_wait_beyond_the_bound_is_refused_at_once(connection: grpc.Channel):
    method = connection.unary_unary("/seriesmith.v1.Seriesmith/Sample")
    request = build_request("sample", model="sines", counts={"1": 15_000}).SerializeToString()
    futures = [method.future(request, metadata=HAS_KEY) for _ in range(6)]
    overloaded = [future for future in futures if future.code() is STATUS.RESOURCE_EXHAUSTED]
    assert overloaded
    for call in overloaded:
        assert_refused(call, STATUS.RESOURCE_EXHAUSTED, "overloaded", None, "are waiting", "again")
        assert dict(call.trailing_metadata())["retry-after"] == "1"


def test_an_answer_that_is_not_ready_in_time_ends_and_gives_its_place_back(guarded: Server, connection: grpc.Channel):
    request = build_request("sample", model="sines", counts={"1": 20_000})
    wait_until(lambda: guarded.read_metrics()["seriesmith_queue_rows"] == 0, seconds=5, what="an empty queue")
    call = call_refused(connection, "Sample", request, metadata=HAS_KEY)
    assert_refused(call, STATUS.DEADLINE_EXCEEDED, "deadline_exceeded", None, "0.3 s", "SERIESMITH_TIMEOUT_SECONDS")
    wait_until(lambda: guarded.read_metrics()["seriesmith_queue_rows"] == 0, seconds=5, what="an empty queue")


def test_a_deadline_of_the_client_that_is_earlier_counts(guarded: Server, connection: grpc.Channel):
    def late() -> float:
        name = 'seriesmith_requests_total{model="sines",operation="sample",outcome="deadline_exceeded"}'
        return guarded.read_metrics().get(name, 0)

    before = late()
    request = build_request("sample", model="sines", counts={"1": 20_000})
    call = call_refused(connection, "Sample", request, metadata=HAS_KEY, timeout=0.1)
    assert call.code() is STATUS.DEADLINE_EXCEEDED
    wait_until(lambda: late() == before + 1, seconds=5, what="the end")
    wait_until(lambda: guarded.read_metrics()["seriesmith_queue_rows"] == 0, seconds=5, what="an empty queue")
