"""The fallback, `SERIESMITH_GRPC=grpcio`: the same methods with the same answers, from grpcio's public server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any
from urllib.parse import unquote

import grpc
import grpc.aio

from bundle.errors import InvalidRequest, Overloaded, RequestTimeout, SeriesmithError, TooLarge, Unauthenticated
from service.admission import REFUSAL_SECONDS, is_authentic
from service.budget import Budget
from service.certificates import Certificate
from service.grpc.address import write_address
from service.grpc.asked import Asked, Method
from service.grpc.call import CONVERSED_BYTES
from service.grpc.health import Health
from service.grpc.interfaces import INTERFACES, list_methods
from service.grpc.status import build_metadata, shorten_message
from service.grpc.tls import build_server_credentials
from service.identity import SENTENCE
from service.observing.record import CURRENT, note_error, note_read, note_written
from service.observing.request_id import NAME as REQUEST_ID
from service.observing.request_id import read_request_id
from service.serving import Serving
from service.settings import Settings

logger = logging.getLogger("bentoml.seriesmith")

MOST_STREAMS = 1000
"""Calls in flight on one connection."""

EXPLAINED_BYTES = 2**20
"""A message larger by no more is refused by us, with a sentence and trailers; beyond it grpcio refuses without them."""

LONGEST_SECONDS = 3600.0
"""When a connection is told to go, and how much later it is cut: grpcio has no other way with who never reads."""


class GrpcioServer:
    """Serves every interface on the port of the settings; workers share it."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._server: grpc.aio.Server | None = None
        self.certificates: list[Certificate] = []
        """None that could be changed while it runs."""

    async def start(self) -> None:
        """Listen and answer from now on; do nothing where the port is 0.

        Raises `OSError` when the port cannot be bound, and `ValueError` when the certificate cannot be used.
        """
        settings = self._serving.settings
        if not settings.grpc_port:
            return
        self._health = Health(self._serving, INTERFACES)
        methods = list_methods(self._serving, self._health)
        server = grpc.aio.server(handlers=[_Handler(methods, self._serving)], options=_build_options(settings))
        credentials, address = build_server_credentials(settings), write_address(settings)
        try:
            if credentials is None:
                server.add_insecure_port(address)
            else:
                server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise OSError(f"the gRPC port {address} cannot be had: {error}") from error
        await server.start()
        self._server = server
        logger.info("gRPC is served on %s by grpcio%s", address, ", with TLS" if credentials else "")

    async def stop(self) -> None:
        """Tell health checks that the server stops, refuse new calls, and wait for those in flight."""
        if self._server is not None:
            self._health.stop()
            await self._server.stop(self._serving.settings.timeout_seconds)


def _build_options(settings: Settings) -> list[tuple[str, int]]:
    """Return the bounds of our own server as grpcio's channel arguments."""
    seconds = {
        "server_handshake_timeout_ms": settings.head_seconds,
        "max_connection_idle_ms": settings.idle_seconds,
        "keepalive_time_ms": settings.idle_seconds,
        "keepalive_timeout_ms": settings.write_seconds,
        "max_connection_age_ms": LONGEST_SECONDS,
        "max_connection_age_grace_ms": LONGEST_SECONDS,
    }
    options = {
        "so_reuseport": 1,
        "max_receive_message_length": settings.max_body_bytes + EXPLAINED_BYTES,
        "max_send_message_length": -1,
        "max_concurrent_streams": MOST_STREAMS,
        "max_allowed_incoming_connections": settings.max_connections,
    } | {name: int(1000 * value) for name, value in seconds.items()}
    return [(f"grpc.{name}", value) for name, value in options.items()]


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Handles every path as a conversation, so that no message of a client without a key is read."""

    def __init__(self, methods: Mapping[bytes, Method], serving: Serving) -> None:
        self._methods, self._serving = methods, serving

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        method = self._methods.get(call.method.encode())
        if method is None or method.lacks:
            lacks = method.lacks if method else f"there is no method {call.method[:200]!r} here."
            missing = _Call(Method(lacks=lacks), call.method, self._serving)
            return grpc.stream_stream_rpc_method_handler(missing.run)
        return grpc.stream_stream_rpc_method_handler(_Call(method, call.method, self._serving).run)


class _Unread(Exception):
    """The client did not read in time what was written; grpcio still holds it."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class _Call:
    """Answers a call by its method. The client gets exactly one status, and nothing after it."""

    def __init__(self, method: Method, path: str, serving: Serving) -> None:
        self._method, self._path = method, path
        self._serving, self._settings = serving, serving.settings

    async def run(self, messages: object, context: Any) -> None:
        """Answer a call of the method, and log it where that is asked for. A client that leaves cancels this."""
        asked, observer = self._read_metadata(context), self._serving.observer
        if observer is None:
            return await self._run(asked, asked.request_id, context)
        record = observer.begin(asked.arrive(_find_client(context)))
        CURRENT.set(record)  # grpcio runs each call in a task of its own
        try:
            await self._run(asked, record.arrival.request_id, context)
        finally:
            record.status = _read_status(context) or "CANCELLED"
            record.mark("answer")
            observer.end(record)
        return None

    async def _run(self, asked: Asked, request_id: bytes, context: Any) -> None:
        """Answer the call, or end it with the status of what is wrong."""
        try:
            if request_id:
                await context.send_initial_metadata(((REQUEST_ID.decode(), request_id.decode()),))
            await self._answer(asked, context)
            return
        except grpc.aio.AbortError:
            raise
        except grpc.aio.BaseError:  # nobody is there to answer
            return
        except _Unread as unread:
            with _hold(self._serving.bytes, unread.size, there=True):  # until the client reads, or leaves
                text = f"the answer was not read for {self._settings.write_seconds:g} s."
                await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, text)
        except Overloaded as error:
            await asyncio.sleep(REFUSAL_SECONDS)
            failure: SeriesmithError = error
        except SeriesmithError as error:
            failure = error
        except Exception:
            logger.exception("a gRPC call failed")
            failure = SeriesmithError("the server failed; its log says why.")
        note_error(failure)
        read = tuple((name.decode(), value.decode()) for name, value in build_metadata(failure))
        await context.abort(grpc.StatusCode[failure.grpc_code], shorten_message(failure), read)

    def _read_metadata(self, context: Any) -> Asked:
        metadata = dict(context.invocation_metadata() or ())

        def read(name: str) -> bytes:
            given = metadata.get(name, "")
            return given if isinstance(given, bytes) else given.encode()

        return Asked(
            self._method,
            read("authorization"),
            context.time_remaining(),
            path=self._path,
            request_id=read_request_id(read(REQUEST_ID.decode())),
            forwarded=read("x-forwarded-for"),
            traceparent=read("traceparent"),
            tracestate=read("tracestate"),
        )

    async def _answer(self, asked: Asked, context: Any) -> None:
        method = self._method
        if method.lacks:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, method.lacks)
        heard = not method.needs_key or is_authentic(self._serving, asked.authorization)
        if method.each is not None:
            if not heard:
                raise Unauthenticated(SENTENCE)
            async for message in self._read_messages(context):
                for answer in method.each(message):
                    await self._write(context, answer)
            return
        message = await self._read_message(context) if heard else b""
        note_read(len(message))
        with _hold(self._serving.bytes, len(message)):
            if method.whole is not None:
                await self._write(context, await method.whole(message, asked))
                return
            assert method.parts is not None
            async with aclosing(method.parts(message, asked)) as parts:
                async for part in parts:
                    await self._write(context, part)

    async def _read_message(self, context: Any) -> bytes:
        """The one message of a call. Raises a `SeriesmithError`."""
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                message = await context.read()
                rest = message if message is grpc.aio.EOF else await context.read()
        except TimeoutError as error:
            raise RequestTimeout(
                f"the message was not there within {self._settings.body_seconds:g} s; send it sooner."
            ) from error
        if message is grpc.aio.EOF or rest is not grpc.aio.EOF:
            raise InvalidRequest("the call has not one whole message; send one, and no more.")
        if len(message) > self._settings.max_body_bytes:
            raise TooLarge(
                f"the message is larger than {self._settings.max_body_bytes} bytes, unpacked where it was packed; send "
                "several requests."
            )
        return bytes(message)

    async def _read_messages(self, context: Any) -> AsyncIterator[bytes]:
        """Yield the messages of a conversation, which are short. Raises `TooLarge` where one is not."""
        while (message := await context.read()) is not grpc.aio.EOF:
            if len(message) > CONVERSED_BYTES:
                raise TooLarge(f"the message is larger than {CONVERSED_BYTES} bytes; send several requests.")
            yield message

    async def _write(self, context: Any, message: bytes) -> None:
        """Send a message. Raises `_Unread` where the client does not read it in time."""
        with _hold(self._serving.bytes, len(message), there=True):
            try:
                async with asyncio.timeout(self._settings.write_seconds):
                    await context.write(message)
                note_written(len(message))
            except TimeoutError as error:
                raise _Unread(len(message)) from error


def _read_status(context: Any) -> str:
    """Return the status that a call ended with; empty where its client left."""
    if context.cancelled():
        return ""
    code = context.code()
    return code.name if isinstance(code, grpc.StatusCode) else "OK"


def _find_client(context: Any) -> str:
    """Return the address of a client, which grpcio writes as `ipv4:127.0.0.1:40000` with the colons of IPv6 quoted."""
    return unquote(str(context.peer()).partition(":")[2])


@contextmanager
def _hold(budget: Budget, size: int, there: bool = False) -> Iterator[None]:
    """Hold `size` bytes in the block. Raises `Overloaded` without room, unless the bytes are `there` already."""
    (budget.force if there else budget.take)(size)
    try:
        yield
    finally:
        budget.give(size)
