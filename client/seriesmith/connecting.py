"""A client to use for a moment: the one that is there, or one that is made and closed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from seriesmith.clients import Client


@contextmanager
def connect(server: str | Client, api_key: str | None) -> Iterator[Client]:
    """Open a client where `server` is a URL; a client that is passed stays open."""
    if isinstance(server, Client):
        yield server
        return
    with Client(server, api_key) as client:
        yield client
