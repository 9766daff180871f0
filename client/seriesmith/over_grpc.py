"""gRPC by grpcio: what goes out and comes in, once blocking and once with asyncio; `messages` says what it means.

Proxies that the environment names are not used; see `over_http`.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import grpc.aio

from seriesmith import messages
from seriesmith.calls import Call
from seriesmith.errors import DeadlineExceeded
from seriesmith.reading import Fields

OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_http_proxy", 0),
    # When to try again is said in one place, `persistence`; the channel must be ready to by then.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class Blocking:
    """Safe to use from several threads."""

    def __init__(self, url: str, api_key: str | None) -> None:
        self._channel, self._metadata = _open_channel(grpc, url), _build_metadata(api_key)

    def fetch_messages(self, call: Call[Any], seconds: float) -> Generator[Fields, None, None]:
        """Yield the messages of an answer as they arrive. Closing ends the call, and so the server's work."""
        method, request = messages.find_method(call), messages.encode_request(call)
        if not call.parts:
            with _translate_errors(seconds):
                message = self._channel.unary_unary(method)(request, timeout=seconds, metadata=self._metadata)
            yield messages.decode_fields(call, message)
            return
        answer = self._channel.unary_stream(method)(request, metadata=self._metadata)
        try:
            for begun in itertools.chain([False], itertools.repeat(True)):
                with _translate_errors(seconds, begun):
                    message = _wait_for_next(answer, seconds)
                if message is None:
                    return
                yield messages.decode_fields(call, message)
        finally:
            answer.cancel()

    def close(self) -> None:
        """Close all connections."""
        self._channel.close()


def _wait_for_next(answer: Any, seconds: float) -> Any:
    """Wait for the next message; None behind the last. Raises `TimeoutError`."""
    late = threading.Event()

    def end() -> None:
        late.set()
        answer.cancel()

    watch = threading.Timer(seconds, end)
    watch.start()
    try:
        return next(answer, None)
    except grpc.RpcError as error:
        if late.is_set():
            raise TimeoutError from error
        raise
    finally:
        watch.cancel()


class Asynchronous:
    """The same with asyncio. To be made where the event loop runs."""

    def __init__(self, url: str, api_key: str | None) -> None:
        self._channel, self._metadata = _open_channel(grpc.aio, url), _build_metadata(api_key)

    async def fetch_messages(self, call: Call[Any], seconds: float) -> AsyncGenerator[Fields, None]:
        """See `Blocking`."""
        method, request = messages.find_method(call), messages.encode_request(call)
        if not call.parts:
            with _translate_errors(seconds):
                message = await self._channel.unary_unary(method)(request, timeout=seconds, metadata=self._metadata)
            yield messages.decode_fields(call, message)
            return
        answer = self._channel.unary_stream(method)(request, metadata=self._metadata)
        try:
            for begun in itertools.chain([False], itertools.repeat(True)):
                with _translate_errors(seconds, begun):
                    message = await asyncio.wait_for(answer.read(), seconds)
                if message is grpc.aio.EOF:
                    return
                yield messages.decode_fields(call, message)
        finally:
            answer.cancel()

    async def close(self) -> None:
        """See `Blocking`."""
        await self._channel.close()


def _open_channel(maker: Any, url: str) -> Any:
    """A channel for grpc://host:port, or, with TLS and the roots that grpcio brings, grpcs://host:port."""
    scheme, _, target = url.partition("://")
    target = target.rstrip("/")
    if scheme == "grpcs":
        return maker.secure_channel(target, grpc.ssl_channel_credentials(), OPTIONS)
    return maker.insecure_channel(target, OPTIONS)


def _build_metadata(api_key: str | None) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {api_key}"),) if api_key else ()


@contextmanager
def _translate_errors(seconds: float, begun: bool = False) -> Iterator[None]:
    """Translate grpcio's errors to ours; `begun` says that a part of the answer came before."""
    try:
        yield
    except grpc.RpcError as error:
        trailers = dict([*(error.initial_metadata() or ()), *(error.trailing_metadata() or ())])
        raise messages.read_error(error.code().name, error.details() or "", trailers, begun) from error
    except TimeoutError as error:
        raise DeadlineExceeded(
            f"nothing came for {seconds:.3g} s; give the client a longer timeout, or ask for fewer series."
        ) from error
