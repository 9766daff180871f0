"""One request and its answer, and what they that write the answer ask of the connection."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any, Protocol

from uvicorn.config import Config

from bundle.errors import SeriesmithError
from service.http.body import SpooledBody
from service.http.http1.head import Head
from service.http.http1.unread import Unread
from service.http.routes import Routes
from service.http.table import Match
from service.observing.record import Record


class Exchange:
    """One request and its answer."""

    __slots__ = ("body", "error", "head", "held", "keep_alive", "match", "record", "start", "task")

    def __init__(self, head: Head, start: float) -> None:
        self.head, self.start = head, start
        self.match: Match | None = None
        self.body: bytes | BytesIO | SpooledBody = b""
        self.held = 0
        self.error: SeriesmithError | None = None
        self.keep_alive = head.keep_alive
        self.task: asyncio.Task[None] | None = None
        self.record: Record | None = None


class Answerable(Protocol):
    """A connection, as those see it who write an answer to it."""

    transport: asyncio.Transport
    unread: Unread
    config: Config
    app_state: dict[str, Any]
    loop: asyncio.AbstractEventLoop

    @property
    def routes(self) -> Routes:
        """The worker's."""

    def write_date(self) -> bytes:
        """The header lines that all answers have."""

    def choose_ending(self, exchange: Exchange) -> bytes:
        """What ends the head of an answer; decides whether the connection goes on."""

    def release(self, exchange: Exchange) -> None:
        """Hold nothing of a request any more."""

    def finish(self, exchange: Exchange) -> None:
        """Close, or go on with the next request."""
