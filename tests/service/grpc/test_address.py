"""gRPC is reached where its host says: by IPv4 and IPv6 where that is `::`, with or without brackets."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2

from service.grpc.address import bind_sockets, is_loopback, require_free_port, write_address
from service.grpc.grpcio_server import GrpcioServer
from service.grpc.server import GrpcServer
from service.serving import Serving
from service.settings import Settings
from tests.service.server import find_free_ports


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


IPV6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")


def _make_settings(host: str, **more: Any) -> Settings:
    return Settings(grpc_host=host, grpc_port=find_free_ports(1)[0], **more)


@pytest.mark.parametrize("of", [GrpcServer, GrpcioServer])
@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        ("0.0.0.0", ["127.0.0.1"]),
        ("localhost", ["127.0.0.1"]),
        pytest.param("::", ["127.0.0.1", "[::1]"], marks=IPV6),
        pytest.param("[::]", ["127.0.0.1", "[::1]"], marks=IPV6),
        pytest.param("[::1]", ["[::1]"], marks=IPV6),
    ],
)
def test_a_server_is_reached_by_every_family_of_its_host(
    repository: Path, of: type[GrpcServer | GrpcioServer], host: str, reached: list[str]
):
    settings = _make_settings(host, models=repository)

    async def check() -> None:
        serving = Serving(settings)
        serving.loop = asyncio.get_running_loop()
        server = of(serving)
        await server.start()
        for one in reached:
            async with grpc.aio.insecure_channel(f"{one}:{settings.grpc_port}") as channel:
                raw = await channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=10)
                assert (
                    health_pb2.HealthCheckResponse.FromString(raw).status == health_pb2.HealthCheckResponse.NOT_SERVING
                )
        await server.stop()

    asyncio.run(check())


@pytest.mark.parametrize("taken", ["127.0.0.1", pytest.param("::1", marks=IPV6)])
@IPV6
def test_a_port_that_one_family_has_taken_is_not_free_for_both(taken: str):
    with closing(socket.socket(socket.AF_INET6 if ":" in taken else socket.AF_INET)) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind((taken, 0))
        other.listen()
        settings = Settings(grpc_host="[::]", grpc_port=other.getsockname()[1])
        with pytest.raises(OSError, match=r"the gRPC port \[::\]:\d+ cannot be had"):
            require_free_port(settings)


def test_workers_bind_the_same_address_and_leave_nothing_bound():
    settings = _make_settings("localhost")
    require_free_port(settings)
    for one in [*bind_sockets(settings), *bind_sockets(settings)]:
        one.close()
    require_free_port(settings)


@pytest.mark.parametrize("host", ["nobody.invalid", "192.0.2.7", "a b"])
def test_a_host_that_is_none_of_this_machines_is_refused_in_a_sentence(host: str):
    with pytest.raises(OSError, match="cannot be had .*SERIESMITH_GRPC_HOST"):
        require_free_port(_make_settings(host))


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.7", False),
    ],
)
def test_what_other_machines_reach_is_known(host: str, alone: bool):
    assert is_loopback(Settings(grpc_host=host)) is alone


def test_an_address_is_written_as_it_is_dialled():
    written = [write_address(Settings(grpc_host=host)) for host in ("::", "[::]", "0.0.0.0", "localhost")]
    assert written == ["[::]:3001", "[::]:3001", "0.0.0.0:3001", "localhost:3001"]
