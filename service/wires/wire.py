"""The type of a wire: how requests and answers are written under one media type."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from service.answers import StreamedAnswer
from service.bounds import Bounds
from service.room import BINARY_BYTES

LARGE = ("series", "latent", "start_series", "end_series", "start_latent", "end_latent")
"""The fields of requests that may be large: numbers, several for each case."""

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Wire:
    """`decoded(body, headers, bounds)` gives the fields of a request, `encoded(answer)` a body and headers with it.

    `streamed(stream)` gives the headers, and the chunks of a body. What a wire cannot do is None.
    """

    media_type: bytes
    decoded: Callable[[bytes, dict[bytes, bytes], Bounds], Any] | None
    encoded: Callable[[Any], tuple[bytes, Headers]] | None
    streamed: Callable[[StreamedAnswer], tuple[Headers, AsyncIterator[bytes]]] | None
    packs: bool = False
    """Whether its bodies are text, which compresses."""
    written: int = BINARY_BYTES
    """Bytes of a value while it is written."""
    description: str | None = None
    """For the documentation."""
