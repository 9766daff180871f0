"""A connection to the server that every test of the service shares."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from tests.service.grpc.conversation import connected
from tests.service.server import Server


@pytest.fixture(scope="session")
def channel(server: Server) -> Iterator[grpc.Channel]:
    """Stays open."""
    with connected(server) as open_channel:
        yield open_channel
