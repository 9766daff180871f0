"""`{"series": [...]}` in JSON, `{"probabilities": [...]}`, or the bare array, back."""

from __future__ import annotations

from functools import partial

import numpy as np
import orjson

from loadtest.wire import Array, Message, Wire

HEADERS = {"content-type": "application/json"}


def make_plain_json(path: str, *, flat: bool = False, **fields: str) -> Wire:
    """`flat`: one channel is sent as `[n][n_timepoints]`; `fields` go along in every request."""
    return Wire("JSON", path, partial(_write_request, fields, flat), _read_answer)


def _write_request(fields: dict[str, str], flat: bool, series: Array) -> Message:
    given = series[:, 0] if flat else series
    body = orjson.dumps(fields | {"series": np.ascontiguousarray(given)}, option=orjson.OPT_SERIALIZE_NUMPY)
    return Message(HEADERS, body)


def _read_answer(answer: Message) -> Array:
    found = orjson.loads(answer.body)
    return np.array(found["probabilities"] if isinstance(found, dict) else found, np.float32)
