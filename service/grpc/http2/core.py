"""A server's side of a connection, without I/O: bytes come in, streams hear of it, bytes go out; a peer is held to the
rules (RFC 9113) and to bounds."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

from service.grpc.http2 import frames, settings
from service.grpc.http2.calm import Calm, Clock
from service.grpc.http2.frames import HEAD, LARGEST_WINDOW, NUMBER, SETTING, Fault, Violation, frame
from service.grpc.http2.heads import Heads
from service.grpc.http2.holding import Holding
from service.grpc.http2.hpack import LIST_BYTES, Header
from service.grpc.http2.numbers import Numbers
from service.grpc.http2.outbox import CONNECTION_BYTES, Outbox
from service.grpc.http2.stream import UNREAD_BYTES, Stream

logger = logging.getLogger("bentoml.seriesmith")

MOST_STREAMS = 256
"""Exchanges in flight on one connection, and work for those that their peer has given up."""

STREAM_COST = 2048
"""Bytes that an exchange takes beside what is sent on it, where it lasts."""

CONTINUATIONS = 32
"""Frames of one block of headers."""

SMALL_BYTES = 64
"""Data in smaller frames is a trifle, unless it ends a stream."""

REFUNDED_BYTES = 1024
"""Of a request's headers, once it has been answered."""

TURN = 1000
"""What is worked off before others have their turn: about as many frames without an effect, or 50 calls."""

LAST_CALL = b"goodbye!"
"""Of the ping whose answer shows that the peer knows that we are leaving."""


class Core:
    """`read` makes what it wants of a stream's headers, once for equal ones; `make` makes the stream of that.

    What is to be sent is gathered in `outbox` while bytes that came are worked off, and given to `emit` otherwise.
    `closing` says that nothing more is heard, and that the connection ends behind that; `at_fault`: for what the peer
    did. `working`: how many streams have work going on, also of those that the peer has given up. `peer`: its name, as
    the transport has it.
    """

    def __init__(
        self,
        read: Callable[[list[Header]], Any],
        make: Callable[[Core, int, Any], Stream],
        holding: Holding,
        emit: Callable[[bytes], None],
        clock: Clock = monotonic,
    ) -> None:
        self._make, self._holding = make, holding
        self.outbox = Outbox(holding, emit)
        self.calm = Calm(clock)
        self.streams: dict[int, Stream] = {}
        self.working = 0
        self.peer: object = None
        self.closing = self.at_fault = False
        self.greeted = False
        self._numbers = Numbers()
        self._heads = Heads(read, self.calm.heads)
        self._data, self._place = b"", 0
        self._awaited = frames.SETTINGS
        self._block: tuple[int, int, list[bytes]] = 0, 0, []
        self._leaving = self._heavy = False
        self._counted = 0
        self._turn = 0
        self.outbox.corked = True
        self.outbox.write(settings.write_settings(MOST_STREAMS))
        self.outbox.grant(0, CONNECTION_BYTES - frames.WINDOW_BYTES)

    # What the transport calls

    def receive(self, data: bytes) -> bool:
        """Take bytes, and work off what has come, for one turn; whether `proceed` has more to do.

        What is to be sent is in `outbox`, to be taken.
        """
        rest = self._data
        self._data = rest[self._place :] + data if self._place < len(rest) else data
        self._place = 0
        return self.proceed()

    def proceed(self) -> bool:
        """Work off what has come, for one more turn; whether there is still more."""
        self._turn = TURN
        self.outbox.corked = True
        more = False
        try:
            more = not self.closing and self._proceed()
        except Violation as violation:
            self._break(violation)
        if self.closing:
            self._data, more = b"", False
        return more

    def _proceed(self) -> bool:
        data, place, end = self._data, self._place, len(self._data)
        if not self.greeted:
            place = self._place = self._greet(data)
        while self.greeted and end - place >= HEAD.size and not self.closing:
            high, low, kind, flags, number = HEAD.unpack_from(data, place)
            start, size = place + HEAD.size, high << 8 | low
            if size > frames.FRAME_BYTES:
                raise Violation(frames.FRAME_SIZE_ERROR, "a frame is too large")
            if end - start < size:
                break
            if self._turn <= 0:
                return True
            place = self._place = start + size
            if self._awaited >= 0 and kind != self._awaited:
                raise Violation(frames.PROTOCOL_ERROR, _INTERRUPTED[self._awaited])
            receive, cost = _RECEIVERS.get(kind, _UNKNOWN)
            self._turn -= cost
            number &= LARGEST_WINDOW
            try:
                receive(self, flags, number, data[start:place])
            except Fault as fault:
                self.reset(number, fault.code)
            except Violation:
                raise
            except Exception:
                logger.exception("a stream of HTTP/2 failed")
                self.reset(number, frames.INTERNAL_ERROR)
        return False

    def lose(self) -> None:
        """The connection is gone."""
        self.closing = True
        streams, self.streams = self.streams, {}
        self.count_streams()
        for stream in streams.values():
            self._abandon(stream)

    def leave(self) -> None:
        """Tell the peer to go elsewhere; when it answers the ping it knows, and `refuse_streams` is called."""
        if not self.closing:
            self._say_farewell(LARGEST_WINDOW)
            self.outbox.write(frame(frames.PING, 0, 0, LAST_CALL))

    def refuse_streams(self) -> None:
        """Take no more streams; close when those in flight have ended."""
        if not self.closing:
            self._leaving = True
            self._close_if_done()
            self._say_farewell(self._numbers.last)

    def break_off(self, code: int, reason: str) -> None:
        """End the connection, for a reason that the peer is told."""
        if not self.closing:
            self._break(Violation(code, reason))

    # What streams call

    def finish_stream(self, stream: Stream, data: bytes) -> None:
        """`data` is the last of a stream; what its peer still says does not matter."""
        stream.open = False
        number = stream.number
        self.streams.pop(number, None)
        if not stream.half_closed:
            self._numbers.remember_reset(number, ours=True)
            data += frame(frames.RST_STREAM, 0, number, NUMBER.pack(frames.NO_ERROR))
        if self._leaving:
            self._close_if_done()
        self.outbox.write(data)

    def reset(self, number: int, code: int) -> None:
        """End a stream that the peer has broken. Raises `Violation` where there were too many."""
        stream = self.streams.pop(number, None)
        self._numbers.remember_reset(number, ours=True)
        if stream is not None:
            self._abandon(stream)
        self.outbox.reset(number, code)
        self.calm.resets.spend()
        self._close_if_done()

    def refund(self, stream: Stream) -> None:
        """A stream was useful: what its frames cost is no burden."""
        self.calm.trifles.tokens += 4
        if stream.cost:
            self.calm.heads.tokens += min(stream.cost, REFUNDED_BYTES)

    def lighten(self) -> None:
        """Answers have been sent: others may be begun."""
        if self.outbox.unread > UNREAD_BYTES:
            self._heavy = True
        elif self._heavy:
            self._heavy = False
            for stream in list(self.streams.values()):
                stream.begin_if_ready()

    def count_streams(self) -> None:
        """Hold what the streams take that are there now. Called now and then, so that it costs a call nothing."""
        count = len(self.streams)
        self._holding.force((count - self._counted) * STREAM_COST)
        self._counted = count

    @property
    def last(self) -> int:
        """The highest number of a stream that was opened."""
        return self._numbers.last

    def has_half_a_block(self) -> bool:
        """Whether the peer owes the rest of a block of headers, or its first settings."""
        return self._awaited >= 0

    # What peers send

    def _greet(self, data: bytes) -> int:
        whole = len(frames.PREFACE)
        if not frames.PREFACE.startswith(data[:whole]):
            raise Violation(frames.PROTOCOL_ERROR, "this is not HTTP/2")
        self.greeted = len(data) >= whole
        return whole if self.greeted else 0

    def _receive_data(self, flags: int, number: int, payload: bytes) -> None:
        size = padded = len(payload)
        windows = self.outbox.windows
        windows.inbound -= size
        if windows.inbound < 0:
            raise Violation(frames.FLOW_CONTROL_ERROR, "there is more data than was granted")
        if flags & frames.PADDED:
            payload = frames.remove_padding(flags, payload)
            size = len(payload)
        stream = self.streams.get(number)
        if stream is None or stream.half_closed:
            self._consume(padded)
            self._receive_late(number, stream)
            return
        stream.windows.inbound -= padded
        if stream.windows.inbound < 0:
            self._consume(padded)
            raise Fault(frames.FLOW_CONTROL_ERROR, "there is more data than was granted")
        final = flags & frames.END_STREAM
        if stream.remaining is not None:
            stream.remaining -= size
            if stream.remaining < 0 or (final and stream.remaining):
                self._consume(padded)
                raise Fault(frames.PROTOCOL_ERROR, "there is more or less data than content-length says")
        if final:
            stream.half_closed = True
        elif size < SMALL_BYTES:
            self.calm.trifles.spend()
        if padded > size:
            stream.consume(padded - size)
        if size:
            stream.receive_data(payload)
        if final and stream.open:
            stream.receive_end()

    def _consume(self, size: int) -> None:
        grant = self.outbox.windows.consume(size)
        if grant:
            self.outbox.grant(0, grant)

    def _receive_late(self, number: int, stream: Stream | None) -> None:
        """Something came of a stream that cannot have it any more."""
        self._numbers.require_opened(number, "there is data of a stream that was never opened")
        self.calm.trifles.spend()
        self._numbers.judge_late(number, stream is not None)

    def _receive_headers(self, flags: int, number: int, payload: bytes) -> None:
        if not number & 1:
            raise Violation(frames.PROTOCOL_ERROR, "a client's streams have odd numbers")
        if flags & frames.PADDED:
            payload = frames.remove_padding(flags, payload)
        depends_on = -1
        if flags & frames.PRIORITISED:
            if len(payload) < 5:
                raise Violation(frames.FRAME_SIZE_ERROR, "a priority is of five bytes")
            depends_on = NUMBER.unpack_from(payload)[0] & LARGEST_WINDOW
            payload = payload[5:]
        if flags & frames.END_HEADERS:
            self._receive_head(number, flags, payload)
        else:
            self._awaited, self._block = frames.CONTINUATION, (number, flags, [payload])
            if depends_on == number:
                raise Violation(frames.PROTOCOL_ERROR, "a stream depends on itself")
            if len(payload) < SMALL_BYTES:
                self.calm.trifles.spend(10)
        if depends_on == number:
            raise Fault(frames.PROTOCOL_ERROR, "a stream depends on itself")

    def _receive_continuation(self, flags: int, number: int, payload: bytes) -> None:
        begun, began, parts = self._block
        if self._awaited != frames.CONTINUATION or number != begun:
            raise Violation(frames.PROTOCOL_ERROR, "headers go on that never began")
        parts.append(payload)
        if len(payload) < SMALL_BYTES:
            self.calm.trifles.spend(10)
        if len(parts) > CONTINUATIONS or sum(map(len, parts)) > LIST_BYTES:
            raise Violation(frames.ENHANCE_YOUR_CALM, "the headers are too large, or in too many frames")
        if flags & frames.END_HEADERS:
            self._awaited, self._block = -1, (0, 0, [])
            self._receive_head(number, began, b"".join(parts))

    def _receive_head(self, number: int, flags: int, block: bytes) -> None:
        if number <= self._numbers.last:
            self._receive_trailers(number, flags, block)
            return
        head = self._heads.read(block)
        cost = self._heads.cost
        self._turn -= cost >> 3
        self._numbers.open(number)
        if head.fault is not None:
            raise head.fault
        if len(self.streams) >= MOST_STREAMS or self.working >= MOST_STREAMS or self._leaving:
            raise Fault(frames.REFUSED_STREAM, "there are too many streams")
        stream = self.streams[number] = self._make(self, number, head.content)
        stream.cost, stream.remaining = cost, head.length
        stream.receive_head()
        if flags & frames.END_STREAM:
            self._half_close(stream)

    def _receive_trailers(self, number: int, flags: int, block: bytes) -> None:
        fault = None
        try:
            self._heads.check_trailers(block)
        except Fault as error:
            fault = error
        self._turn -= len(block) >> 3
        stream = self.streams.get(number)
        if stream is not None and not stream.half_closed:
            if fault is not None:
                raise fault
            if not flags & frames.END_STREAM:
                raise Fault(frames.PROTOCOL_ERROR, "headers come twice")
            self._half_close(stream)
        elif self._numbers.was_skipped(number):
            raise Violation(frames.PROTOCOL_ERROR, "the numbers of streams go down")
        else:
            self._receive_late(number, stream)

    def _half_close(self, stream: Stream) -> None:
        if stream.open and not stream.half_closed:
            if stream.remaining:
                raise Fault(frames.PROTOCOL_ERROR, "there is less data than content-length says")
            stream.half_closed = True
            stream.receive_end()

    def _receive_priority(self, flags: int, number: int, payload: bytes) -> None:
        self.calm.trifles.spend()
        if not number:
            raise Violation(frames.PROTOCOL_ERROR, "a priority is of one stream")
        if len(payload) != 5:
            raise self._judge(number, frames.FRAME_SIZE_ERROR, "a priority is of five bytes")
        if NUMBER.unpack_from(payload)[0] & LARGEST_WINDOW == number:
            raise self._judge(number, frames.PROTOCOL_ERROR, "a stream depends on itself")

    def _judge(self, number: int, code: int, reason: str) -> Exception:
        """What is wrong with a stream ends the connection where there is no such stream."""
        return Fault(code, reason) if number in self.streams else Violation(code, reason)

    def _receive_reset(self, flags: int, number: int, payload: bytes) -> None:
        if len(payload) != NUMBER.size:
            raise Violation(frames.FRAME_SIZE_ERROR, "the reason of a reset is of four bytes")
        self._numbers.require_opened(number, "there is no such stream")
        self.calm.resets.spend()
        stream = self.streams.pop(number, None)
        if stream is not None:
            self._numbers.remember_reset(number, ours=False)
            self._abandon(stream)
            self._close_if_done()

    def _receive_settings(self, flags: int, number: int, payload: bytes) -> None:
        self.calm.settings.spend()
        if number:
            raise Violation(frames.PROTOCOL_ERROR, "settings are of the connection")
        if len(payload) % SETTING.size or (flags & frames.ACK and payload):
            raise Violation(frames.FRAME_SIZE_ERROR, "settings are of six bytes each, and their receipt of none")
        if flags & frames.ACK:
            if self._awaited >= 0:
                raise Violation(frames.PROTOCOL_ERROR, _INTERRUPTED[frames.SETTINGS])
            return
        self._awaited = -1
        self._turn -= len(payload) >> 3
        window = settings.read_window(payload)
        self.outbox.write(frame(frames.SETTINGS, frames.ACK, 0))
        if window is not None:
            self._resize(window)

    def _resize(self, window: int) -> None:
        """The window of each stream is another than before."""
        outbox = self.outbox
        change, outbox.peer_window = window - outbox.peer_window, window
        if change:
            self._turn -= len(self.streams)
            for stream in self.streams.values():
                if not stream.windows.widen(change):
                    raise Violation(frames.FLOW_CONTROL_ERROR, "a window is too large")
            for stream in list(self.streams.values()):
                stream.begin_if_ready()
            outbox.flush()

    def _receive_push(self, flags: int, number: int, payload: bytes) -> None:
        raise Violation(frames.PROTOCOL_ERROR, "a client may not push")

    def _receive_ping(self, flags: int, number: int, payload: bytes) -> None:
        self.calm.trifles.spend()
        if number:
            raise Violation(frames.PROTOCOL_ERROR, "a ping is of the connection")
        if len(payload) != 8:
            raise Violation(frames.FRAME_SIZE_ERROR, "a ping is of eight bytes")
        if not flags & frames.ACK:
            self.outbox.write(frame(frames.PING, frames.ACK, 0, payload))
        elif payload == LAST_CALL:
            self.refuse_streams()

    def _receive_goaway(self, flags: int, number: int, payload: bytes) -> None:
        self.calm.trifles.spend()
        if number:
            raise Violation(frames.PROTOCOL_ERROR, "a farewell is of the connection")
        if len(payload) < 8:
            raise Violation(frames.FRAME_SIZE_ERROR, "a farewell is of eight bytes at least")

    def _receive_window(self, flags: int, number: int, payload: bytes) -> None:
        self.calm.trifles.spend()
        if len(payload) != NUMBER.size:
            raise Violation(frames.FRAME_SIZE_ERROR, "a window is of four bytes")
        size = NUMBER.unpack(payload)[0] & LARGEST_WINDOW
        if number:
            self._numbers.require_opened(number, "there is no such stream")
            stream = self.streams.get(number)
            if not size:
                raise self._judge(number, frames.PROTOCOL_ERROR, "a window does not grow by nothing")
            if stream is None:
                return
            if not stream.windows.widen(size):
                raise Fault(frames.FLOW_CONTROL_ERROR, "a window is too large")
            stream.begin_if_ready()
        elif not size:
            raise Violation(frames.PROTOCOL_ERROR, "a window does not grow by nothing")
        elif not self.outbox.windows.widen(size):
            raise Violation(frames.FLOW_CONTROL_ERROR, "a window is too large")
        if self.outbox.held:
            self.outbox.flush()

    def _ignore(self, flags: int, number: int, payload: bytes) -> None:
        self.calm.trifles.spend()

    # Ends

    def _abandon(self, stream: Stream) -> None:
        stream.open = False
        stream.drop()
        stream.give_up()

    def _say_farewell(self, last: int) -> None:
        self.outbox.write(frame(frames.GOAWAY, 0, 0, NUMBER.pack(last) + NUMBER.pack(frames.NO_ERROR)))

    def _close_if_done(self) -> None:
        if self._leaving and not self.streams:
            self.closing = True

    def _break(self, violation: Violation) -> None:
        self.closing = self.at_fault = True
        codes = NUMBER.pack(self._numbers.last) + NUMBER.pack(violation.code)
        self.outbox.write(frame(frames.GOAWAY, 0, 0, codes + str(violation).encode()))


_INTERRUPTED = {
    frames.SETTINGS: "a connection begins with settings",
    frames.CONTINUATION: "a block of headers is not whole",
}

_RECEIVERS: dict[int, tuple[Callable[[Core, int, int, bytes], None], int]] = {
    frames.DATA: (Core._receive_data, 2),
    frames.HEADERS: (Core._receive_headers, 18),
    frames.PRIORITY: (Core._receive_priority, 1),
    frames.RST_STREAM: (Core._receive_reset, 5),
    frames.SETTINGS: (Core._receive_settings, 10),
    frames.PUSH_PROMISE: (Core._receive_push, 1),
    frames.PING: (Core._receive_ping, 2),
    frames.GOAWAY: (Core._receive_goaway, 1),
    frames.WINDOW_UPDATE: (Core._receive_window, 2),
    frames.CONTINUATION: (Core._receive_continuation, 2),
}
"""What each kind of frame does, and its part of a turn."""

_UNKNOWN = (Core._ignore, 1)
