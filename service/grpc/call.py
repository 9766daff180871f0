"""A call: messages on a stream of HTTP/2, answered by a method."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing

from bundle.errors import (
    InvalidRequest,
    Overloaded,
    RequestTimeout,
    SeriesmithError,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from service.admission import REFUSAL_SECONDS, finish_in_time, is_authentic
from service.grpc.asked import Asked, build_head
from service.grpc.http2.core import Core
from service.grpc.http2.stream import Stream
from service.grpc.status import OK, encode_trailers
from service.http.codings import unpack, unpack_at_once
from service.identity import SENTENCE
from service.lane import STOPPING
from service.observing.record import CURRENT, Record, describe_peer
from service.serving import Serving

logger = logging.getLogger("bentoml.seriesmith")

PREFIX_BYTES = 5
"""Before each message: whether it is packed, and its length."""

UNPACKED_TIMES = 20
"""How much larger a packed message may well be."""

SMALL_BYTES = 1024
"""What comes in smaller parts is joined at once, so that parts are few, and the first holds the prefix."""

CONVERSED_BYTES = 2**16
"""Largest message of a conversation, which asks for names."""

ROOM_SECONDS = 0.05
"""How often a stream looks whether there is room for its next part."""


class Call(Stream):
    """Answers a call by its method. The client gets exactly one status, and nothing after it."""

    __slots__ = (
        "_asked",
        "_head",
        "_heard",
        "_held",
        "_limit",
        "_loop",
        "_parts",
        "_record",
        "_running",
        "_serving",
        "_size",
        "_task",
    )

    def __init__(self, serving: Serving, core: Core, number: int, asked: Asked) -> None:
        super().__init__(core, number)
        self._asked, self._serving, self._loop = asked, serving, serving.loop
        limit = serving.settings.max_body_bytes
        self._limit = limit if asked.method.each is None else min(limit, CONVERSED_BYTES)
        needs_key = asked.method.needs_key and serving.identity.needs_key
        self._heard = not needs_key or is_authentic(serving, asked.authorization)
        self._parts: list[bytes] = []
        self._size = self._held = 0
        self._task: asyncio.Task[None] | None = None
        self._running = False
        self._head = asked.head
        self._record: Record | None = None
        if serving.observer is not None:
            self._record = serving.observer.begin(asked.arrive(describe_peer(core.peer)))
            self._head = build_head(self._record.arrival.request_id)

    def receive_head(self) -> None:
        if self._asked.refusal is not None:
            self.refuse(self._asked.refusal)
            self._end_observing(self._asked.refused)
        elif self._asked.method.each is not None and not self._heard:
            self._fail(Unauthenticated(SENTENCE))

    def receive_data(self, data: bytes) -> None:
        size = len(data)
        if self._asked.method.each is None or not self._heard:
            self.consume(size)  # else as the messages are answered
        if not self.open or not self._heard:
            return
        try:
            self._take(size)
        except Overloaded as error:
            self._fail(error)
            return
        if self._parts and len(self._parts[-1]) < SMALL_BYTES:
            self._parts[-1] += data
        else:
            self._parts.append(data)
        self._size += size
        if self._size >= PREFIX_BYTES and (self._size > self._limit or not self.half_closed):
            self._check_size()
        if self._asked.method.each is not None and self._task is None and self.open:
            self._start(b"", False)

    def _check_size(self) -> None:
        """Refuse a message that is declared too large, or for which there is no room, before it arrives."""
        declared = self._read_declared_size()
        if max(self._size, declared) > self._limit + PREFIX_BYTES:
            self._fail(TooLarge(f"the message is larger than {self._limit} bytes; send several requests."))
        elif declared > self._size and not self.core.outbox.holding.has_room(declared - self._size):
            self._fail(Overloaded(f"the server has no room for a message of {declared} bytes; send it again later."))

    def receive_end(self) -> None:
        method = self._asked.method
        if method.each is not None:
            if self._task is None:
                self._conclude()
            return
        try:
            message, packed = self._parse_message(self._parts) if self._heard else (b"", False)
        except SeriesmithError as error:
            self._fail(error)
            return
        self._parts = []
        self._start(message, packed)

    def _start(self, message: bytes, packed: bool) -> None:
        self.core.working += 1
        self._running = False
        if self._record is not None:
            self._record.request_bytes += len(message)
            self._record.mark("read")
        self._task = self._loop.create_task(self._run(message, packed))

    def give_up(self) -> None:
        self._end_observing("CANCELLED")
        if self._task is not None:
            self._task.cancel()
            if self._running:
                return
            self.core.working -= 1  # a task that is cancelled before it began does nothing at all
        self._let_go()

    def is_due(self) -> bool:
        return self.open and not self.half_closed and not (self.begun and self._size == 0)

    def expire(self) -> None:
        seconds = self._serving.settings.body_seconds
        self._fail(RequestTimeout(f"the message did not come whole within {seconds:g} s; send it again."))

    def _take(self, size: int) -> None:
        """Hold `size` bytes until the call ends. Raises `Overloaded`."""
        self.core.outbox.holding.take(size)
        self._held += size

    def _let_go(self) -> None:
        self.core.outbox.holding.give(self._held)
        self._held, self._parts = 0, []

    async def _run(self, message: bytes, packed: bool) -> None:
        self._running = True
        if self._record is not None:
            CURRENT.set(self._record)  # this task's
        method = self._asked.method
        try:
            if not self.may_begin():
                await finish_in_time(self._serving, self.wait_until_ready(), self._asked.seconds)
            if packed:
                message = await self._unpack(message)
            if method.whole is not None:
                answer = await method.whole(message, self._asked)
                if self.open:
                    self.answer(self._head, _prefix(answer), OK)
                    self._end_observing("OK", len(answer))
            else:
                await (self._answer_stream(message) if method.parts is not None else self._converse())
            self.core.refund(self)
        except Overloaded as error:
            await asyncio.sleep(REFUSAL_SECONDS)
            self._fail(error)
        except SeriesmithError as error:
            self._fail(error)
            if self._heard:
                self.core.refund(self)
        except asyncio.CancelledError:
            self._fail(Unavailable(STOPPING))
            raise
        except Exception:
            logger.exception("a gRPC call failed")
            self._fail(SeriesmithError("the server failed; its log says why."))
        finally:
            self.core.working -= 1
            if self.open and method.each is not None:
                self._task = None  # a conversation, which goes on with the next message
            else:
                self._let_go()

    async def _unpack(self, message: bytes) -> bytes:
        """Unpack a message, and hold the bytes of the result in place of those that came."""
        expected = min(len(message) * UNPACKED_TIMES, self._limit)
        self._take(expected)
        plain = await unpack(message, self._asked.packing, self._limit)
        if len(plain) > expected:
            self._take(len(plain) - expected)
        return plain

    async def _answer_stream(self, message: bytes) -> None:
        assert self._asked.method.parts is not None
        async with aclosing(self._asked.method.parts(message, self._asked)) as parts:
            async for part in parts:
                await self._wait_for_room(part)
                self._say(part)
                await self.drain()
        self.finish()

    async def _wait_for_room(self, part: bytes) -> None:
        """Wait until `part` can be held: a stream that has begun should not fail for want of room."""
        while self.open and not self.core.outbox.holding.has_room(len(part) + PREFIX_BYTES):
            await asyncio.sleep(ROOM_SECONDS)

    async def _converse(self) -> None:
        """Answer the whole messages in order; begin each when the answers before it have been sent."""
        assert self._asked.method.each is not None
        while self.open and self._size >= PREFIX_BYTES and self._size >= self._read_declared_size():
            body, size = self._join_body(), self._read_declared_size()
            message, packed = self._parse_message([body[:size]])
            answers = self._asked.method.each(self._decompress(message) if packed else message)
            for answer in answers:
                await self._wait_for_room(answer)
                self._say(answer)
            await self.drain()
            await asyncio.sleep(0)
            self._drop(size)
        if self.half_closed:
            self._conclude()

    def _drop(self, size: int) -> None:
        """Remove the first message, of `size` bytes, which has been answered."""
        rest = self._join_body()[size:]
        self._parts, self._size = [rest] if rest else [], len(rest)
        self.core.outbox.holding.give(size)
        self._held -= size
        self.consume(size)
        if self._size >= PREFIX_BYTES:
            self._check_size()

    def _conclude(self) -> None:
        """End a conversation; fail it where the client ended it in the middle of a message."""
        if self._size:
            self._fail(InvalidRequest(f"the call ends with {self._size} bytes, which are not one whole message."))
        else:
            self.finish()

    def _say(self, message: bytes) -> None:
        if not self.begun:
            self.begin(self._head)
        if self._record is not None:
            self._record.answer_bytes += len(message)
        self.send(_prefix(message))

    def finish(self) -> None:
        """Send the trailers of a call that succeeded."""
        if not self.begun:
            self.begin(self._head)
        self.end(OK)
        self._end_observing("OK")

    def _fail(self, error: SeriesmithError) -> None:
        if self.open:
            self.end(encode_trailers(error)) if self.begun else self.refuse(self._head + encode_trailers(error))
        if self._record is not None:
            self._record.error = error
            self._end_observing(error.grpc_code)
        if self._task is None:
            self._let_go()

    def _end_observing(self, status: str, size: int = 0) -> None:
        """End the record of the call, where there is one; `size` bytes more were answered."""
        record, self._record = self._record, None
        if record is not None and self._serving.observer is not None:
            record.status = status
            record.answer_bytes += size
            record.mark("answer")
            self._serving.observer.end(record)

    def _join_body(self) -> bytes:
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def _read_declared_size(self) -> int:
        return PREFIX_BYTES + int.from_bytes(self._parts[0][1:PREFIX_BYTES])

    def _parse_message(self, parts: list[bytes]) -> tuple[bytes, bool]:
        """Return the one message in the parts of a body, and whether it is packed. Raises a `SeriesmithError`."""
        size, first = sum(map(len, parts)), parts[0] if parts else b""
        if size < PREFIX_BYTES or PREFIX_BYTES + int.from_bytes(first[1:PREFIX_BYTES]) != size:
            raise InvalidRequest(f"the call has {size} bytes, which are not one whole message.")
        if first[0] and self._asked.packing == b"identity":
            raise InvalidRequest("the message is packed, but no 'grpc-encoding' says how.")
        if len(parts) == 1:
            return first[PREFIX_BYTES:], bool(first[0])
        return b"".join([memoryview(first)[PREFIX_BYTES:], *parts[1:]]), bool(first[0])  # copied once, not twice

    def _decompress(self, message: bytes) -> bytes:
        return unpack_at_once(message, self._asked.packing, self._limit)


def _prefix(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4) + message
