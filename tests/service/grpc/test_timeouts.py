"""A grpc-timeout that is none is refused as grpc's own libraries refuse it, on both servers."""

from __future__ import annotations

import socket

import h2.connection
import h2.events
import pytest

from tests.service.server import Server

LIVE = "/inference.GRPCInferenceService/ServerLive"
INTERNAL = "13"


def call(server: Server, timeout: str) -> dict[str, str]:
    """The headers of the answer to an empty message with that timeout."""
    host, port = server.grpc.rsplit(":", 1)
    peer = h2.connection.H2Connection()
    peer.initiate_connection()
    asked = {":method": "POST", ":scheme": "http", ":path": LIVE, ":authority": "x", "te": "trailers"}
    peer.send_headers(1, [*asked.items(), ("content-type", "application/grpc"), ("grpc-timeout", timeout)])
    peer.send_data(1, bytes(5), end_stream=True)
    answered: dict[str, str] = {}
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        while "grpc-status" not in answered:
            connection.sendall(peer.data_to_send())
            data = connection.recv(2**16)
            assert data, "the connection was closed without a status"
            for event in peer.receive_data(data):
                if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                    answered |= {name.decode(): text.decode() for name, text in event.headers}
    return answered


@pytest.mark.parametrize("timeout", ["abc", "-1S", "", "1h", "S"])
def test_a_timeout_that_is_none_ends_the_call(server: Server, timeout: str):
    answered = call(server, timeout)
    assert (answered[":status"], answered["grpc-status"]) == ("200", INTERNAL)
    assert "grpc-timeout" in answered["grpc-message"]


def test_more_digits_than_eight_are_refused_by_our_server(request: pytest.FixtureRequest, server: Server):
    """grpc-core takes them, for as long as it can count."""
    ours = "own" in request.node.name
    assert call(server, "9999999999S")["grpc-status"] == (INTERNAL if ours else "0")


@pytest.mark.parametrize("timeout", ["5S", "99999999S", "20000m"])
def test_a_timeout_changes_nothing_where_it_is_kept(server: Server, timeout: str):
    assert call(server, timeout)["grpc-status"] == "0"
