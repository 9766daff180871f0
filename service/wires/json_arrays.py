"""Reads large arrays of numbers in JSON piece by piece: memory stays near what they hold, and no other thread waits
for longer than a piece takes.

A parser holds the interpreter's lock while it reads; one that reads 100 MiB holds everybody up for a second. The text
of a large array is cut between its cases, which are whole arrays themselves; what is left of the body is small.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import simdjson

from bundle.errors import InvalidRequest, TooLarge
from service.bounds import PLAIN_BYTES, Bounds

PIECE_BYTES = 2**18
"""Parsed in about a millisecond."""

WINDOW_BYTES = 2**22
"""Searched through in a few."""

LARGE_ARRAY_BYTES = 2**14

REST_BYTES = 2**23
"""Of a body, beside its large arrays."""

DEEPEST = 8

MOST_TRIES = 1000
"""Places at which a large array is looked for."""

NO_NUMBERS = (ValueError, TypeError, AttributeError, RuntimeError)
"""What simdjson raises for other JSON, and for integers of more than 64 bits."""

SIGNS = b'"}{'
"""In no list of numbers."""

MARK = secrets.token_hex(16)
"""Stands for an array that was taken out; nobody else can have written it."""

OPENING = re.compile(rb"\s*:\s*(?=\[)")
START = re.compile(rb"(?:\s*\[){1,9}")
COMMA, OPEN, CLOSE, BRACE = b",[]{"


@dataclass(frozen=True, repr=False)
class JsonArray:
    """The text of an array of numbers, nested `depth` deep, at `place` in its body. `torn`: it does not end there."""

    text: memoryview
    depth: int
    place: int
    bounds: Bounds
    torn: bool = False

    def __repr__(self) -> str:
        return "a list"

    def cut_pieces(self) -> Iterator[tuple[bytes, int]]:
        """Cut the array into arrays of some items each, and yield them with their places in the body.

        The last piece of a torn array goes on beyond its end.
        """
        boundary = _compile_boundary(self.depth)
        end = len(self.text) if self.torn else len(self.text) - 1
        start = 1
        while True:
            cut, following = self._cut(boundary, start, end)
            if cut - start > self.bounds.case_bytes:
                raise TooLarge(
                    f"a part of the body of {cut - start} bytes is no list of series, or a single one; one series "
                    f"may take {self.bounds.case_bytes} bytes."
                )
            closing = b"" if self.torn and cut == end else b"]"
            yield b"".join([b"[", self.text[start:cut], closing]), self.place + start - 1
            if cut == end:
                return
            start = following

    def _cut(self, boundary: re.Pattern[bytes], start: int, end: int) -> tuple[int, int]:
        """Find where a piece that begins at `start` ends, and where the next begins."""
        place = start + PIECE_BYTES
        while place < end:
            found = boundary.search(self.text, place, min(place + WINDOW_BYTES, end))
            if found is not None:
                return found.start(1), found.end(1)
            if place - start > self.bounds.case_bytes:
                break
            place += WINDOW_BYTES
        return end, end


def _compile_boundary(depth: int) -> re.Pattern[bytes]:
    """Compile the pattern of what separates two items of an array nested `depth` deep."""
    inner = depth - 1
    return re.compile(rb"(?:\]\s*){%d}(,)(?:\s*\[){%d}" % (inner, inner))


def read_doubles(piece: bytes) -> np.ndarray | None:
    """Read the numbers in an array, however nested, as a flat array; None where it holds anything else."""
    try:
        return np.frombuffer(_read(piece).as_buffer(of_type="d"), np.float64)
    except NO_NUMBERS:
        return None


def _read(piece: bytes) -> Any:
    """Parse a value with simdjson, which keeps the numbers in its own memory."""
    return simdjson.Parser().parse(piece)


def read_cubes(piece: bytes, depth: int) -> tuple[np.ndarray, set[int], set[int], int] | None:
    """Read an array of cases of numbers, each nested `depth` - 1 deep.

    Returns the numbers, flat, the lengths and the numbers of channels that occur, and the number of cases; None where
    it holds anything else, which a slower parser then names.
    """
    try:
        cases = _read(piece)
        rows = [row for case in cases for row in case] if depth == 3 else list(cases)
        lengths, channels = set(map(len, rows)), set(map(len, cases)) if depth == 3 else {1}
        nested = 1 + len(rows) + (len(cases) if depth == 3 else 0)
        if 0 in channels or not rows or piece.count(b"[") != nested or not all(map(_is_array, rows)):
            return None
        return np.frombuffer(cases.as_buffer(of_type="d"), np.float64), lengths, channels, len(cases)
    except NO_NUMBERS:
        return None


def _is_array(value: object) -> bool:
    return type(value) is simdjson.Array


def parse(piece: bytes, place: int = 0) -> Any:
    """Parse JSON that begins at `place` in its body. Raises `InvalidRequest` with the fault's place in the body."""
    try:
        return orjson.loads(piece)
    except orjson.JSONDecodeError as error:
        said = f"{error.msg}: char {place + error.pos}" if place else str(error)
        raise InvalidRequest(
            f"the body is not valid JSON: {said}. Send one whole JSON object; NaN and Infinity are not JSON."
        ) from error


def parse_start(text: bytes, place: int) -> Any:
    """Parse the JSON value at the start of a text, whatever follows. Raises `InvalidRequest`."""
    try:
        return json.JSONDecoder(parse_constant=_refuse_constant).raw_decode(text.decode())[0]
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"the body is not valid JSON: its list that begins at char {place} is not whole. Send one whole "
            "JSON object."
        ) from error


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


@dataclass(frozen=True)
class Lifted:
    """The rest of a body, with marks in place of its large arrays, and the arrays by their marks.

    `torn`: the key of the one array that is torn, which comes alone then.
    """

    rest: bytes
    arrays: dict[str, JsonArray]
    torn: str | None = None


def lift(body: bytes, keys: Sequence[str], bounds: Bounds, torn: bool = False) -> Lifted:
    """Take the large arrays under `keys` out of a body. Raises `InvalidRequest` or `TooLarge` where much is left.

    `torn`: whether one that holds something else than numbers comes all the same, for a refusal that says where.
    """
    if len(body) <= PLAIN_BYTES:
        return Lifted(body, {})
    whole = memoryview(body)
    arrays: dict[str, JsonArray] = {}
    kept: list[bytes | memoryview] = []
    start = searched = 0
    for _ in range(MOST_TRIES):
        found, key = _find(body, keys, searched)
        if found < 0:
            break
        searched = found + len(key) + 2
        opening = OPENING.match(body, searched, searched + 1000)
        if opening is None or body[found - 1 : found] == b"\\":
            continue
        array = _lift_array(body, whole, opening.end(), bounds, torn)
        if array is None:
            continue
        mark = f"{MARK}{len(arrays)}"
        arrays[mark] = array
        kept += [whole[start : opening.end()], f'"{mark}"'.encode()]
        if array.torn:
            return Lifted(b"", {mark: array}, key)
        start = searched = opening.end() + len(array.text)
    rest = b"".join([*kept, whole[start:]]) if arrays else body
    require_few(rest, bounds)
    return Lifted(rest, arrays)


def require_few(rest: bytes, bounds: Bounds) -> None:
    """Raise `TooLarge` where a text would take long to parse."""
    if len(rest) <= PLAIN_BYTES:
        return
    if len(rest) > REST_BYTES:
        raise TooLarge(f"beside numbers in lists the body has {len(rest)} bytes; it may have {REST_BYTES}.")
    flat = np.frombuffer(rest, np.uint8)
    n_elements = sum(count(flat, sign) for sign in (COMMA, OPEN, BRACE))
    if n_elements > bounds.elements:
        raise TooLarge(
            f"beside large lists of numbers the body holds {n_elements} values; one request may have "
            f"{bounds.elements}. Send several requests."
        )


def count(flat: np.ndarray, sign: int) -> int:
    """Count a byte; numpy counts frequent bytes much faster than `bytes.count`."""
    return sum(
        int(np.count_nonzero(flat[start : start + WINDOW_BYTES] == sign)) for start in range(0, len(flat), WINDOW_BYTES)
    )


def _find(body: bytes, keys: Sequence[str], start: int) -> tuple[int, str]:
    """Return the place from `start` on of the first name that is one of `keys`, and that key; -1 where there is none.

    In windows, as `bytes.find` holds the interpreter's lock.
    """
    while start < len(body):
        found, first, end = -1, "", start + WINDOW_BYTES
        for key in keys:
            name = b'"%s"' % key.encode()
            place = body.find(name, start, end + len(name))
            if place >= 0:
                found, first, end = place, key, place
        if found >= 0:
            return found, first
        start += WINDOW_BYTES
    return -1, ""


def _is_whole(text: memoryview) -> bool:
    """Whether as many lists end as begin."""
    flat = np.frombuffer(text, np.uint8)
    return len(flat) > 0 and count(flat, OPEN) == count(flat, CLOSE)


def _lift_array(body: bytes, whole: memoryview, start: int, bounds: Bounds, torn: bool) -> JsonArray | None:
    """Return the array that begins at `start`; None where it is small, or holds something else than numbers."""
    opening = START.match(body, start, start + 1000)
    if opening is None:
        return None
    depth = opening[0].count(b"[")
    after = min(start + LARGE_ARRAY_BYTES, len(body))
    small = any(body.find(sign, start, after) >= 0 for sign in SIGNS)
    if depth > DEEPEST or (small and not torn):
        return None
    after = after if small else len(body)
    for sign in SIGNS:
        found = body.find(sign, start, after)
        after = after if found < 0 else found
    if small and _is_whole(whole[start : body.rfind(b"]", start, after) + 1]):
        return None
    end = body.rfind(b"]", max(start, after - WINDOW_BYTES), after) + 1
    if _is_whole(whole[start:end]):
        return JsonArray(whole[start:end], depth, start, bounds)
    if not torn:
        raise InvalidRequest(
            f"the list that begins at char {start} holds something else than numbers, near char {after}."
        )
    return JsonArray(whole[start : min(len(body), after + bounds.case_bytes)], depth, start, bounds, torn=True)
