"""ASGI: what a server calls. Our paths are answered here; BentoML's are left to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

from bundle.errors import SeriesmithError
from service.admission import finish_in_time
from service.http.body import read_body, spool_body
from service.http.exchange import Application, ClientGone, Message, Receive, Request, Response, Scope, Send, Streamed
from service.http.observing import build_arrival
from service.http.routes import Routes
from service.http.table import Match
from service.observing.observer import CLIENT_LEFT
from service.observing.record import CURRENT, Record, describe_peer, make_current, note_error, note_read

logger = logging.getLogger("bentoml.seriesmith")


class HttpApplication:
    """Answers our paths; leaves BentoML its own; anything else is a cheap 404."""

    def __init__(self, routes: Routes, bentoml: Application) -> None:
        self.routes, self._bentoml = routes, bentoml

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._bentoml(scope, receive, send)
        headers, observer = dict(scope["headers"]), self.routes.serving.observer
        if observer is None or CURRENT.get() is not None:  # it came through service/http/http1, which observes it
            return await self._receive(headers, scope, receive, send)
        client = describe_peer(scope.get("client"))
        arrival = build_arrival(scope["method"], scope["path"], headers, client, time.perf_counter())
        record = observer.begin(arrival)
        with make_current(record):
            try:
                await self._receive(headers, scope, receive, _note_sent(record, send))
            finally:
                record.status = record.status or CLIENT_LEFT
                record.mark("answer")
                observer.end(record)

    async def _receive(self, headers: dict[bytes, bytes], scope: Scope, receive: Receive, send: Send) -> None:
        """Receive a request's body and answer it, or refuse it."""
        path, method = scope["path"], scope["method"]
        try:
            match = self.routes.admit(method, path, headers)
            if match.route.handler is None:
                return await self._bentoml(scope, receive, send)
            request = Request(method, path, headers, b"", scope["query_string"])
            if match.route.spool is not None:
                spooled = await spool_body(headers, receive, match.route.max_body_bytes)
                request.file = spooled.open()
            else:
                request.body = await read_body(headers, receive, match.route.max_body_bytes)
            note_read(len(request.body))
        except ClientGone:
            return self.routes.count_leaving(path)
        except SeriesmithError as error:
            refusal = self.routes.answer_failure(path, error)
            self.routes.add_headers(refusal, headers, CURRENT.get())
            return await _send(refusal, scope, send)
        return await self._answer(match, request, scope, receive, send)

    async def _answer(self, match: Match, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, unless the client leaves first: then the work ends too."""
        task = asyncio.ensure_future(self._exchange(match, request, scope, send))
        leaving = asyncio.ensure_future(_wait_until_left(receive))
        try:
            await asyncio.wait((task, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        finally:
            task.cancel()
            leaving.cancel()

    async def _exchange(self, match: Match, request: Request, scope: Scope, send: Send) -> None:
        response = await self.routes.answer(match, request)
        self.routes.add_headers(response, request.headers, CURRENT.get())
        if self.routes.serving.draining:
            response.more = (*response.more, (b"connection", b"close"))
        if isinstance(response, Streamed):
            await self._stream(response, send)
        else:
            await _send(response, scope, send)

    async def _stream(self, response: Streamed, send: Send) -> None:
        """Send chunk by chunk, no faster than the client reads; a failure on the way breaks the connection off.

        A client that reads nothing for as long as an answer may take is cut off, since others wait for what it holds.
        """
        headers = [(b"content-type", response.media_type), *response.more]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async with contextlib.aclosing(response.chunks) as chunks:
                async for chunk in chunks:
                    if chunk:
                        message = {"type": "http.response.body", "body": chunk, "more_body": True}
                        await finish_in_time(self.routes.serving, send(message))
            await send({"type": "http.response.body", "body": b""})
        except SeriesmithError as error:
            logger.warning("a stream was broken off: %s", error.message)
            note_error(error)
        finally:
            response.close()


def _note_sent(record: Record, send: Send) -> Send:
    """Return `send`, which also notes the status and the bytes of an answer."""

    async def send_and_note(message: Message) -> None:
        record.status = message.get("status", record.status)
        record.answer_bytes += len(message.get("body", b""))
        await send(message)

    return send_and_note


async def _wait_until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(response: Response, scope: Scope, send: Send) -> None:
    length = str(len(response.body)).encode()
    headers = [(b"content-type", response.media_type), (b"content-length", length), *response.more]
    body = b"" if scope["method"] == "HEAD" else response.body
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
