"""A connection to each server of gRPC: every claim about ours is one about the fallback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.service.grpc.conversation import connect
from tests.service.server import Server, run_server

SERVERS = ["own", "grpcio"]


@pytest.fixture(scope="session")
def fallback(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves what `server` serves, by grpcio."""
    with run_server(tmp_path_factory.mktemp("fallback"), repository, grpc="grpcio") as running:
        yield running


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest, server: Server) -> Server:
    """The server that all tests share, and the same by grpcio."""
    running: Server = server if request.param == "own" else request.getfixturevalue("fallback")
    return running


@pytest.fixture(scope="session")
def channel(server: Server) -> Iterator[grpc.Channel]:
    """Stays open."""
    with connect(server) as open_channel:
        yield open_channel
