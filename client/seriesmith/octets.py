"""Calls over HTTP: requests as octets, answers as octets, whole or in parts; the server's README describes both."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

import numpy as np

from seriesmith.calls import Call
from seriesmith.errors import Interrupted, SeriesmithClientError, Unexpected, build_error
from seriesmith.reading import Fields

OCTETS = "application/octet-stream"
PARTS = "application/x-seriesmith-parts"
JSON = "application/json"
TEXT = "text/plain"
EVENTS = "text/event-stream"

CODES = {401: "unauthenticated", 413: "too_large", 429: "overloaded", 503: "unavailable", 504: "deadline_exceeded"}
"""What a status says when something else than Seriesmith, a proxy, answers."""


@dataclass(frozen=True)
class Request:
    """What goes out."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes | Path


def build_request(call: Call[Any]) -> Request:
    """Build the request of a call. It accepts no coding: packing floats takes longer than sending them."""
    headers = {"accept": PARTS if call.parts else OCTETS, "accept-encoding": "identity"}
    if call.page:
        headers = {**headers, "accept": "*/*", **call.headers}
        if call.file is not None:
            headers |= {"content-type": OCTETS, "content-length": str(call.file.stat().st_size)}
            return Request(call.method, f"/{call.operation}", headers, call.file)
        if not call.fields:
            return Request(call.method, f"/{call.operation}", headers, b"")
        content = json.dumps(call.fields, default=np.ndarray.tolist).encode()
        return Request(call.method, f"/{call.operation}", {**headers, "content-type": JSON}, content)
    arrays = {name: value for name, value in call.fields.items() if isinstance(value, np.ndarray) and value.ndim > 1}
    rest = {name: value for name, value in call.fields.items() if name not in arrays}
    if call.series is not None:
        arrays = {"series": call.series} | arrays
    behind = json.dumps(rest, default=np.ndarray.tolist).encode()
    if not arrays:
        return Request("POST", f"/{call.operation}", {**headers, "content-type": JSON}, behind)
    if list(arrays) == ["series"]:
        headers |= {"content-type": OCTETS, "seriesmith-shape": ",".join(map(str, arrays["series"].shape))}
    else:
        listed = json.dumps([(name, "<f4", array.shape) for name, array in arrays.items()])
        headers |= {"content-type": OCTETS, "seriesmith-arrays": listed}
    values = [np.ascontiguousarray(array, "<f4").reshape(-1).view(np.uint8).data for array in arrays.values()]
    return Request("POST", f"/{call.operation}", headers, b"".join((*values, behind)))


class Reader(Protocol):
    """Takes in a body as it comes: `feed` and `end` give the messages that are whole, or raise what it says instead."""

    def feed(self, chunk: bytes) -> list[Fields]: ...

    def end(self) -> list[Fields]: ...


def choose_reader(call: Call[Any], status: int, headers: Mapping[str, str]) -> Reader:
    """Choose the reader of an answer by its status and headers."""
    if not 200 <= status < 300:
        return _Whole(lambda body: _refuse(status, headers, body))
    if call.into is not None:
        return _File(call.into, headers.get("content-disposition", ""))
    answered = headers.get("content-type", "")
    if answered == PARTS and call.parts:
        return _Frames()
    if answered == OCTETS and not call.parts:
        return _Whole(lambda body: _read_fields(body, json.loads(headers["seriesmith-arrays"])))
    if answered == JSON and call.page:
        return _Whole(json.loads)
    if answered.startswith(TEXT) and call.page:
        return _Whole(lambda body: {"text": body.decode("utf-8", "replace")})
    if answered.startswith(EVENTS) and call.page and call.parts:
        return _Events()
    raise Unexpected(
        f"/{call.operation} was answered in {answered!r}. Is there a Seriesmith of this age behind the URL?"
    )


@contextmanager
def read_with(reader: Reader) -> Iterator[Reader]:
    """A reader for as long as an answer comes."""
    try:
        yield reader
    finally:
        if isinstance(reader, _File):
            reader.close()


class _Whole:
    """One message, once all of it is there."""

    def __init__(self, read: Callable[[bytearray], Fields]) -> None:
        self._read, self._body = read, bytearray()

    def feed(self, chunk: bytes) -> list[Fields]:
        self._body += chunk
        return []

    def end(self) -> list[Fields]:
        with _translate_errors():
            return [self._read(self._body)]


class _File:
    """An answer that goes to a file, which is there once it is whole."""

    def __init__(self, place: Path, disposition: str) -> None:
        if place.is_dir():
            name = disposition.rpartition("filename*=UTF-8''")[2]
            place = place / (Path(unquote(name)).name or "dataset")
        self._place, self._partial = place, place.with_name(f"{place.name}.{os.getpid()}.part")
        self._file = self._partial.open("wb")

    def feed(self, chunk: bytes) -> list[Fields]:
        self._file.write(chunk)
        return []

    def end(self) -> list[Fields]:
        self._file.close()
        self._partial.replace(self._place)
        return [{"path": self._place}]

    def close(self) -> None:
        """Leave nothing of an answer that did not become whole."""
        self._file.close()
        self._partial.unlink(missing_ok=True)


class _Events:
    """Server-sent events: the data of each is JSON."""

    def __init__(self) -> None:
        self._body = bytearray()

    def feed(self, chunk: bytes) -> list[Fields]:
        self._body += chunk
        *whole, self._body = self._body.split(b"\n\n")
        with _translate_errors():
            return [event for block in whole if (event := _read_event(block)) is not None]

    def end(self) -> list[Fields]:
        return []


def _read_event(block: bytearray) -> Fields | None:
    """The event of a block of lines; None for a comment."""
    lines = [line.partition(b": ") for line in block.split(b"\n") if not line.startswith(b":")]
    fields = {name.decode(): value for name, _, value in lines}
    if "data" not in fields:
        return {} if "retry" in fields else None
    read: Fields = {name: fields[name].decode() for name in ("event", "id") if name in fields}
    return {**read, "data": json.loads(fields["data"])}


class _Frames:
    """Parts: each says in JSON which arrays follow."""

    def __init__(self) -> None:
        self._body, self._head = bytearray(), Fields()

    def feed(self, chunk: bytes) -> list[Fields]:
        self._body += chunk
        messages = []
        with _translate_errors():
            while (message := self._read_next()) is not None:
                messages.append(message)
        return messages

    def end(self) -> list[Fields]:
        if self._body or self._head:
            raise Interrupted(
                "the answer ended in the middle of a part; ask again, with the same seed for the same series."
            )
        return []

    def _read_next(self) -> Fields | None:
        """Return the next part, None while it is not whole. Its head is parsed once, whatever the chunks."""
        body = self._body
        if not self._head:
            size = int.from_bytes(body[:4], "little")
            if len(body) < max(4, 4 + size):
                return None
            self._head = json.loads(body[4 : 4 + size])
            del body[: 4 + size]
        size = sum(np.dtype(kind).itemsize * prod(shape) for _, kind, shape in self._head["arrays"])
        if len(body) < size:
            return None
        self._body, head, self._head = body[size:], self._head, Fields()
        del body[size:]
        return _read_fields(body, head.pop("arrays"), head)


def _read_fields(body: bytearray, arrays: list[Any], rest: Fields | None = None) -> Fields:
    """Read the arrays at the start of `body`, whose memory they share; then a JSON object, unless `rest` has come."""
    fields: Fields = {}
    start = 0
    for name, kind, shape in arrays:
        dtype, count = np.dtype(kind), prod(shape)
        array = np.frombuffer(body, dtype, count, start).reshape(shape)
        # What follows a column of flags lies anywhere.
        fields[name] = np.require(array, requirements=["ALIGNED", "WRITEABLE"])
        start += dtype.itemsize * count
    return fields | (json.loads(body[start:]) if rest is None else rest)


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Raise `Unexpected` for whatever the block cannot read."""
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise Unexpected(f"the answer cannot be read: {error}. Is the server as old as the client?") from error


def _refuse(status: int, headers: Mapping[str, str], body: bytearray) -> Fields:
    """Raise the error in an answer."""
    retry_after = headers.get("retry-after")
    try:
        said = json.loads(body)["error"]
        error: SeriesmithClientError = build_error(said["code"], said["message"], said.get("field"), retry_after)
    except (ValueError, KeyError, TypeError):
        shown = body[:200].decode("utf-8", "replace")
        message = f"the answer has status {status} and is none of Seriesmith's: {shown!r}. Check the URL."
        error = build_error(CODES.get(status, "unexpected"), message, None, retry_after)
    error.request_id = headers.get("x-request-id", "")
    raise error from None
