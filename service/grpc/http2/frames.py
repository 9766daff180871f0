"""Frames: what a connection consists of (RFC 9113, sections 4, 6 and 7)."""

from __future__ import annotations

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client sends first."""

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)

ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITISED = 0x20

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS = 0x1, 0x2, 0x3
INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = 0x4, 0x5, 0x6
"""Settings."""

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR = 0x0, 0x1, 0x2
FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL = 0x3, 0x5, 0x6, 0x7, 0x8
COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 0x9, 0xB

FRAME_BYTES = 2**14
"""The largest frame that we take, and that any peer takes."""

WINDOW_BYTES = 2**16 - 1
"""What may be sent before the peer says more."""

LARGEST_WINDOW = 2**31 - 1

HEAD = struct.Struct(">HBBBI")
"""Length (two and one bytes), kind, flags, stream."""

NUMBER = struct.Struct(">I")
SETTING = struct.Struct(">HI")


class Violation(Exception):
    """The peer breaks the rules in a way that ends the connection."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Fault(Exception):
    """The peer breaks the rules in a way that ends one stream."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def frame(kind: int, flags: int, number: int, payload: bytes = b"") -> bytes:
    """Encode one frame of stream `number`."""
    size = len(payload)
    return HEAD.pack(size >> 8, size & 0xFF, kind, flags, number) + payload


def frame_headers(number: int, block: bytes, end: bool) -> bytes:
    """Encode a block of headers: as several frames where it is too long for one."""
    ending = END_STREAM if end else 0
    if len(block) <= FRAME_BYTES:
        return frame(HEADERS, END_HEADERS | ending, number, block)
    parts = [block[start : start + FRAME_BYTES] for start in range(0, len(block), FRAME_BYTES)]
    middle = [frame(CONTINUATION, 0, number, part) for part in parts[1:-1]]
    last = frame(CONTINUATION, END_HEADERS, number, parts[-1])
    return b"".join([frame(HEADERS, ending, number, parts[0]), *middle, last])


def remove_padding(flags: int, payload: bytes) -> bytes:
    """Return a frame's payload without its padding. Raises `Violation`."""
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise Violation(PROTOCOL_ERROR, "there is more padding than frame")
    return payload[1 : len(payload) - payload[0]]
