"""New connections are refused, and those that were made are taken, when a listening socket closes."""

from __future__ import annotations

import asyncio
import socket

import pytest

from service.listening import close_servers, is_refusing, refuse_connections


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        self._transport.write(data)


def connect(listener: socket.socket, seconds: float = 5) -> socket.socket:
    return socket.create_connection(listener.getsockname(), timeout=seconds)


def test_a_refusing_socket_takes_nobody_new_and_keeps_who_waits() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(fileno=listener.dup().detach()) as shared:
        assert not is_refusing(listener)
        with connect(listener) as before:
            refuse_connections(shared)
            assert is_refusing(listener)
            with pytest.raises(TimeoutError):
                connect(listener, 0.3)
            before.sendall(b"asked")
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.recv(5) == b"asked"
                before.sendall(b"more")  # an accepted connection has the filter too
                assert accepted.recv(4) == b"more"


def test_who_waited_when_the_servers_closed_is_answered() -> None:
    async def close() -> None:
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
        [listener] = server.sockets
        waiting = [connect(listener) for _ in range(20)]  # in one turn of the loop: none is accepted yet
        for client in waiting:
            client.sendall(b"asked")
        await close_servers([server], Echo, None)
        for client in waiting:
            with client:
                assert await asyncio.to_thread(client.recv, 5) == b"asked"

    asyncio.run(close())
