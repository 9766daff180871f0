"""On SIGTERM readiness turns false, then the server waits, then it stops: a client that asks first loses nothing.

When the server stops, new connections are refused, those that wait are accepted, and then its sockets are closed.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from types import FrameType
from typing import Any

from service.listening import HANDSHAKE_SECONDS, close_servers, is_refusing, refuse_connections
from service.serving import Serving
from service.settings import find_supervisor

logger = logging.getLogger("bentoml.seriesmith")

SUPERVISOR_SECONDS = 1.0
"""For a supervisor that stops to refuse new connections, after it has told its workers to stop."""


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
    """Close the listening sockets of a uvicorn server, without losing a connection.

    `server` is the object whose method handles SIGTERM; without uvicorn's attributes nothing is done.
    """
    config, state = getattr(server, "config", None), getattr(server, "server_state", None)
    if config is None or state is None or not getattr(server, "servers", ()):
        return
    await wait_until_refused([listener for one in server.servers for listener in one.sockets])
    loop = asyncio.get_running_loop()

    def make() -> asyncio.Protocol:
        protocol: asyncio.Protocol = config.http_protocol_class(
            config=config, server_state=state, app_state=server.lifespan.state, _loop=loop
        )
        return protocol

    await close_servers(server.servers, make, config.ssl)


async def wait_until_refused(listeners: list[Any]) -> None:
    """Wait until new connections are refused, and those that had begun are whole.

    The supervisor refuses them, since its workers share the sockets, when all of them stop; where one worker alone was
    told to stop, the others go on accepting. Without a supervisor the sockets are this process's own.
    """
    if find_supervisor() is None:
        for listener in listeners:
            refuse_connections(listener)
    end = time.monotonic() + SUPERVISOR_SECONDS
    while not all(map(is_refusing, listeners)) and time.monotonic() < end:
        await asyncio.sleep(0.01)
    await asyncio.sleep(HANDSHAKE_SECONDS)
