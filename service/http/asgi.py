"""ASGI: what a server calls. Our paths are answered here; BentoML's are left to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from models.errors import MethodNotAllowed, SeriesmithError
from service.admission import in_time
from service.exposition import MEDIA_TYPE, render_metrics
from service.http.body import read
from service.http.exchange import Application, ClientGone, Receive, Request, Response, Scope, Send, Streamed
from service.http.routes import Routes

logger = logging.getLogger("bentoml.seriesmith")

SMALL_BYTES = 2**20
"""Of a body that is no operation's."""

BENTOML_PATHS = {"/livez", "/healthz", "/schema.json"}
BENTOML_FOLDERS = ("/static_content/",)


class HttpApplication:
    """Answers our paths; leaves BentoML its own; anything else is a cheap 404."""

    def __init__(self, routes: Routes, bentoml: Application) -> None:
        self.routes, self._bentoml = routes, bentoml

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._bentoml(scope, receive, send)
        path = scope["path"]
        if path == "/metrics":
            return await _sent(await self._metrics(scope["method"]), scope, send)
        if path in BENTOML_PATHS or path.startswith(BENTOML_FOLDERS):
            return await self._bentoml(scope, receive, send)
        headers = dict(scope["headers"])
        try:
            if self.routes.named(path) is not None:  # before the body is taken in
                self.routes.authenticate(headers)
            limit = self.routes.serving.settings.max_body_bytes
            body = await read(headers, receive, limit if self.routes.named(path) else min(limit, SMALL_BYTES))
        except ClientGone:
            return self.routes.left(path)
        except SeriesmithError as error:
            return await _sent(self.routes.failed(path, error), scope, send)
        return await self._answered(Request(scope["method"], path, headers, body), scope, receive, send)

    async def _metrics(self, method: str) -> Response:
        if method not in ("GET", "HEAD"):
            return self.routes.failed("/metrics", MethodNotAllowed(f"/metrics is read by GET, not {method}.", "GET"))
        return Response(await render_metrics(self.routes.serving.numbers), MEDIA_TYPE)

    async def _answered(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, unless the client leaves first: then the work ends too."""
        task = asyncio.ensure_future(self._exchange(request, scope, send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait((task, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        finally:
            task.cancel()
            leaving.cancel()

    async def _exchange(self, request: Request, scope: Scope, send: Send) -> None:
        response = await self.routes.answer(request)
        if self.routes.serving.draining:
            response.more = (*response.more, (b"connection", b"close"))
        if isinstance(response, Streamed):
            await self._streamed(response, send)
        else:
            await _sent(response, scope, send)

    async def _streamed(self, response: Streamed, send: Send) -> None:
        """Chunk by chunk, no faster than the client reads; a failure on the way breaks the connection off.

        A client that reads nothing for as long as an answer may take is let go: what it holds, others wait for.
        """
        headers = [(b"content-type", response.media_type), *response.more]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async with contextlib.aclosing(response.chunks) as chunks:
                async for chunk in chunks:
                    if chunk:
                        message = {"type": "http.response.body", "body": chunk, "more_body": True}
                        await in_time(self.routes.serving, send(message))
            await send({"type": "http.response.body", "body": b""})
        except SeriesmithError as error:
            logger.warning("a stream was broken off: %s", error.message)
        finally:
            response.close()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _sent(response: Response, scope: Scope, send: Send) -> None:
    length = str(len(response.body)).encode()
    headers = [(b"content-type", response.media_type), (b"content-length", length), *response.more]
    body = b"" if scope["method"] == "HEAD" else response.body
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
