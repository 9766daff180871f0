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
from service.http.observing import build_arrival
from service.http.table import Match
from service.observing.observer import CLIENT_LEFT
from service.observing.record import CURRENT, describe_peer, note_error

logger = logging.getLogger("bentoml.seriesmith")


async def answer(connection: Answerable, exchange: Exchange) -> None:
    """Answer a request; tells the connection when that is over. A failure on the way breaks the connection off."""
    head, match = exchange.head, exchange.match
    if observe(connection, exchange):
        CURRENT.set(exchange.record)  # this task's
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
        note_status(exchange, CLIENT_LEFT, 0)
        return
    except Exception as error:
        logger.exception("answering %s %s failed", head.method, head.path[:200])
        connection.transport.abort()
        note_error(error)
        return
    finally:
        connection.release(exchange)
        end_observing(connection, exchange)
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
    connection.routes.add_headers(response, exchange.head.headers, exchange.record)
    ending = connection.choose_ending(exchange)
    head_only = exchange.head.method == "HEAD"
    connection.transport.write(write_response(response, connection.write_date(), ending, head_only))
    note_status(exchange, response.status, len(response.body))
    if connection.routes.bentoml.access_log is not None:
        log_access(connection, exchange, response.status, response.media_type, len(response.body))


async def _stream(connection: Answerable, exchange: Exchange, response: Streamed) -> None:
    """Write chunk by chunk, no faster than the client reads."""
    chunked = exchange.head.minor == 1
    connection.routes.add_headers(response, exchange.head.headers, exchange.record)
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
                    note_status(exchange, 200, len(chunk))
                    transport.write(write_chunk(chunk) if chunked else chunk)
                    await connection.unread.wait()
        if chunked:
            transport.write(LAST_CHUNK)
        log_access(connection, exchange, 200, response.media_type, None)
    except SeriesmithError as error:
        logger.warning("a stream was broken off: %s", error.message)
        note_error(error)
        transport.abort()
    finally:
        response.close()


def observe(connection: Answerable, exchange: Exchange) -> bool:
    """Begin the record of a request whose body is there, where anything is observed; whether it is."""
    observer = connection.routes.serving.observer
    if observer is None:
        return False
    head, client = exchange.head, describe_peer(connection.transport.get_extra_info("peername"))
    # The loop's clock, which `start` is on, is that of perf_counter.
    exchange.record = observer.begin(build_arrival(head.method, head.path, head.headers, client, exchange.start))
    exchange.record.request_bytes = exchange.held
    exchange.record.mark("read")
    return True


def note_status(exchange: Exchange, status: int, size: int) -> None:
    """Note the status of an answer, and `size` bytes more of its body."""
    if exchange.record is not None:
        exchange.record.status = status
        exchange.record.answer_bytes += size


def end_observing(connection: Answerable, exchange: Exchange) -> None:
    """End the record of a request, where there is one."""
    observer, record = connection.routes.serving.observer, exchange.record
    if observer is not None and record is not None:
        record.mark("answer")
        observer.end(record)


def log_access(connection: Answerable, exchange: Exchange, status: int, media_type: bytes, length: int | None) -> None:
    """Write the line that BentoML's access log has of a request, where it is on. `length` None: sent in chunks."""
    log = connection.routes.bentoml.access_log
    if log is None:
        return
    info, head = connection.transport.get_extra_info, exchange.head
    client = describe_peer(info("peername")) or "_"
    request = ("https" if info("sslcontext") else "http", head.method, head.path, head.headers)
    log.write(client, request, (status, media_type, length), connection.loop.time() - exchange.start)
