"""float32 values as they lie in memory: ours, with the shape in a header, and mosec's, with nothing but the values."""

from __future__ import annotations

from functools import partial

import numpy as np
import orjson

from loadtest.wire import Array, Message, Wire

OCTETS = "application/octet-stream"
ARRAYS = "seriesmith-arrays"


def make_octets(path: str, **fields: str) -> Wire:
    """Values, then `fields` as JSON; the answer's header lists the arrays that its body begins with."""
    return Wire("octet-stream", path, partial(_write_request, fields), _read_answer)


def make_bare_octets(path: str, n_classes: int) -> Wire:
    """Values both ways, shapes agreed upon beforehand."""
    return Wire(
        "octet-stream",
        path,
        lambda series: Message({"content-type": OCTETS}, series.astype("<f4").tobytes()),
        lambda answer: np.frombuffer(answer.body, "<f4").reshape(-1, n_classes),
    )


def _write_request(fields: dict[str, str], series: Array) -> Message:
    shape = ",".join(map(str, series.shape))
    headers = {"content-type": OCTETS, "accept": OCTETS, "seriesmith-shape": shape}
    return Message(headers, series.astype("<f4").tobytes() + (orjson.dumps(fields) if fields else b""))


def _read_answer(answer: Message) -> Array:
    start = 0
    for name, dtype, shape in orjson.loads(answer.headers[ARRAYS]):
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if name == "probabilities":
            return np.frombuffer(answer.body[start : start + size], dtype).reshape(shape)
        start += size
    raise ValueError(f"the answer's {ARRAYS} lists no probabilities: {answer.headers[ARRAYS]}")
