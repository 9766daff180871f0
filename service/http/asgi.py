"""ASGI: what a server calls. Our paths are answered here; BentoML's are left to it."""

from __future__ import annotations

import asyncio
import contextlib

from models.errors import SeriesmithError
from service.http.body import read
from service.http.exchange import Application, ClientGone, Receive, Request, Response, Scope, Send, Streamed
from service.http.routes import Routes

BENTOML_PATHS = {"/livez", "/healthz", "/metrics", "/schema.json"}
BENTOML_FOLDERS = ("/static_content/",)


class HttpApplication:
    """Answers our paths; leaves BentoML its own; anything else is a cheap 404."""

    def __init__(self, routes: Routes, bentoml: Application) -> None:
        self.routes, self._bentoml = routes, bentoml

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._bentoml(scope, receive, send)
        path = scope["path"]
        if path in BENTOML_PATHS or path.startswith(BENTOML_FOLDERS):
            self.routes.serving.write_metrics()
            return await self._bentoml(scope, receive, send)
        headers = dict(scope["headers"])
        try:
            if self.routes.named(path) is not None:  # before the body is taken in
                self.routes.authenticate(headers)
            body = await read(headers, receive, self.routes.serving.settings.max_body_bytes)
        except ClientGone:
            return self.routes.left(path)
        except SeriesmithError as error:
            return await _sent(self.routes.failed(path, error), scope, send)
        return await self._answered(Request(scope["method"], path, headers, body), scope, receive, send)

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
        await (_streamed(response, send) if isinstance(response, Streamed) else _sent(response, scope, send))


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _sent(response: Response, scope: Scope, send: Send) -> None:
    length = str(len(response.body)).encode()
    headers = [(b"content-type", response.media_type), (b"content-length", length), *response.more]
    body = b"" if scope["method"] == "HEAD" else response.body
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _streamed(response: Streamed, send: Send) -> None:
    """Chunk by chunk, no faster than the client reads; a failure on the way breaks the connection off."""
    try:
        headers = [(b"content-type", response.media_type), *response.more]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for chunk in response.chunks:
            if chunk:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        response.close()
