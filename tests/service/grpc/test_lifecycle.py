"""Workers share the port; health turns before the server goes, and calls in flight are answered."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from service.grpc.address import require_free_port
from service.grpc.grpcio_server import GrpcioServer
from service.grpc.server import GrpcServer
from service.serving import Serving
from service.settings import Settings
from tests.service.bundles import Labelled
from tests.service.grpc.conftest import SERVERS
from tests.service.grpc.conversation import answer, build_request, connect
from tests.service.server import ROOT, Server, run_server, wait_until
from tests.service.stubs import SeriesmithStub
from tests.service.test_metrics import list_kept_files

TYPED = "seriesmith.v1.Seriesmith"
STATUS = health_pb2.HealthCheckResponse


@pytest.fixture(scope="module", params=SERVERS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which server speaks gRPC."""
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the server with two workers."""
    return tmp_path_factory.mktemp("two")


@pytest.fixture(scope="module")
def two_workers(repository: Path, kind: str, folder: Path) -> Iterator[Server]:
    """The last test stops it."""
    with run_server(folder, repository, workers=2, threads=1, grpc=kind) as running:
        yield running


def test_a_server_of_models_is_healthy_and_so_is_each_service(channel: grpc.Channel):
    health = health_pb2_grpc.HealthStub(channel)
    for service in ("", TYPED):
        assert health.Check(health_pb2.HealthCheckRequest(service=service)).status == STATUS.SERVING
    with pytest.raises(grpc.RpcError) as unknown:
        health.Check(health_pb2.HealthCheckRequest(service="nobody"))
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND


def test_several_workers_share_the_port(two_workers: Server, cases: Labelled):
    def both_have_answered() -> bool:
        with connect(two_workers) as channel:
            answer(channel, "encode", model="sines", series=cases.series[:3])
        return len(list_kept_files(two_workers)) == 2

    wait_until(both_have_answered, seconds=20, what="answers of two workers")


def test_stopping_turns_health_first_and_answers_what_is_in_flight(two_workers: Server):
    with connect(two_workers) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=TYPED))
        assert next(watch).status == STATUS.SERVING
        stream = SeriesmithStub(channel).SampleStream(
            build_request("sample", model="sines", counts={"1": 4_000}), timeout=60
        )
        next(stream)
        os.kill(two_workers.pid, signal.SIGTERM)
        assert [change.status for change in watch] == [STATUS.NOT_SERVING]
        assert sum(len(part.labels.number) for part in stream) == 4_000


def test_a_port_that_is_taken_ends_the_command_before_anything_is_served(tmp_path: Path):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as another Seriesmith would have it
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        environment = os.environ | {"BENTOML_HOME": str(tmp_path), "SERIESMITH_GRPC_PORT": port}
        command = [sys.executable, "-m", "bentoml", "serve", "service.app:Seriesmith", "--port", "0"]
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines()[-1].startswith(f"the gRPC port 127.0.0.1:{port} cannot be had")
    assert "SERIESMITH_GRPC_PORT" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.parametrize("of", [GrpcServer, GrpcioServer])
def test_port_0_is_no_server(repository: Path, of: type[GrpcServer | GrpcioServer]):
    settings = Settings(models=repository, grpc_port=0)
    require_free_port(settings)
    server = of(Serving(settings))
    asyncio.run(server.start())
    asyncio.run(server.stop())
