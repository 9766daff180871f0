"""The settings of both sides (RFC 9113, 6.5)."""

from __future__ import annotations

from service.grpc.http2 import frames
from service.grpc.http2.frames import LARGEST_WINDOW, SETTING, Violation, frame
from service.grpc.http2.hpack import LIST_BYTES, TABLE_BYTES
from service.grpc.http2.outbox import STREAM_BYTES


def write_settings(most_streams: int) -> bytes:
    """The frame of our settings."""
    ours = [
        (frames.HEADER_TABLE_SIZE, TABLE_BYTES),
        (frames.MAX_CONCURRENT_STREAMS, most_streams),
        (frames.INITIAL_WINDOW_SIZE, STREAM_BYTES),
        (frames.MAX_HEADER_LIST_SIZE, LIST_BYTES),
    ]
    return frame(frames.SETTINGS, 0, 0, b"".join([SETTING.pack(*setting) for setting in ours]))


def read_window(payload: bytes) -> int | None:
    """The window of a peer's streams, where its settings say it. Raises `Violation` where one cannot have its value."""
    window = None
    for name, value in SETTING.iter_unpack(payload):
        if name == frames.ENABLE_PUSH and value > 1:
            raise Violation(frames.PROTOCOL_ERROR, "whether to push is 0 or 1")
        if name == frames.INITIAL_WINDOW_SIZE:
            if value > LARGEST_WINDOW:
                raise Violation(frames.FLOW_CONTROL_ERROR, "a window is too large")
            window = value
        if name == frames.MAX_FRAME_SIZE and not frames.FRAME_BYTES <= value < 2**24:
            raise Violation(frames.PROTOCOL_ERROR, "the largest frame is of 2^14 to 2^24 - 1 bytes")
    return window
