"""Bytes in, requests out, without I/O: a head, pieces of its body, the end; in time linear in the bytes."""

from __future__ import annotations

import re
from enum import Enum

from bundle.errors import HeadTooLarge, InvalidRequest
from service.http.http1.head import CONTROLS, MAX_FIELDS, TOKEN, Head, parse_fields, parse_head, parse_request_line

MAX_HEAD = 64 * 2**10
"""Most bytes of request line and headers together."""

MAX_TRAILERS = 8 * 2**10
MAX_SIZE_LINE = 256
"""Most bytes of a chunk's size and its extensions."""

SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")


class End(Enum):
    """What follows the last piece of a body."""

    END = "end"


END = End.END


class State(Enum):
    """What comes next."""

    HEAD = "a head"
    BODY = "a body of known length"
    SIZE = "a chunk's size"
    CHUNK = "a chunk"
    CHUNK_END = "a chunk's end"
    TRAILERS = "trailers"
    DONE = "the end"


class Reader:
    """Reads the requests of one connection, one after the other.

    After `feed`, call `read_event` until it answers None: more bytes are needed. After the end of a request it may
    be called later on; what is left waits.
    """

    __slots__ = ("_at", "_data", "_left", "_line_seen", "_scanned", "_state")

    def __init__(self) -> None:
        self._data: bytes | bytearray = b""
        self._at = self._scanned = self._left = 0
        self._line_seen = False
        self._state = State.HEAD

    @property
    def buffered(self) -> int:
        """How many bytes wait."""
        return len(self._data) - self._at

    @property
    def target(self) -> bytes:
        """The target of the head that waits, as far as it can be told: of a request that is refused."""
        words = bytes(self._data[self._at : self._at + 200]).split(b" ", 2)
        return words[1] if len(words) == 3 else b""

    def feed(self, data: bytes) -> None:
        """Take in what arrived."""
        if self._at == len(self._data):
            self._data = data
        else:
            if isinstance(self._data, bytes):
                self._data = bytearray(memoryview(self._data)[self._at :])
            elif self._at:
                del self._data[: self._at]
            self._scanned = max(0, self._scanned - self._at)
            self._data += data
            self._at = 0
            return
        self._at = self._scanned = 0

    def read_event(self) -> Head | bytes | End | None:
        """The next event. Raises a `SeriesmithError` where it cannot be read; then the connection cannot go on."""
        state = self._state
        if state is State.HEAD:
            return self._read_head()
        if state is State.DONE:
            self._state = State.HEAD
            return END
        if state is State.BODY:
            return self._read_piece(State.DONE)
        return self._read_chunks()

    def take_body(self) -> bytes | None:
        """The whole body of the head that was read last, where all of it has arrived; then its request has ended.

        None: it has not, or comes in chunks; `read_event` goes on.
        """
        if self._state is State.DONE:
            self._state = State.HEAD
            return b""
        if self._state is not State.BODY:
            return None
        data, at = self._data, self._at
        end = at + self._left
        if end > len(data):
            return None
        self._at, self._left, self._state = end, 0, State.HEAD
        return data[at:end] if type(data) is bytes else bytes(memoryview(data)[at:end])

    def _read_head(self) -> Head | None:
        data, at = self._data, self._at
        while data.startswith(b"\r\n", at):  # RFC 9112, 2.2: empty lines before a request are ignored
            at += 2
        self._at = at
        end = data.find(b"\r\n\r\n", max(at, self._scanned))
        if (end if end >= 0 else len(data) - 3) - at > MAX_HEAD:
            raise HeadTooLarge(f"the request line and headers are longer than {MAX_HEAD} bytes; send less of them.")
        if end < 0:
            self._scanned = max(at, len(data) - 3)
            self._look_at_line()
            return None
        head = parse_head(bytes(data[at:end]))
        self._at, self._line_seen, self._left = end + 4, False, head.length or 0
        self._state = State.SIZE if head.length is None else State.BODY if head.length else State.DONE
        return head

    def _look_at_line(self) -> None:
        """Refuse early what cannot become a request: who speaks something else need not wait for the deadline."""
        data, at = self._data, self._at
        if self._line_seen or at == len(data):
            return
        if data[at] not in TOKEN and data[at] != 0x0D:
            raise InvalidRequest("the request line must start with a method.")
        end = data.find(b"\n", at)
        if end >= 0:
            self._line_seen = True
            line = bytes(data[at:end])
            if not line.endswith(b"\r"):
                raise InvalidRequest("the request line must end with CR LF.")
            parse_request_line(line[:-1])

    def _read_piece(self, after: State) -> bytes | None:
        data, at = self._data, self._at
        available = len(data) - at
        if available == 0:
            return None
        size = min(available, self._left)
        piece = bytes(data) if size == len(data) else bytes(memoryview(data)[at : at + size])
        self._left -= size
        self._at += size
        if self._left == 0:
            self._state = after
        return piece

    def _read_chunks(self) -> bytes | End | None:
        """All that has arrived of a body in chunks, as one piece."""
        pieces = bytearray()
        while (state := self._state) is not State.DONE:
            if state is State.CHUNK:
                piece = self._read_piece(State.CHUNK_END)
                if piece is None:
                    break
                pieces += piece
            elif not (self._read_trailers() if state is State.TRAILERS else self._read_line(state)):
                break
        if pieces:
            return bytes(pieces)
        if self._state is State.DONE:
            self._state = State.HEAD
            return END
        return None

    def _read_line(self, state: State) -> bool:
        """A chunk's size, or the line's end behind a chunk; whether it is there."""
        data, at = self._data, self._at
        if state is State.CHUNK_END:
            if not b"\r\n".startswith(bytes(data[at : at + 2])):
                raise InvalidRequest("a chunk must be as long as its size says, and end with CR LF.")
            if len(data) - at < 2:
                return False
            self._at, self._state = at + 2, State.SIZE
            return True
        end = data.find(b"\r\n", at, at + MAX_SIZE_LINE + 2)
        if end < 0:
            if len(data) - at > MAX_SIZE_LINE + 1:
                raise InvalidRequest(f"a chunk's size and extensions are longer than {MAX_SIZE_LINE} bytes.")
            return False
        size = SIZE_LINE.fullmatch(data, at, end)
        if size is None:
            raise InvalidRequest("a chunk must start with its size in hexadecimal digits, in a line of its own.")
        self._at, self._left = end + 2, int(size[1], 16)
        self._state = State.CHUNK if self._left else State.TRAILERS
        return True

    def _read_trailers(self) -> bool:
        """Check and skip what follows the last chunk; whether it is there."""
        data, at = self._data, self._at
        if data.startswith(b"\r\n", at):
            end, text = at - 2, b""
        else:
            end = data.find(b"\r\n\r\n", max(at, self._scanned))
            if (end if end >= 0 else len(data) - 3) - at > MAX_TRAILERS:
                raise HeadTooLarge(f"the trailers are longer than {MAX_TRAILERS} bytes; send less of them.")
            if end < 0:
                self._scanned = max(at, len(data) - 3)
                return False
            text = bytes(data[at:end])
        if text:
            lines = text.split(b"\r\n")
            if len(lines) > MAX_FIELDS or len(text) - len(text.translate(None, CONTROLS)) != 2 * (len(lines) - 1):
                raise InvalidRequest("the trailers have a control character, or are too many.")
            parse_fields(lines)
        self._at, self._state = end + 4, State.DONE
        return True
