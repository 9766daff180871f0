"""A short way for small requests: from uvicorn's HTTP parser to an answer, without an ASGI message between.

uvicorn's own protocol does everything else, and everything when a request is in any way out of the ordinary: longer, in
chunks, pipelined, to another path.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.http.exchange import Request, Response, Streamed
from service.http.routes import Routes

QUICK_BYTES = 2**20
"""Longer bodies take the long way, where reading stops while the server is behind."""

QUICK_PATHS = {b"/encode", b"/reconstruct", b"/classify"}
"""Answered whole, always; and so is what ends in /infer."""

SLOW_HEADERS = {b"transfer-encoding", b"expect", b"upgrade"}

STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


BUSY = float("inf")
"""Since when a connection is idle on which something is under way."""


class Exchange:
    """One small request; stands where uvicorn keeps what it calls a cycle."""

    __slots__ = ("body", "disconnected", "headers", "keep_alive", "path", "response_complete", "task")

    def __init__(self, path: str, headers: dict[bytes, bytes]) -> None:
        self.path, self.headers, self.body = path, headers, b""
        self.keep_alive, self.response_complete, self.disconnected = True, False, False
        self.task: asyncio.Task[None] | None = None

    @property
    def message_event(self) -> Exchange:
        """uvicorn sets it when the client has left."""
        return self

    def set(self) -> None:
        """End the work: nobody waits for it."""
        if self.disconnected and self.task is not None:
            self.task.cancel()
        elif self.disconnected:
            Protocol.routes.left(self.path)


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol with the short way."""

    routes: Routes
    _idle_since = BUSY
    _dated: tuple[list[tuple[bytes, bytes]] | None, bytes] = (None, b"")

    def on_message_begin(self) -> None:
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._exchange: Exchange | None = None

    def on_headers_complete(self) -> None:
        self._exchange = self._quick()
        if self._exchange is not None:
            self.cycle: Any = self._exchange
            return
        url, headers, expected = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expected
        self.headers.extend(headers)
        super().on_headers_complete()

    def _quick(self) -> Exchange | None:
        """The request as one for the short way, None when it is not."""
        url, parser = self.url, self.parser
        if url not in QUICK_PATHS and not (url.startswith(b"/v2/models/") and url.endswith(b"/infer")):
            return None
        if parser.get_method() != b"POST" or parser.get_http_version() != "1.1" or not parser.should_keep_alive():
            return None
        headers = dict(self.headers)
        length = headers.get(b"content-length", b"")
        if len(length) > 7 or not length.isdigit() or int(length) > self._quick_bytes() or b"%" in url or b"?" in url:
            return None
        if not SLOW_HEADERS.isdisjoint(headers) or (self.cycle is not None and not self.cycle.response_complete):
            return None
        return Exchange(url.decode("ascii"), headers)

    def _quick_bytes(self) -> int:
        return min(QUICK_BYTES, self.routes.serving.settings.max_body_bytes)

    def on_body(self, body: bytes) -> None:
        if self._exchange is None:
            super().on_body(body)
        else:
            self._exchange.body += body

    def on_message_complete(self) -> None:
        exchange = self._exchange
        if exchange is None:
            return super().on_message_complete()
        exchange.task = task = self.loop.create_task(self._answered(exchange))
        self.tasks.add(task)
        return None

    async def _answered(self, exchange: Exchange) -> None:
        try:
            response = await self.routes.answer(Request("POST", exchange.path, exchange.headers, exchange.body))
        finally:
            assert exchange.task is not None
            self.tasks.discard(exchange.task)
        assert not isinstance(response, Streamed), "these paths answer whole"
        if not exchange.disconnected:
            exchange.keep_alive &= not self.routes.serving.draining
            self.transport.write(self._written(response, exchange.keep_alive))
            exchange.response_complete = True
            if not exchange.keep_alive:
                self.transport.close()
            self.on_response_complete()

    # uvicorn ends a timer with every request and sets one with every answer. Here one goes on, and looks back.

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = BUSY

    def on_response_complete(self) -> None:
        if self.timeout_keep_alive_task is None or self.pipeline or self.flow.read_paused:
            self._end_timer()
            super().on_response_complete()
        else:
            self.server_state.total_requests += 1
        self._idle_since = self.loop.time()

    def timeout_keep_alive_handler(self) -> None:
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left <= 0:
            super().timeout_keep_alive_handler()
        elif not self.transport.is_closing():
            wait = min(left, self.timeout_keep_alive)
            self.timeout_keep_alive_task = self.loop.call_later(wait, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_timer()
        super().connection_lost(exc)

    def _end_timer(self) -> None:
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def _written(self, response: Response, keep_alive: bool) -> bytes:
        parts = [STATUS_LINES[response.status], self._default_headers(), b"content-type: ", response.media_type]
        for name, value in response.more:
            parts += b"\r\n", name, b": ", value
        ending = b"\r\n\r\n" if keep_alive else b"\r\nconnection: close\r\n\r\n"
        parts += b"\r\ncontent-length: ", b"%d" % len(response.body), ending, response.body
        return b"".join(parts)

    def _default_headers(self) -> bytes:
        """uvicorn's (the date), which it replaces once a second."""
        headers = self.server_state.default_headers
        known, text = Protocol._dated
        if known is not headers:
            text = b"".join([name + b": " + value + b"\r\n" for name, value in headers])
            Protocol._dated = headers, text
        return text
