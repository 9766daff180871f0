"""A connection: frames become streams, and the peer is held to the rules and to bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service.grpc.http2 import frames
from service.grpc.http2.frames import HEAD, LARGEST_WINDOW, NUMBER, SETTING, Violation, frame
from service.grpc.http2.heads import Heads
from service.grpc.http2.hpack import LIST_BYTES, Header
from service.grpc.http2.sending import Sending
from service.grpc.http2.stream import Stream

MOST_STREAMS = 1000
"""Exchanges in flight on one connection."""

LAST_CALL = b"goodbye!"
"""Of the ping whose answer shows that the peer knows that we are leaving."""


class Connection(Sending):
    """`read` makes what it wants of a stream's headers, once for equal ones; `made` makes the stream of that."""

    def __init__(
        self,
        read: Callable[[list[Header]], Any],
        made: Callable[[Connection, int, Any], Stream],
        ended: Callable[[Connection], None],
    ) -> None:
        super().__init__()
        self._made, self._ended = made, ended
        self._greeted = self._leaving = False
        self._rest = b""
        self._block: tuple[int, int, bytes] | None = None
        self._heads = Heads(read)
        self._last = self._taken = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        ours = [(frames.MAX_CONCURRENT_STREAMS, MOST_STREAMS), (frames.INITIAL_WINDOW_SIZE, LARGEST_WINDOW)]
        self.write(frame(frames.SETTINGS, 0, 0, b"".join([SETTING.pack(*setting) for setting in ours])))
        self._grant(LARGEST_WINDOW - frames.WINDOW_BYTES)

    def connection_lost(self, error: Exception | None) -> None:
        streams, self.streams = self.streams, {}
        for stream in streams.values():
            self.abandon(stream)
        self._ended(self)

    def leave(self) -> None:
        """Tell the peer to go elsewhere; when it answers the ping it knows, and `left` is called."""
        self._farewell(LARGEST_WINDOW)
        self.write(frame(frames.PING, 0, 0, LAST_CALL))

    def left(self) -> None:
        """Take no more streams; close when those in flight have ended."""
        self._leaving = True
        self._farewell(self._last)
        self._perhaps_close()

    def _farewell(self, last: int) -> None:
        self.write(frame(frames.GOAWAY, 0, 0, NUMBER.pack(last) + NUMBER.pack(frames.NO_ERROR)))

    def _perhaps_close(self) -> None:
        if self._leaving and not self.streams:
            self.transport.close()

    def done(self, stream: Stream) -> None:
        super().done(stream)
        self._perhaps_close()

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        place, end = 0, len(data)
        try:
            if not self._greeted:
                place = self._greeting(data)
            while self._greeted and end - place >= HEAD.size:
                high, low, kind, flags, number = HEAD.unpack_from(data, place)
                start, size = place + HEAD.size, high << 8 | low
                if size > frames.FRAME_BYTES:
                    raise Violation(frames.FRAME_SIZE_ERROR, "a frame is too large")
                if end - start < size:
                    break
                place = start + size
                if self._block is not None and kind != frames.CONTINUATION:
                    raise Violation(frames.PROTOCOL_ERROR, "a block of headers is not whole")
                receive = _RECEIVERS.get(kind)
                if receive is not None:
                    receive(self, flags, number & LARGEST_WINDOW, data[start:place])
        except Violation as violation:
            self._broken(violation)
        else:
            self._rest = data[place:]

    def _greeting(self, data: bytes) -> int:
        whole = len(frames.PREFACE)
        if not frames.PREFACE.startswith(data[:whole]):
            raise Violation(frames.PROTOCOL_ERROR, "this is not HTTP/2")
        self._greeted = len(data) >= whole
        return whole if self._greeted else 0

    def _broken(self, violation: Violation) -> None:
        codes = NUMBER.pack(self._last) + NUMBER.pack(violation.code)
        self.write(frame(frames.GOAWAY, 0, 0, codes + str(violation).encode()))
        self.transport.close()

    def _grant(self, size: int) -> None:
        self.write(frame(frames.WINDOW_UPDATE, 0, 0, NUMBER.pack(size)))

    def _data(self, flags: int, number: int, payload: bytes) -> None:
        self._taken += len(payload)
        if self._taken > LARGEST_WINDOW // 2:
            self._grant(self._taken)
            self._taken = 0
        stream = self.streams.get(number)
        if stream is None or stream.half_closed:
            if not 0 < number <= self._last:
                raise Violation(frames.PROTOCOL_ERROR, "data of a stream that was never opened")
            return
        if flags & frames.PADDED:
            payload = frames.unpadded(flags, payload)
        stream.received(payload)
        if flags & frames.END_STREAM:
            self._half_closed(stream)

    def _headers(self, flags: int, number: int, payload: bytes) -> None:
        if not number & 1:
            raise Violation(frames.PROTOCOL_ERROR, "a client's streams have odd numbers")
        if flags & frames.PADDED:
            payload = frames.unpadded(flags, payload)
        if flags & frames.PRIORITISED:
            payload = payload[5:]
        self._headed(number, flags, flags, payload)

    def _continuation(self, flags: int, number: int, payload: bytes) -> None:
        if self._block is None or self._block[0] != number:
            raise Violation(frames.PROTOCOL_ERROR, "headers go on that never began")
        self._headed(number, self._block[1], flags, self._block[2] + payload)

    def _headed(self, number: int, began: int, flags: int, block: bytes) -> None:
        if len(block) > LIST_BYTES:
            raise Violation(frames.ENHANCE_YOUR_CALM, "the headers are too large")
        if not flags & frames.END_HEADERS:
            self._block = number, began, block
            return
        self._block = None
        head = self._heads.of(block)
        if number > self._last:
            self._last = number
            self._open(number, head)
        stream = self.streams.get(number)
        if stream is not None and began & frames.END_STREAM:
            self._half_closed(stream)

    def _open(self, number: int, head: Any) -> None:
        if len(self.streams) >= MOST_STREAMS or self._leaving:
            self.control(frames.RST_STREAM, 0, number, NUMBER.pack(frames.REFUSED_STREAM))
            return
        stream = self.streams[number] = self._made(self, number, head)
        stream.opened()

    def _half_closed(self, stream: Stream) -> None:
        if stream.open and not stream.half_closed:
            stream.half_closed = True
            stream.ended()

    def _reset(self, flags: int, number: int, payload: bytes) -> None:
        stream = self.streams.pop(number, None)
        if stream is not None:
            self.abandon(stream)
            self._perhaps_close()

    def _ping(self, flags: int, number: int, payload: bytes) -> None:
        if len(payload) != 8:
            raise Violation(frames.FRAME_SIZE_ERROR, "a ping is of eight bytes")
        if not flags & frames.ACK:
            self.control(frames.PING, frames.ACK, 0, payload)
        elif payload == LAST_CALL:
            self.left()

    def _pushed(self, flags: int, number: int, payload: bytes) -> None:
        raise Violation(frames.PROTOCOL_ERROR, "a client may not push")


_RECEIVERS: dict[int, Callable[[Connection, int, int, bytes], None]] = {
    frames.DATA: Connection._data,
    frames.HEADERS: Connection._headers,
    frames.RST_STREAM: Connection._reset,
    frames.SETTINGS: Connection.settings,
    frames.PUSH_PROMISE: Connection._pushed,
    frames.PING: Connection._ping,
    frames.WINDOW_UPDATE: Connection.granted,
    frames.CONTINUATION: Connection._continuation,
}
"""What is not here is ignored: priorities, a client's good-bye, and kinds that are not known."""
