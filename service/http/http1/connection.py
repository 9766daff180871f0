"""One HTTP/1.1 connection: its requests in order, each within deadlines and budgets.

It stands where uvicorn expects one of its own protocols, and does without ASGI for all but BentoML's paths.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, cast

from uvicorn.config import Config

from models.errors import RequestTimeout, SeriesmithError, TooLarge, Unavailable
from service.http.exchange import Request, Response, Streamed
from service.http.http1.bridge import Bridge
from service.http.http1.deadline import NEVER, Deadline
from service.http.http1.head import Head
from service.http.http1.places import Places
from service.http.http1.reader import END, Reader
from service.http.http1.writing import (
    CLOSE,
    CONTINUE,
    KEEP,
    LAST_CHUNK,
    PLAIN,
    write_chunk,
    write_head,
    write_response,
)
from service.http.routes import Routes, refused
from service.http.table import Match

if TYPE_CHECKING:
    from uvicorn.server import ServerState

logger = logging.getLogger("bentoml.seriesmith")

WAITING_BYTES = 64 * 2**10
"""Of later requests, while one is answered; then reading stops."""

SKIPPED_BYTES = 64 * 2**10
"""A refused request's body up to so long is read, so that its connection can go on."""

LINGER_SECONDS = 3.0
LINGER_BYTES = 64 * 2**20
"""How long, and of how much more, a connection that is about to close is read, so that its client gets to read why."""

WRITTEN_BYTES = 32 * 2**10
"""How much of an answer a client must read in each of the periods that a write may take."""

STOP_SECONDS = 0.1
"""How long a connection without a request stays open when the server stops: one may have been sent already."""


class Phase(Enum):
    """What a connection waits for."""

    IDLE = "a request"
    HEAD = "the rest of a head"
    BODY = "the rest of a body"
    ANSWER = "an answer"
    LINGER = "the client to read and leave"
    CLOSED = "what was written to be sent"


class Exchange:
    """One request and its answer."""

    __slots__ = ("body", "error", "head", "held", "keep_alive", "match", "start", "task")

    def __init__(self, head: Head) -> None:
        self.head = head
        self.match: Match | None = None
        self.body: bytes | bytearray = b""
        self.held = 0
        self.error: SeriesmithError | None = None
        self.keep_alive = head.keep_alive
        self.start = 0.0
        self.task: asyncio.Task[None] | None = None


class Connection(asyncio.Protocol):
    """Made by uvicorn for every connection; `routes` and `places` are those of the worker."""

    routes: ClassVar[Routes]
    places: ClassVar[Places]
    _dated: ClassVar[tuple[list[tuple[bytes, bytes]] | None, bytes]] = (None, b"")

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        self.config, self.server_state, self.app_state = config, server_state, app_state
        self.loop = _loop or asyncio.get_running_loop()
        self.transport: asyncio.Transport
        self._serving = self.routes.serving
        self._settings = settings = self._serving.settings
        self._keep_alive = float(config.timeout_keep_alive)
        self._tick = min(
            self._keep_alive,
            settings.head_seconds,
            settings.body_seconds,
            settings.write_seconds,
            settings.timeout_seconds,
            LINGER_SECONDS,
        )
        self._reader = Reader()
        self._exchange: Exchange | None = None
        self._phase = Phase.IDLE
        self._due = self._write_due = self._last = NEVER
        self._placed = self._reading_paused = self._stopping = False
        self._unread = self._skipped = 0
        self._writable: asyncio.Future[None] | None = None

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._deadline = Deadline(self.loop, self._tick, self._expire)
        self.server_state.connections.add(cast(Any, self))
        self._placed = self.places.enter(self)
        if not self._placed:
            error = Unavailable("the server has as many connections as it can have; try again in a moment.")
            self._refuse(error, "")
            return
        self._wait(Phase.IDLE, self._settings.head_seconds)

    def data_received(self, data: bytes) -> None:
        phase = self._phase
        if phase is Phase.LINGER:
            self._skipped += len(data)
            if self._skipped > LINGER_BYTES:
                self.transport.abort()
            return
        if phase is Phase.CLOSED:
            return
        self._reader.feed(data)
        if phase is not Phase.ANSWER and not self._unread:
            self._advance()
        elif self._reader.buffered > WAITING_BYTES and not self._reading_paused:
            self._reading_paused = True
            self.transport.pause_reading()

    def eof_received(self) -> bool | None:
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.end()
        self.server_state.connections.discard(cast(Any, self))
        if self._placed:
            self.places.leave(self)
        self._give_unread()
        exchange, self._phase = self._exchange, Phase.CLOSED
        if exchange is not None:
            if exchange.task is not None:
                exchange.task.cancel()
            else:
                self._release(exchange)
                if exchange.error is None:
                    self.routes.left(exchange.head.path)
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    def pause_writing(self) -> None:
        self._unread = self.transport.get_write_buffer_size()
        self._serving.bytes.force(self._unread)
        self._write_due = self.loop.time() + self._settings.write_seconds
        self._arm()

    def resume_writing(self) -> None:
        self._give_unread()
        self._write_due = NEVER
        if self._phase is Phase.IDLE:
            self._wait(Phase.IDLE, self._keep_alive)
        elif self._phase in (Phase.LINGER, Phase.CLOSED):
            self._wait(self._phase, LINGER_SECONDS)
        else:
            self._arm()
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        if self._phase is Phase.IDLE:
            self._go_on()

    # What uvicorn calls.

    def shutdown(self) -> None:
        """Let a request under way end, in a bounded time; without one close, unless one has been sent already."""
        self._stopping = True
        self._last = self.loop.time() + self._settings.timeout_seconds
        self._arm()
        if self._phase is Phase.IDLE:
            self.loop.call_later(STOP_SECONDS, self.give_way)

    def give_way(self) -> None:
        """Close, if no request is under way."""
        if self._phase is Phase.IDLE or (self._phase is Phase.HEAD and not self._stopping):
            self._close()

    # Deadlines.

    def _wait(self, phase: Phase, seconds: float) -> None:
        self._phase = phase
        self._due = self.loop.time() + seconds
        self._arm()

    def _arm(self) -> None:
        due, bound = self._due, self._write_due
        if self._last < bound:
            bound = self._last
        self._deadline.at = due if due < bound else bound

    def _expire(self) -> None:
        """Act on the deadline that has passed."""
        now, phase = self.loop.time(), self._phase
        if now >= self._last:
            self.transport.abort()
        elif now >= self._write_due:
            self._expire_write()
        elif self._unread and phase is not Phase.BODY:
            self._due = NEVER  # until it is read
            self._arm()
        elif phase in (Phase.LINGER, Phase.CLOSED):
            self.transport.abort()
        elif phase is Phase.HEAD:
            self._refuse(_late("headers", self._settings.head_seconds), self._target())
        elif phase is Phase.BODY and self._exchange is not None:
            self._refuse(_late("body", self._settings.body_seconds), self._exchange.head.path)
        elif phase is Phase.IDLE:
            self._close()

    def _expire_write(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if self._unread - unread < WRITTEN_BYTES:
            self.transport.abort()
            return
        self._serving.bytes.give(self._unread - unread)
        self._unread = unread
        self._write_due = self.loop.time() + self._settings.write_seconds
        self._arm()

    # Reading.

    def _advance(self) -> None:
        """Go through what has arrived."""
        reader = self._reader
        try:
            while (event := reader.next()) is not None:
                if event is END:
                    return self._complete()
                if isinstance(event, bytes):
                    self._take(event)
                elif isinstance(event, Head):
                    self._begin(event)
                    if self._exchange is None:
                        return None
        except SeriesmithError as error:
            exchange = self._exchange
            return self._refuse(error, exchange.head.path if exchange is not None else self._target())
        if self._exchange is None and reader.buffered and self._phase is Phase.IDLE:
            self._wait(Phase.HEAD, self._settings.head_seconds)
        return None

    def _begin(self, head: Head) -> None:
        """Admit or refuse a request before its body is held; where that ends the connection no exchange is left."""
        exchange = self._exchange = Exchange(head)
        exchange.start = self.loop.time()
        self.places.work(self)
        try:
            exchange.match = match = self.routes.admit(head.method, head.path, head.headers)
            if head.length:
                _require_fitting(head.length, match)
                self._serving.bytes.take(head.length)
                exchange.held = head.length
        except SeriesmithError as error:
            exchange.error = error
            if head.expects_continue or head.length is None or head.length > SKIPPED_BYTES:
                self._refuse(error, head.path)
                return
        if head.length == 0:
            return
        self._wait(Phase.BODY, self._settings.body_seconds)
        if head.expects_continue and not self._reader.buffered:
            self.transport.write(CONTINUE)

    def _take(self, piece: bytes) -> None:
        """Hold a piece of a body. Raises a `SeriesmithError` where it does not fit."""
        exchange = self._exchange
        assert exchange is not None
        if exchange.error is not None:
            return
        if exchange.head.length is None:
            assert exchange.match is not None
            _require_fitting(len(exchange.body) + len(piece), exchange.match)
            self._serving.bytes.take(len(piece))
            exchange.held += len(piece)
        if not exchange.body:
            exchange.body = piece
        else:
            if isinstance(exchange.body, bytes):
                exchange.body = bytearray(exchange.body)
            exchange.body += piece

    def _complete(self) -> None:
        """Answer a request that is there."""
        exchange = self._exchange
        assert exchange is not None
        self._phase, self._due = Phase.ANSWER, NEVER
        self._arm()
        exchange.task = task = self.loop.create_task(self._answer(exchange))
        self.server_state.tasks.add(task)

    # Answering.

    async def _answer(self, exchange: Exchange) -> None:
        task = exchange.task
        assert task is not None
        try:
            await self._respond(exchange)
        except asyncio.CancelledError:
            self.transport.abort()  # the client has left, or the server ends
            return
        except Exception:
            logger.exception("answering %s %s failed", exchange.head.method, exchange.head.path[:200])
            self.transport.abort()
            return
        finally:
            self.server_state.tasks.discard(task)
            self._release(exchange)
        self._finish(exchange)

    async def _respond(self, exchange: Exchange) -> None:
        head, match = exchange.head, exchange.match
        if exchange.error is not None:
            self._write(exchange, self.routes.failed(head.path, exchange.error))
            return
        assert match is not None
        body = exchange.body if isinstance(exchange.body, bytes) else bytes(exchange.body)
        exchange.body = b""
        request = Request(head.method, head.path, head.headers, body)
        if match.route.handler is None:
            await Bridge(self, exchange, request).run()
            return
        del body
        response = await self.routes.answer(match, request)
        if isinstance(response, Streamed):
            await self._stream(exchange, response)
        else:
            self._write(exchange, response)

    def _write(self, exchange: Exchange, response: Response) -> None:
        self.routes.allow_origin(response, exchange.head.headers)
        ending = self.ending(exchange)
        self.transport.write(write_response(response, self.dated(), ending, exchange.head.method == "HEAD"))
        self._log(exchange, response.status, response.media_type, len(response.body))

    def _log(self, exchange: Exchange, status: int, media_type: bytes, length: int | None) -> None:
        log = self.routes.bentoml.access_log
        if log is None:
            return
        info, head = self.transport.get_extra_info, exchange.head
        peer = info("peername")
        client = f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) and len(peer) > 1 else "_"
        request = ("https" if info("sslcontext") else "http", head.method, head.path, head.headers)
        log.write(client, request, (status, media_type, length), self.loop.time() - exchange.start)

    def ending(self, exchange: Exchange) -> bytes:
        """What ends the head of an answer; decides whether the connection goes on."""
        exchange.keep_alive = exchange.keep_alive and not self._serving.draining and not self._stopping
        if not exchange.keep_alive:
            return CLOSE
        return PLAIN if exchange.head.minor else KEEP

    async def _stream(self, exchange: Exchange, response: Streamed) -> None:
        """Chunk by chunk, no faster than the client reads; a failure on the way breaks the connection off."""
        chunked = exchange.head.minor == 1
        self.routes.allow_origin(response, exchange.head.headers)
        headers = [(b"content-type", response.media_type), *response.more]
        if chunked:
            headers.append((b"transfer-encoding", b"chunked"))
        else:
            exchange.keep_alive = False
        try:
            self.transport.write(write_head(200, headers, self.dated(), self.ending(exchange)))
            async with contextlib.aclosing(response.chunks) as chunks:
                async for chunk in chunks:
                    if chunk:
                        self.transport.write(write_chunk(chunk) if chunked else chunk)
                        await self.drain()
            if chunked:
                self.transport.write(LAST_CHUNK)
            self._log(exchange, 200, response.media_type, None)
        except SeriesmithError as error:
            logger.warning("a stream was broken off: %s", error.message)
            self.transport.abort()
        finally:
            response.close()

    async def drain(self) -> None:
        """Wait until the client has read enough."""
        if self._unread:
            self._writable = self.loop.create_future()
            await self._writable

    def dated(self) -> bytes:
        """uvicorn's lines for all answers (the date), which it replaces once a second."""
        headers = self.server_state.default_headers
        known, text = Connection._dated
        if known is not headers:
            text = b"".join([name + b": " + value + b"\r\n" for name, value in headers])
            Connection._dated = headers, text
        return text

    def _finish(self, exchange: Exchange) -> None:
        """Close, or go on with the next request."""
        self._exchange = None
        self.server_state.total_requests += 1
        if self._phase is not Phase.ANSWER:
            return
        if not exchange.keep_alive:
            if exchange.head.keep_alive and self.transport.can_write_eof():
                self._linger()
            else:
                self._close()
            return
        self.places.rest(self)
        self._wait(Phase.IDLE, self._keep_alive)
        self._go_on()

    def _go_on(self) -> None:
        """Read on, unless the client has answers to read first."""
        if self._unread:
            return
        if self._reading_paused and not self.transport.is_closing():
            self._reading_paused = False
            self.transport.resume_reading()
        if self._phase is Phase.IDLE and self._reader.buffered:
            self._advance()

    # Ending.

    def _refuse(self, error: SeriesmithError, path: str) -> None:
        """Answer what cannot be read, or is not wanted, and close once the client could read that."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            self._release(exchange)
        response = self.routes.failed(path, error) if exchange is not None else refused(error, path)
        bodiless = exchange is not None and exchange.head.method == "HEAD"
        if exchange is not None:
            self.routes.allow_origin(response, exchange.head.headers)
            self._log(exchange, response.status, response.media_type, len(response.body))
        self.transport.write(write_response(response, self.dated(), CLOSE, bodiless))
        self._linger()

    def _linger(self) -> None:
        """Close our side; read on for a while, since closing both would discard what the client has not read yet."""
        self.places.work(self)
        self._wait(Phase.LINGER, LINGER_SECONDS)
        if self._reading_paused and not self.transport.is_closing():
            self._reading_paused = False
            self.transport.resume_reading()
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()

    def _close(self) -> None:
        self.places.work(self)
        self._wait(Phase.CLOSED, self._settings.write_seconds)
        self.transport.close()

    def _release(self, exchange: Exchange) -> None:
        self._serving.bytes.give(exchange.held)
        exchange.held, exchange.body = 0, b""

    def _give_unread(self) -> None:
        self._serving.bytes.give(self._unread)
        self._unread = 0

    def _target(self) -> str:
        return self._reader.target.decode("latin-1")


def _late(what: str, seconds: float) -> RequestTimeout:
    return RequestTimeout(f"the request's {what} did not arrive within {seconds:g} s; send it faster, or less of it.")


def _require_fitting(size: int, match: Match) -> None:
    limit = match.route.max_body_bytes
    if size > limit:
        raise TooLarge(f"the body is larger than {limit} bytes; send several requests.")
