"""HTTP by httpx: what goes out and comes in, once blocking and once with asyncio; `octets` says what it means.

Proxies and credentials that the environment names are not used: a model served on loopback or in the cluster would be
looked for behind them.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from seriesmith import octets
from seriesmith.calls import Call
from seriesmith.errors import DeadlineExceeded, Interrupted, Unreachable
from seriesmith.reading import Fields

PIECE_BYTES = 2**20
"""Of a file that is sent."""

IDLE_SECONDS = 3.0
"""Connections idle for longer are not used again: servers close them, after 5 s by uvicorn's default."""


class Blocking:
    """Safe to use from several threads."""

    def __init__(self, url: str, api_key: str | None) -> None:
        self._client = httpx.Client(**_build_settings(url, api_key))

    def fetch_messages(self, call: Call[Any], seconds: float) -> Generator[Fields, None, None]:
        """Yield the messages of an answer as they arrive. Closing ends the connection, and so the server's work."""
        deadline = _compute_deadline(call, seconds)
        options = _build_options(call, seconds)
        if isinstance(options["content"], Path):
            options["content"] = _read_pieces(options["content"])
        with (
            _translate_errors(seconds),
            self._client.stream(**options) as response,
            octets.read_with(octets.choose_reader(call, response.status_code, response.headers)) as reader,
        ):
            for chunk in response.iter_bytes():
                yield from reader.feed(chunk)
                _check_deadline(deadline)
            yield from reader.end()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


class Asynchronous:
    """The same with asyncio."""

    def __init__(self, url: str, api_key: str | None) -> None:
        self._client = httpx.AsyncClient(**_build_settings(url, api_key))

    async def fetch_messages(self, call: Call[Any], seconds: float) -> AsyncGenerator[Fields, None]:
        """See `Blocking`."""
        deadline = _compute_deadline(call, seconds)
        options = _build_options(call, seconds)
        if isinstance(options["content"], Path):
            options["content"] = _iterate(_read_pieces(options["content"]))
        with _translate_errors(seconds):
            async with self._client.stream(**options) as response:
                with octets.read_with(octets.choose_reader(call, response.status_code, response.headers)) as reader:
                    async for chunk in response.aiter_bytes():
                        for message in reader.feed(chunk):
                            yield message
                        _check_deadline(deadline)
                    for message in reader.end():
                        yield message

    async def close(self) -> None:
        """See `Blocking`."""
        await self._client.aclose()


def _build_settings(url: str, api_key: str | None) -> dict[str, Any]:
    return {
        "base_url": url,
        "headers": {"authorization": f"Bearer {api_key}"} if api_key else {},
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=IDLE_SECONDS),
        "trust_env": False,
        "verify": _load_certificates() if url.startswith("https") else True,
    }


def _load_certificates() -> ssl.SSLContext:
    """Load the certificates of httpx and of this machine, which may include an institution's own authority."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


def _build_options(call: Call[Any], seconds: float) -> dict[str, Any]:
    """Return the arguments for httpx; its timeout for every single wait is the `seconds` that are left."""
    request = octets.build_request(call)
    return {
        "method": request.method,
        "url": request.path,
        "headers": request.headers,
        "content": request.content,
        "timeout": max(seconds, 0.001),
    }


def _read_pieces(path: Path) -> Generator[bytes, None, None]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


async def _iterate(pieces: Generator[bytes, None, None]) -> AsyncGenerator[bytes, None]:
    """The pieces of a file, which are read in a thread."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def _compute_deadline(call: Call[Any], seconds: float) -> float:
    """Return the time by which an answer must be whole; infinite for one in parts, which has a timeout per part."""
    return float("inf") if call.parts else time.monotonic() + seconds


def _check_deadline(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise httpx.ReadTimeout("the answer is still coming")


@contextmanager
def _translate_errors(seconds: float) -> Iterator[None]:
    """Translate httpx's errors to ours."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Unreachable(
            f"no connection to {error.request.url}: {str(error) or 'it timed out'}. Check the URL, and that the server "
            "runs."
        ) from error
    except httpx.TimeoutException as error:
        raise DeadlineExceeded(
            f"nothing came for {seconds:.3g} s; send fewer series, or give the client a longer timeout."
        ) from error
    except httpx.TransportError as error:
        raise Interrupted(
            f"the connection ended before the answer was whole: {str(error) or type(error).__name__}. Ask again."
        ) from error
