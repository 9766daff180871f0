"""BentoML's own paths: one request as ASGI has it."""

from __future__ import annotations

import asyncio

from service.http.exchange import Message, Request, Scope
from service.http.http1.exchange import Answerable, Exchange
from service.http.http1.writing import LAST_CHUNK, write_chunk, write_head
from service.http.observing import find_request_id
from service.observing.request_id import NAME as REQUEST_ID


class Bridge:
    """Calls uvicorn's application with a request whose body is there, and writes what it sends."""

    def __init__(self, connection: Answerable, exchange: Exchange, request: Request) -> None:
        self._connection, self._exchange, self._request = connection, exchange, request
        self._read = self._chunked = self._ended = False
        self._bodiless = request.method == "HEAD"

    async def run(self) -> None:
        """Run the application on the request. Raises what the application raises."""
        await self._connection.config.loaded_app(self._build_scope(), self._receive, self._send)
        if not self._ended:
            raise RuntimeError("the application ended without an answer")

    def _build_scope(self) -> Scope:
        connection, head = self._connection, self._exchange.head
        transport, config = connection.transport, connection.config
        path = head.target.partition(b"?")[0]
        return {
            "type": "http",
            "asgi": {"version": config.asgi_version, "spec_version": "2.3"},
            "http_version": f"1.{head.minor}",
            "server": _parse_address(transport.get_extra_info("sockname")),
            "client": _parse_address(transport.get_extra_info("peername")),
            "scheme": "https" if transport.get_extra_info("sslcontext") else "http",
            "method": head.method,
            "root_path": config.root_path,
            "path": config.root_path + head.path,
            "raw_path": config.root_path.encode() + path,
            "query_string": head.query,
            "headers": list(head.headers.items()),
            "state": connection.app_state.copy(),
        }

    async def _receive(self) -> Message:
        if not self._read:
            self._read = True
            return {"type": "http.request", "body": self._request.body, "more_body": False}
        await asyncio.get_running_loop().create_future()  # the task is cancelled when the client leaves
        raise AssertionError("nobody sets that future")

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start(message)
        elif message["type"] == "http.response.body" and not self._ended:
            await self._write(message.get("body", b""), bool(message.get("more_body")))

    def _start(self, message: Message) -> None:
        connection, exchange = self._connection, self._exchange
        headers = [
            (name.lower(), value)
            for name, value in message.get("headers", ())
            if name.lower() not in (b"connection", b"transfer-encoding")
        ]
        status: int = message["status"]
        self._bodiless = self._bodiless or status in (204, 304)
        if not self._bodiless and not any(name == b"content-length" for name, _ in headers):
            if exchange.head.minor == 1:
                self._chunked = True
                headers.append((b"transfer-encoding", b"chunked"))
            else:
                exchange.keep_alive = False
        record = exchange.record
        if request_id := find_request_id(exchange.head.headers, record):
            headers.append((REQUEST_ID, request_id))
        if record is not None:
            record.status = status
        ending = connection.choose_ending(exchange)
        connection.transport.write(write_head(status, headers, connection.write_date(), ending))

    async def _write(self, body: bytes, more: bool) -> None:
        connection = self._connection
        if body and not self._bodiless:
            connection.transport.write(write_chunk(body) if self._chunked else body)
            await connection.unread.wait()
        if not more:
            self._ended = True
            if self._chunked:
                connection.transport.write(LAST_CHUNK)


def _parse_address(name: object) -> tuple[str, int] | None:
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) and len(name) >= 2 else None
