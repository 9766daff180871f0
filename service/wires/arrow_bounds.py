"""Checks the headers of an Arrow IPC stream before pyarrow makes arrays of it, so that a small body stays small.

Compressed buffers could unpack to gigabytes, and rows without bytes could be any number. The messages' headers say so;
they are flatbuffers, of which this module reads a few numbers. Format: arrow.apache.org/docs/format/Columnar.html.
"""

from __future__ import annotations

import struct

import pyarrow as pa

from bundle.errors import InvalidRequest, TooLarge
from service.bounds import Bounds

HEADER_TYPE, HEADER = 1, 2
"""Fields of a Message."""

DICTIONARY_BATCH, RECORD_BATCH = 2, 3
DICTIONARY_DATA = 1
LENGTH, COMPRESSION = 0, 3
"""Fields of a RecordBatch."""


MOST_METADATA_BYTES = 2**23
"""Of a message; the schema's hold the fields beside the columns."""


def check_bounds(body: bytes, bounds: Bounds) -> None:
    """Raise `InvalidRequest` or `TooLarge` where a stream could grow, and what pyarrow raises for an invalid stream."""
    rows = 0
    for number, message in enumerate(pa.ipc.MessageReader.open_stream(pa.py_buffer(body))):
        if number > bounds.rows:
            raise TooLarge(f"the stream has more than {bounds.rows} messages; write larger batches.")
        if len(message.metadata) > MOST_METADATA_BYTES:
            raise TooLarge(
                f"the stream has {len(message.metadata)} bytes of metadata; it may have {MOST_METADATA_BYTES}."
            )
        rows += _count_rows(bytes(message.metadata))
        if rows > len(body):
            raise InvalidRequest(
                f"the stream has {rows} rows or more, in {len(body)} bytes; send rows that hold values."
            )
        if rows > bounds.rows:
            raise TooLarge(
                f"the stream has {rows} rows or more; one request may have {bounds.rows // 2}. Send several requests, "
                "or raise SERIESMITH_MAX_ROWS."
            )


def _count_rows(flat: bytes) -> int:
    """Return the number of rows of one message; 0 for a schema."""
    message = _find_table(flat, 0)
    kind = _find_slot(flat, message, HEADER_TYPE)
    header = _find_slot(flat, message, HEADER)
    if kind is None or header is None or flat[kind] not in (DICTIONARY_BATCH, RECORD_BATCH):
        return 0
    batch = _find_table(flat, header)
    if flat[kind] == DICTIONARY_BATCH:
        data = _find_slot(flat, batch, DICTIONARY_DATA)
        if data is None:
            return 0
        batch = _find_table(flat, data)
    if _find_slot(flat, batch, COMPRESSION) is not None:
        raise InvalidRequest(
            "the stream's buffers are compressed; write it without compression, and pack the whole body with "
            "Content-Encoding: zstd where it should be small."
        )
    length = _find_slot(flat, batch, LENGTH)
    return 0 if length is None else max(0, int(struct.unpack_from("<q", flat, length)[0]))


def _find_table(flat: bytes, place: int) -> int:
    """Return the position of the table that `place` points to."""
    return place + int(struct.unpack_from("<I", flat, place)[0])


def _find_slot(flat: bytes, table: int, field: int) -> int | None:
    """Return the position of a field of a table; None where it is absent."""
    fields = table - int(struct.unpack_from("<i", flat, table)[0])
    place = 4 + 2 * field
    if place >= struct.unpack_from("<H", flat, fields)[0]:
        return None
    offset = int(struct.unpack_from("<H", flat, fields + place)[0])
    return table + offset if offset else None
