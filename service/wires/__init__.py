"""Wires: how requests and answers are written, each under its media type, whatever carries them.

A wire reads the fields of a request, and writes an answer whole or, where it can, chunk by chunk.
"""

from __future__ import annotations

import functools

from bundle.errors import UnsupportedMediaType
from service.http.accept import choose_media_type
from service.wires import arrow, json_lines, json_text, octet_parts, octets
from service.wires.wire import Wire

WIRES: dict[bytes, Wire] = {
    wire.media_type: wire for wire in (json_text.WIRE, octets.WIRE, arrow.WIRE, json_lines.WIRE, octet_parts.WIRE)
}


REMEMBERED_BYTES = 256
"""Of an Accept header: clients send the same one again and again."""


def find_wire(content_type: bytes) -> Wire:
    """Return the wire of a request's Content-Type; JSON when there is none. Raises `UnsupportedMediaType`."""
    wire = WIRES.get(content_type) or WIRES.get(content_type.split(b";")[0].strip().lower())
    if wire is None or wire.decoded is None:
        known = ", ".join(name.decode() for name, known in WIRES.items() if known.decoded)
        raise UnsupportedMediaType(f"the body is {content_type.decode('latin-1')[:80]!r}; send one of: {known}.")
    return wire


def choose_wire(accept: bytes, asked_in: Wire) -> Wire:
    """Choose the wire of the answer: the one that the Accept header prefers, else that of the request."""
    if not accept or accept in (b"*/*", asked_in.media_type):
        return asked_in
    choose = _choose_media_type if len(accept) <= REMEMBERED_BYTES else _choose_media_type.__wrapped__
    chosen = choose(accept, asked_in.media_type)
    return WIRES[chosen] if chosen is not None else asked_in


@functools.lru_cache(256)
def _choose_media_type(accept: bytes, usual: bytes) -> bytes | None:
    return choose_media_type(accept, tuple(WIRES), usual)
