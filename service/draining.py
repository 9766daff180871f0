"""On SIGTERM readiness turns false, then the server waits, then it stops: a client that asks first loses nothing.

When the server stops, it accepts the connections that wait already and then closes its listening sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from types import FrameType
from typing import Any

from service.serving import Serving

logger = logging.getLogger("bentoml.seriesmith")


def drain_on_sigterm(serving: Serving) -> None:
    """Install a handler of SIGTERM that waits and then calls the one before; a second SIGTERM ends the wait.

    During the wait every answer closes its connection, so that clients open their next one elsewhere.
    """
    loop = asyncio.get_running_loop()
    stop = signal.getsignal(signal.SIGTERM)
    if not callable(stop):
        return

    async def end(number: int, frame: FrameType | None) -> None:
        try:
            await close_listeners(getattr(stop, "__self__", None))
        finally:
            stop(number, frame)

    ending: list[asyncio.Task[None]] = []

    def begin_end(number: int, frame: FrameType | None) -> None:
        if not ending:
            ending.append(loop.create_task(end(number, frame)))

    def drain(number: int, frame: FrameType | None) -> None:
        seconds = 0.0 if serving.draining else serving.settings.drain_seconds
        serving.draining = True
        if seconds:
            logger.info("not ready any more; stopping in %g s", seconds)
        loop.call_soon_threadsafe(loop.call_later, seconds, begin_end, number, frame)

    signal.signal(signal.SIGTERM, drain)


async def close_listeners(server: Any) -> None:
    """Accept all waiting connections of a uvicorn server and close its listening sockets, in one turn of the loop.

    `server` is the object whose method handles SIGTERM; without uvicorn's attributes nothing is done.
    """
    config, state = getattr(server, "config", None), getattr(server, "server_state", None)
    listeners = [listener for one in getattr(server, "servers", ()) for listener in one.sockets]
    if config is None or state is None or not listeners:
        return
    loop = asyncio.get_running_loop()
    copies = [socket.socket(fileno=os.dup(listener.fileno())) for listener in listeners]
    for one in server.servers:
        one.close()
    await asyncio.sleep(0)

    def make() -> asyncio.Protocol:
        protocol: asyncio.Protocol = config.http_protocol_class(
            config=config, server_state=state, app_state=server.lifespan.state, _loop=loop
        )
        return protocol

    accepted = []
    for copy in copies:
        with copy, contextlib.suppress(BlockingIOError, OSError):
            copy.setblocking(False)
            while True:
                accepted.append(copy.accept()[0])
    for connection in accepted:
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            await loop.connect_accepted_socket(make, connection, ssl=config.ssl)
