"""`Accept` and `Accept-Encoding`, with their quality values (RFC 9110, 12.4.2 and 12.5)."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

QUALITY = re.compile(rb"[01](?:\.[0-9]{0,3})?")


@functools.lru_cache(256)
def parse_accept(header: bytes) -> tuple[tuple[bytes, float], ...]:
    """Return the names in a header, lower case and without parameters, each with its quality from 0 to 1.

    Names with a malformed quality are left out.
    """
    parsed = []
    for part in header[:4096].lower().split(b","):
        name, *parameters = part.split(b";")
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition(b"=")
            if key.strip() == b"q":
                quality = float(value) if QUALITY.fullmatch(value.strip()) else -1.0
        if (name := name.strip()) and 0 <= quality <= 1:
            parsed.append((name, quality))
    return tuple(parsed)


def choose_media_type(header: bytes, offered: Sequence[bytes], usual: bytes) -> bytes | None:
    """Choose the offered media type that a client prefers; None where it accepts none of them, or names none.

    Among equals `usual` wins where it is named or fits, else the one named first.
    """
    named = parse_accept(header)
    best: tuple[float, bool, int] = (0.0, False, 0)
    chosen = None
    for media_type in offered:
        kind = media_type.partition(b"/")[0] + b"/*"
        for pattern in (media_type, kind, b"*/*"):  # the most specific one that fits decides
            places = [place for place, (name, _) in enumerate(named) if name == pattern]
            if places:
                quality = named[places[0]][1]
                if pattern != media_type and media_type != usual:
                    quality = 0.0  # a wildcard stands for the usual type, which every client of it reads
                rank = (quality, media_type == usual, -places[0])
                if quality > 0 and rank > best:
                    best, chosen = rank, media_type
                break
    return chosen


def choose_coding(header: bytes, offered: Sequence[bytes]) -> bytes | None:
    """Choose the offered coding that a client prefers, of equals the first; None means to send the body uncoded."""
    qualities: dict[bytes, float] = {}
    for name, quality in parse_accept(header):
        qualities.setdefault(b"gzip" if name == b"x-gzip" else name, quality)
    rest = qualities.get(b"*", 0.0)
    best = max(offered, key=lambda coding: qualities.get(coding, rest), default=None)
    quality = qualities.get(best, rest) if best is not None else 0.0
    return best if quality > 0 and quality >= qualities.get(b"identity", 0.0) else None
