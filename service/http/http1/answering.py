"""Answers a request that has been read: whole, chunk by chunk, or by BentoML."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from bundle.errors import SeriesmithError
from service.http.body import SpooledBody
from service.http.exchange import Request, Response, Streamed
from service.http.http1.bridge import Bridge
from service.http.http1.exchange import Answerable, Exchange
from service.http.http1.writing import LAST_CHUNK, write_chunk, write_head, write_response
from service.http.table import Match

logger = logging.getLogger("bentoml.seriesmith")


async def answer(connection: Answerable, exchange: Exchange) -> None:
    """Answer a request; tells the connection when that is over. A failure on the way breaks the connection off."""
    head, match = exchange.head, exchange.match
    try:
        if exchange.error is not None:
            write_whole(connection, exchange, connection.routes.answer_failure(head.path, exchange.error))
        else:
            assert match is not None
            request = _build_request(exchange, match)
            if match.route.handler is None:
                await Bridge(connection, exchange, request).run()
            else:
                response = await connection.routes.answer(match, request)
                if isinstance(response, Response):
                    write_whole(connection, exchange, response)
                else:
                    await _stream(connection, exchange, response)
    except asyncio.CancelledError:
        connection.transport.abort()  # the client has left, or the server ends
        return
    except Exception:
        logger.exception("answering %s %s failed", head.method, head.path[:200])
        connection.transport.abort()
        return
    finally:
        connection.release(exchange)
    connection.finish(exchange)


def _build_request(exchange: Exchange, match: Match) -> Request:
    """Build the request of an exchange, whose body is handed over."""
    head, body = exchange.head, exchange.body
    exchange.body = b""
    if match.route.spool is not None:
        spooled = body if isinstance(body, SpooledBody) else SpooledBody.of(body if isinstance(body, bytes) else b"")
        return Request(head.method, head.path, head.headers, b"", head.query, spooled.open())
    assert not isinstance(body, SpooledBody)
    plain = body if isinstance(body, bytes) else body.getvalue()
    return Request(head.method, head.path, head.headers, plain, head.query)


def write_whole(connection: Answerable, exchange: Exchange, response: Response) -> None:
    """Write an answer that is there."""
    if connection.routes.bentoml.cors is not None:
        connection.routes.allow_origin(response, exchange.head.headers)
    ending = connection.choose_ending(exchange)
    head_only = exchange.head.method == "HEAD"
    connection.transport.write(write_response(response, connection.write_date(), ending, head_only))
    if connection.routes.bentoml.access_log is not None:
        log_access(connection, exchange, response.status, response.media_type, len(response.body))


async def _stream(connection: Answerable, exchange: Exchange, response: Streamed) -> None:
    """Write chunk by chunk, no faster than the client reads."""
    chunked = exchange.head.minor == 1
    connection.routes.allow_origin(response, exchange.head.headers)
    headers = [(b"content-type", response.media_type), *response.more]
    if chunked:
        headers.append((b"transfer-encoding", b"chunked"))
    else:
        exchange.keep_alive = False
    transport = connection.transport
    try:
        transport.write(write_head(200, headers, connection.write_date(), connection.choose_ending(exchange)))
        async with contextlib.aclosing(response.chunks) as chunks:
            async for chunk in chunks:
                if chunk:
                    transport.write(write_chunk(chunk) if chunked else chunk)
                    await connection.unread.wait()
        if chunked:
            transport.write(LAST_CHUNK)
        log_access(connection, exchange, 200, response.media_type, None)
    except SeriesmithError as error:
        logger.warning("a stream was broken off: %s", error.message)
        transport.abort()
    finally:
        response.close()


def log_access(connection: Answerable, exchange: Exchange, status: int, media_type: bytes, length: int | None) -> None:
    """Write the line that BentoML's access log has of a request, where it is on. `length` None: sent in chunks."""
    log = connection.routes.bentoml.access_log
    if log is None:
        return
    info, head = connection.transport.get_extra_info, exchange.head
    peer = info("peername")
    client = f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) and len(peer) > 1 else "_"
    request = ("https" if info("sslcontext") else "http", head.method, head.path, head.headers)
    log.write(client, request, (status, media_type, length), connection.loop.time() - exchange.start)
