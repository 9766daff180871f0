"""One HTTP/1.1 connection: its requests in order, each within deadlines and budgets.

It stands where uvicorn expects one of its own protocols, and does without ASGI for all but BentoML's paths.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar, cast

from uvicorn.config import Config

from bundle.errors import RequestTimeout, SeriesmithError, Unavailable
from service.budget import Budget
from service.http.body import SpooledBody, explain_too_large
from service.http.exchange import Response
from service.http.http1.answering import answer, end_observing, log_access, note_status, observe
from service.http.http1.deadline import NEVER, Deadline
from service.http.http1.exchange import Exchange
from service.http.http1.head import Head
from service.http.http1.places import Places
from service.http.http1.reader import END, Reader
from service.http.http1.unread import Unread
from service.http.http1.writing import CLOSE, CONTINUE, KEEP, PLAIN, write_response
from service.http.routes import Routes, build_refusal
from service.http.table import Match
from service.observing.observer import CLIENT_LEFT
from service.observing.record import make_current

if TYPE_CHECKING:
    from uvicorn.server import ServerState

WAITING_BYTES = 64 * 2**10
"""Of later requests, while one is answered; then reading stops."""

SKIPPED_BYTES = 64 * 2**10
"""A refused request's body up to so long is read, so that its connection can go on."""

LINGER_SECONDS = 3.0
LINGER_BYTES = 64 * 2**20
"""How long, and of how much more, a connection that is about to close is read, so that its client gets to read why."""

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


class Http1Connection(asyncio.Protocol):
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
        self.serving = self.routes.serving
        self._settings = settings = self.serving.settings
        self._keep_alive = float(config.timeout_keep_alive)
        self._tick = min(
            self._keep_alive,
            settings.head_seconds,
            settings.body_seconds,
            settings.write_seconds,
            settings.timeout_seconds,
            LINGER_SECONDS,
        )
        self.unread = Unread(self.loop, self.serving.bytes, settings.write_seconds)
        self.stopping = False
        self._reader = Reader()
        self._exchange: Exchange | None = None
        self._phase = Phase.IDLE
        self._due = self._last = NEVER
        self._placed = self._reading_paused = False
        self._skipped = 0

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
        if phase is not Phase.ANSWER and not self.unread.size:
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
        exchange, self._phase = self._exchange, Phase.CLOSED
        if exchange is not None:
            if exchange.task is not None:
                exchange.task.cancel()
                exchange.task.add_done_callback(lambda _: self.release(exchange))  # it may not have begun
            else:
                self.release(exchange)
                self._count_leaving(exchange)
        self.unread.release()

    def _count_leaving(self, exchange: Exchange) -> None:
        """Count and log a client that left before its request was whole."""
        observe(self, exchange)
        with make_current(exchange.record):
            if exchange.error is None:
                self.routes.count_leaving(exchange.head.path)
        note_status(exchange, CLIENT_LEFT, 0)
        end_observing(self, exchange)

    def pause_writing(self) -> None:
        self.unread.hold(self.transport.get_write_buffer_size())
        self._arm()

    def resume_writing(self) -> None:
        self.unread.release()
        if self._phase is Phase.IDLE:
            self._wait(Phase.IDLE, self._keep_alive)
            self._go_on()
        elif self._phase in (Phase.LINGER, Phase.CLOSED):
            self._wait(self._phase, LINGER_SECONDS)
        else:
            self._arm()

    # What uvicorn calls.

    def shutdown(self) -> None:
        """Let a request under way end, in a bounded time; without one close, unless one has been sent already."""
        self.stopping = True
        self._last = self.loop.time() + self._settings.timeout_seconds
        self._arm()
        if self._phase is Phase.IDLE:
            self.loop.call_later(STOP_SECONDS, self.give_way)

    def give_way(self) -> None:
        """Close, if no request is under way."""
        if self._phase is Phase.IDLE or (self._phase is Phase.HEAD and not self.stopping):
            self._close()

    # Deadlines.

    def _wait(self, phase: Phase, seconds: float) -> None:
        self._phase = phase
        self._due = self.loop.time() + seconds
        self._arm()

    def _arm(self) -> None:
        due, bound, last = self._due, self.unread.due, self._last
        if last < bound:
            bound = last
        self._deadline.at = due if due < bound else bound

    def _expire(self) -> None:
        """Act on the deadline that has passed."""
        now, phase = self.loop.time(), self._phase
        if now >= self._last:
            self.transport.abort()
        elif now >= self.unread.due:
            if self.unread.has_shrunk(self.transport.get_write_buffer_size()):
                self._arm()
            else:
                self.transport.abort()
        elif self.unread.size and phase is not Phase.BODY:
            self._due = NEVER  # until it is read
            self._arm()
        elif phase in (Phase.LINGER, Phase.CLOSED):
            self.transport.abort()
        elif phase is Phase.HEAD:
            self._refuse(_explain_late("headers", self._settings.head_seconds), self._find_target())
        elif phase is Phase.BODY and self._exchange is not None:
            self._refuse(_explain_late("body", self._choose_body_seconds()), self._exchange.head.path)
        elif phase is Phase.IDLE:
            self._close()

    # Reading.

    def _advance(self) -> None:
        """Go through what has arrived."""
        reader = self._reader
        try:
            while (event := reader.read_event()) is not None:
                if event is END:
                    return self._complete()
                if isinstance(event, bytes):
                    self._take(event)
                elif isinstance(event, Head) and self._begin(event):
                    return None
        except SeriesmithError as error:
            exchange = self._exchange
            return self._refuse(error, exchange.head.path if exchange is not None else self._find_target())
        if self._exchange is None and reader.buffered and self._phase is Phase.IDLE:
            self._wait(Phase.HEAD, self._settings.head_seconds)
        return None

    def _begin(self, head: Head) -> bool:
        """Admit or refuse a request before its body is held; whether there is nothing more to read now."""
        exchange = self._exchange = Exchange(head, self.loop.time())
        self.places.work(self)
        try:
            exchange.match = match = self.routes.admit(head.method, head.path, head.headers)
            if head.length:
                _require_fitting(head.length, match)
                self._choose_budget(exchange).take(head.length)
                exchange.held = head.length
        except SeriesmithError as error:
            exchange.error = error
            if head.expects_continue or head.length is None or head.length > SKIPPED_BYTES:
                self._refuse(error, head.path)
                return True
        body = self._reader.take_body()
        if body is not None:
            exchange.body = body
            self._complete()
            return True
        if exchange.match is not None and exchange.match.route.spool is not None:
            exchange.body = SpooledBody()
        self._wait(Phase.BODY, self._choose_body_seconds())
        if head.expects_continue and not self._reader.buffered:
            self.transport.write(CONTINUE)
        return False

    def _choose_body_seconds(self) -> float:
        """How long the body of this request may take to arrive."""
        match = self._exchange.match if self._exchange is not None else None
        return (match.route.body_seconds if match is not None else None) or self._settings.body_seconds

    def _choose_budget(self, exchange: Exchange) -> Budget:
        """What the body of a request is taken from: memory, or the files of its row."""
        return (exchange.match.route.spool if exchange.match is not None else None) or self.serving.bytes

    def _take(self, piece: bytes) -> None:
        """Hold a piece of a body. Raises a `SeriesmithError` where it does not fit."""
        exchange = self._exchange
        assert exchange is not None
        if exchange.error is not None:
            return
        if exchange.head.length is None:
            assert exchange.match is not None
            _require_fitting(exchange.held + len(piece), exchange.match)
            self._choose_budget(exchange).take(len(piece))
            exchange.held += len(piece)
        if isinstance(exchange.body, bytes):
            if not exchange.body:
                exchange.body = piece
                return
            whole = BytesIO()  # which hands over what it holds without a copy
            whole.write(exchange.body)
            exchange.body = whole
        exchange.body.write(piece)

    def _complete(self) -> None:
        """Answer a request that is there."""
        exchange = self._exchange
        assert exchange is not None
        self._phase, self._due = Phase.ANSWER, NEVER
        self._arm()
        exchange.task = task = self.loop.create_task(answer(self, exchange))
        self.server_state.tasks.add(task)

    # What `answer` and `Bridge` call.

    def write_date(self) -> bytes:
        """uvicorn's lines for all answers (the date), which it replaces once a second."""
        headers = self.server_state.default_headers
        known, text = Http1Connection._dated
        if known is not headers:
            text = b"".join([name + b": " + value + b"\r\n" for name, value in headers])
            Http1Connection._dated = headers, text
        return text

    def choose_ending(self, exchange: Exchange) -> bytes:
        """What ends the head of an answer; decides whether the connection goes on."""
        if self.stopping or self.serving.draining:
            exchange.keep_alive = False
        if not exchange.keep_alive:
            return CLOSE
        return PLAIN if exchange.head.minor else KEEP

    def release(self, exchange: Exchange) -> None:
        """Hold nothing of a request any more."""
        if exchange.task is not None:
            self.server_state.tasks.discard(exchange.task)
        if exchange.held:
            self._choose_budget(exchange).give(exchange.held)
        exchange.held, exchange.body = 0, b""

    def finish(self, exchange: Exchange) -> None:
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
        if self.unread.size:
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
        response = self._answer_unread(error, path) if exchange is None else self._answer_refused(exchange, error)
        bodiless = exchange is not None and exchange.head.method == "HEAD"
        self.transport.write(write_response(response, self.write_date(), CLOSE, bodiless))
        self._linger()

    def _answer_refused(self, exchange: Exchange, error: SeriesmithError) -> Response:
        """Answer, count and log a request whose head was read."""
        observe(self, exchange)
        self.release(exchange)
        with make_current(exchange.record):
            response = self.routes.answer_failure(exchange.head.path, error)
        self.routes.add_headers(response, exchange.head.headers, exchange.record)
        log_access(self, exchange, response.status, response.media_type, len(response.body))
        note_status(exchange, response.status, len(response.body))
        end_observing(self, exchange)
        return response

    def _answer_unread(self, error: SeriesmithError, path: str) -> Response:
        """Answer and log what is no request."""
        unread = Exchange(Head("", b"", path, b"", {}, 0, 1, False, False), self.loop.time())
        observe(self, unread)
        with make_current(unread.record):
            response = build_refusal(error, path)
        note_status(unread, response.status, len(response.body))
        end_observing(self, unread)
        return response

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

    def _find_target(self) -> str:
        return self._reader.target.decode("latin-1")


def _explain_late(what: str, seconds: float) -> RequestTimeout:
    return RequestTimeout(f"the request's {what} did not arrive within {seconds:g} s; send it faster, or less of it.")


def _require_fitting(size: int, match: Match) -> None:
    limit = match.route.max_body_bytes
    if size > limit:
        raise explain_too_large(limit)
