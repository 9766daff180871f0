"""SIGTERM turns readiness first, then the server waits, then it stops: who asks before sending loses nothing."""

from __future__ import annotations

import asyncio
import logging
import signal
from types import FrameType

from service.serving import Serving

logger = logging.getLogger("bentoml.seriesmith")


def drained_on_sigterm(serving: Serving) -> None:
    """Put the wait before what SIGTERM does now; a second SIGTERM ends the wait.

    While it lasts every answer closes its connection, so that clients open their next one elsewhere.
    """
    loop = asyncio.get_running_loop()
    stop = signal.getsignal(signal.SIGTERM)
    if not callable(stop):
        return

    def drain(number: int, frame: FrameType | None) -> None:
        seconds = 0.0 if serving.draining else serving.settings.drain_seconds
        serving.draining = True
        if seconds == 0:
            stop(number, frame)
            return
        logger.info("not ready any more; stopping in %g s", seconds)
        loop.call_soon_threadsafe(loop.call_later, seconds, stop, number, frame)

    signal.signal(signal.SIGTERM, drain)
