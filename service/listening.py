"""A listening socket is closed without losing a connection that a client holds for made.

Closing it resets every connection that waits to be accepted, though its client may have sent a request already. So new
connections are refused first, those under way become whole, all are accepted, and then it is closed. A socket that
processes share is refused and closed by the supervisor; each worker closes its own copy.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import socket
import ssl
import struct
from collections.abc import Callable, Iterable, Sequence

HANDSHAKE_SECONDS = 0.2
"""For connections that had begun when new ones were refused."""

TLS_SECONDS = 1.0
"""For those that were accepted last to agree on TLS."""

TCP_FLAGS, SYN = 13, 2
LOAD_BYTE, JUMP_IF_ANY, RETURN = 0x30, 0x45, 0x06
ALL = 0xFFFFFFFF

_INSTRUCTIONS = ((LOAD_BYTE, 0, 0, TCP_FLAGS), (JUMP_IF_ANY, 0, 1, SYN), (RETURN, 0, 0, 0), (RETURN, 0, 0, ALL))
_PROGRAM = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in _INSTRUCTIONS))
"""A packet filter of Linux: a TCP packet that asks for a connection is dropped, every other one is kept.

Accepted connections inherit it; they get no such packet.
"""

SO_ATTACH_FILTER = SO_GET_FILTER = 26


def refuse_connections(listener: socket.socket) -> None:
    """Let nobody connect any more; whoever had begun still may. Holds for every process that shares the socket."""
    with contextlib.suppress(OSError):
        program = struct.pack("HL", len(_INSTRUCTIONS), ctypes.addressof(_PROGRAM))
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def is_refusing(listener: socket.socket) -> bool:
    """Whether new connections of a socket are refused, by whichever process; True where only Linux could tell."""
    try:
        return bool(listener.getsockopt(socket.SOL_SOCKET, SO_GET_FILTER, ctypes.sizeof(_PROGRAM)))
    except OSError:
        return True


async def close_servers(
    servers: Sequence[asyncio.Server], make: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None
) -> None:
    """Close the listening sockets of servers, in one turn of the loop with accepting all that wait.

    `make` makes the protocol of each connection that was accepted last, `tls` secures it.
    """
    copies = [socket.socket(fileno=os.dup(one.fileno())) for server in servers for one in server.sockets]
    for server in servers:
        server.close()
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    starts = [asyncio.ensure_future(loop.connect_accepted_socket(make, one, ssl=tls)) for one in _accept_all(copies)]
    if starts:
        await asyncio.wait(starts, timeout=TLS_SECONDS)
    for start in starts:
        start.cancel()
    await asyncio.gather(*starts, return_exceptions=True)


def _accept_all(listeners: Iterable[socket.socket]) -> list[socket.socket]:
    """Accept the connections that wait, and close these copies of listening sockets."""
    accepted = []
    for listener in listeners:
        with listener, contextlib.suppress(OSError):
            listener.setblocking(False)
            while True:
                accepted.append(listener.accept()[0])
    for connection in accepted:
        connection.setblocking(False)
    return accepted
