"""Sends exchanges over kept connections and says what became of each: right, refused, wrong, or lost."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal

import grpc

from loadtest.requests_file import encode_http_request
from loadtest.soak.questions import Exchange, Question, agrees
from loadtest.wire import Array, Message

Ending = Literal["right", "refused", "wrong", "lost"]

HTTP_CONNECTIONS, GRPC_CONNECTIONS = 64, 4
ANSWER_SECONDS = 60.0
GRPC_OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]


class Refused(Exception):
    """The server said that it has too much to do."""


class Wrong(Exception):
    """The server answered, and not what was asked."""


@dataclass
class Tally:
    """What became of requests; latencies in seconds, from when a request was due, of those that were answered right."""

    counts: Counter[Ending] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, ending: Ending, latency: float, note: str = "") -> None:
        """Account for one request."""
        self.counts[ending] += 1
        if ending == "right":
            self.latencies.append(latency)
        elif len(self.notes) < 5:
            self.notes.append(f"{ending}: {note[:200]}")


class Asker:
    """A client of a server on this machine. Made, used and closed inside an event loop."""

    def __init__(self, http: int, rpc: int) -> None:
        self._port = http
        self._turn = asyncio.Semaphore(HTTP_CONNECTIONS)
        self._free: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()
        address = f"127.0.0.1:{rpc}"
        self._channels = deque(
            grpc.aio.insecure_channel(address, options=GRPC_OPTIONS) for _ in range(GRPC_CONNECTIONS)
        )

    async def open(self) -> None:
        """Open every connection over HTTP, so that the server has as many from the beginning to the end."""
        for _ in range(HTTP_CONNECTIONS):
            self._free.append(await asyncio.open_connection("127.0.0.1", self._port))

    async def close(self) -> None:
        """Close every connection."""
        for channel in self._channels:
            await channel.close()
        for _, writer in self._free:
            writer.close()

    async def ask(self, exchange: Exchange) -> list[Message]:
        """What is answered. Raises `Refused`, `Wrong`, or, where nothing came, `OSError`, `EOFError` or an RPC's."""
        return await (self._call(exchange) if exchange.grpc else self._post(exchange))

    async def account(self, exchange: Exchange, expected: Mapping[Question, Array], due: float, tally: Tally) -> None:
        """Ask, compare with what the question was answered alone, and count."""
        name = f"{exchange.question.kind} over {exchange.wire}"
        ending: Ending = "right"
        note = ""
        try:
            messages = await asyncio.wait_for(self.ask(exchange), ANSWER_SECONDS)
            if not agrees(exchange.question, exchange.read(messages), expected[exchange.question]):
                ending, note = "wrong", "another answer than alone"
        except Refused as error:
            ending, note = "refused", str(error)
        except (OSError, EOFError, TimeoutError, grpc.aio.AioRpcError) as error:
            ending, note = "lost", repr(error)
        except (Wrong, LookupError, ValueError) as error:
            ending, note = "wrong", repr(error)
        tally.count(ending, perf_counter() - due, f"{name}: {note}")

    async def _call(self, exchange: Exchange) -> list[Message]:
        self._channels.rotate()
        channel, body = self._channels[0], exchange.message.body
        try:
            if exchange.streamed:
                return [Message({}, part) async for part in channel.unary_stream(exchange.path)(body)]
            return [Message({}, await channel.unary_unary(exchange.path)(body))]
        except grpc.aio.AioRpcError as error:
            if error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise Refused(error.details()) from error
            if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                raise Wrong(f"{error.code().name}: {error.details()}") from error
            raise

    async def _post(self, exchange: Exchange) -> list[Message]:
        request = encode_http_request("POST", exchange.path, exchange.message, self._port)
        async with self._turn:
            reader, writer = await self._take_connection()
            try:
                writer.write(request)
                status, answer = await _read_answer(reader)
            except BaseException:
                writer.close()
                raise
            if answer.headers.get("connection") == "close":
                writer.close()
            else:
                self._free.append((reader, writer))
        if status in (429, 503):
            raise Refused(answer.body[:200])
        if status != 200:
            raise Wrong(f"{status}: {answer.body[:200]!r}")
        return [answer]

    async def _take_connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The one that was idle for longest and that the server has not closed, or a new one."""
        while self._free:
            reader, writer = self._free.popleft()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, Message]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body = await _read_chunks(reader)
    return int(first.split()[1]), Message(headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while size := int(await reader.readline(), 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readline()
    return b"".join(parts)


def describe(tally: Tally) -> dict[str, Any]:
    """Counts by ending, every one of them."""
    return {ending: tally.counts[ending] for ending in ("right", "refused", "wrong", "lost")}
