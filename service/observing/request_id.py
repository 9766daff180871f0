"""Request ids: `x-request-id` comes with a request or is made for it, and goes back with the answer."""

from __future__ import annotations

import re
import secrets

NAME = b"x-request-id"
"""The header over HTTP, and the metadata over gRPC."""

VALID = re.compile(rb"[!-~]{1,128}")
"""Visible ASCII: it stands in headers, and in the log."""


def read_request_id(given: bytes | None) -> bytes:
    """Return the id that a client sent; empty where it sent none that can be used."""
    return given if given and VALID.fullmatch(given) else b""


def make_request_id() -> bytes:
    """Make an id: 16 random hexadecimal digits."""
    return secrets.token_hex(8).encode()
