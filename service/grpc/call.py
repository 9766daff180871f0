"""A call: messages on a stream of HTTP/2, answered by a method."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing

from models.errors import InvalidRequest, Overloaded, SeriesmithError, TooLarge, Unavailable
from service.admission import REFUSAL_SECONDS, authentic, in_time
from service.grpc.asked import HEAD, Asked
from service.grpc.http2.connection import Connection
from service.grpc.http2.stream import Stream
from service.grpc.status import OK, trailers
from service.http.codings import unpack, unpacked
from service.lane import STOPPING
from service.serving import Serving

logger = logging.getLogger("bentoml.seriesmith")

PREFIX_BYTES = 5
"""Before each message: whether it is packed, and its length."""

SMALL_BYTES = 1024
"""What comes in smaller parts is joined at once, so that parts are few, and the first holds the prefix."""

CONVERSED_BYTES = 2**16
"""Largest message of a conversation, which asks for names."""

UNHEARD_BYTES = 2**22
"""Answers of a conversation that the peer may leave unread."""


class Call(Stream):
    """Whatever happens, the client hears one status, and hears nothing else after it."""

    __slots__ = ("_asked", "_heard", "_limit", "_loop", "_parts", "_serving", "_size", "_task")

    def __init__(self, connection: Connection, number: int, asked: Asked, serving: Serving) -> None:
        super().__init__(connection, number)
        self._asked, self._serving, self._loop = asked, serving, serving.loop
        limit = serving.settings.max_body_bytes
        self._limit = limit if asked.method.each is None else min(limit, CONVERSED_BYTES)
        self._heard = not asked.method.needs_key or authentic(serving.settings, asked.authorization)
        self._parts: list[bytes] = []
        self._size = 0
        self._task: asyncio.Task[None] | None = None

    def opened(self) -> None:
        if self._asked.refusal is not None:
            self.refuse(self._asked.refusal)

    def received(self, data: bytes) -> None:
        if not self.open or not self._heard:
            return
        if self._parts and len(self._parts[-1]) < SMALL_BYTES:
            self._parts[-1] += data
        else:
            self._parts.append(data)
        self._size += len(data)
        if self._size >= PREFIX_BYTES and max(self._size, self._declared()) > self._limit + PREFIX_BYTES:
            self._fail(TooLarge(f"the message is larger than {self._limit} bytes; send several requests."))
        elif self._asked.method.each is not None:
            self._conversed()

    def ended(self) -> None:
        method = self._asked.method
        if method.each is not None:
            self.finish()
            return
        try:
            message, packed = self._message(self._whole()) if self._heard else (b"", False)
        except SeriesmithError as error:
            self._fail(error)
            return
        self._task = self._loop.create_task(self._run(message, packed))

    def left(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self, message: bytes, packed: bool) -> None:
        try:
            if packed:
                message = await unpack(message, self._asked.packing, self._limit)
            await (self._streamed(message) if self._asked.method.whole is None else self._answered(message))
        except Overloaded as error:
            await asyncio.sleep(REFUSAL_SECONDS)
            self._fail(error)
        except SeriesmithError as error:
            self._fail(error)
        except asyncio.CancelledError:
            self._fail(Unavailable(STOPPING))
            raise
        except Exception:
            logger.exception("a gRPC call failed")
            self._fail(SeriesmithError("the server failed; its log says why."))

    async def _answered(self, message: bytes) -> None:
        assert self._asked.method.whole is not None
        answer = await self._asked.method.whole(message, self._asked)
        if self.open:
            self.answer(HEAD, _prefixed(answer), OK)

    async def _streamed(self, message: bytes) -> None:
        assert self._asked.method.parts is not None
        async with aclosing(self._asked.method.parts(message, self._asked)) as parts:
            async for part in parts:
                self._say(part)
                await in_time(self._serving, self.drained())
        self.finish()

    def _conversed(self) -> None:
        assert self._asked.method.each is not None
        body = self._whole()
        while (
            self.open and len(body) >= PREFIX_BYTES and len(body) >= PREFIX_BYTES + int.from_bytes(body[1:PREFIX_BYTES])
        ):
            end = PREFIX_BYTES + int.from_bytes(body[1:PREFIX_BYTES])
            try:
                message, packed = self._message(body[:end])
                for answer in self._asked.method.each(self._unpacked(message) if packed else message):
                    self._say(answer)
            except SeriesmithError as error:
                self._fail(error)
                return
            body = body[end:]
            if sum(map(len, self._waiting)) > UNHEARD_BYTES:
                self.connection.transport.abort()
                return
        self._parts, self._size = [body], len(body)

    def _say(self, message: bytes) -> None:
        if not self.begun:
            self.begin(HEAD)
        self.send(_prefixed(message))

    def finish(self) -> None:
        """All is said."""
        if not self.begun:
            self.begin(HEAD)
        self.end(OK)

    def _fail(self, error: SeriesmithError) -> None:
        if self.open:
            self.end(trailers(error)) if self.begun else self.refuse(HEAD + trailers(error))

    def _whole(self) -> bytes:
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def _declared(self) -> int:
        return PREFIX_BYTES + int.from_bytes(self._parts[0][1:PREFIX_BYTES])

    def _message(self, body: bytes) -> tuple[bytes, bool]:
        """The one message in a body, and whether it is packed. Raises a `SeriesmithError`."""
        if len(body) < PREFIX_BYTES or PREFIX_BYTES + int.from_bytes(body[1:PREFIX_BYTES]) != len(body):
            raise InvalidRequest(f"the call has {len(body)} bytes, which are not one whole message.")
        if body[0] and self._asked.packing == b"identity":
            raise InvalidRequest("the message is packed, but no 'grpc-encoding' says how.")
        return body[PREFIX_BYTES:], bool(body[0])

    def _unpacked(self, message: bytes) -> bytes:
        return unpacked(message, self._asked.packing, self._limit)


def _prefixed(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4) + message
