"""What all tables share: a request that cannot be answered, and what it hears."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

INFER = "/inference.GRPCInferenceService/ModelInfer"
TYPED = "/seriesmith.v1.Seriesmith/"

SERIES_OPERATIONS = ("encode", "reconstruct", "classify", "augment")
OPERATIONS = (*SERIES_OPERATIONS, "sample")

ROW = [0.5] * 64
CASE = [ROW, ROW]
VALUES = np.full((1, 2, 64), 0.5, "<f4")
HUGE = 10**30
"""Beyond 64 bits."""


@dataclass(frozen=True)
class Bad:
    """A request over HTTP (`method`, `path`) or gRPC (`path` alone), and what it is answered.

    That is an HTTP status or the name of a gRPC code, the field `at` fault where there is one, and words.
    """

    name: str
    path: str
    body: bytes
    status: int | str
    words: tuple[str, ...] = ()
    at: str | None = None
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)


def build_good(operation: str) -> dict[str, Any]:
    """The fields of a request that is answered."""
    if operation == "sample":
        return {"model": "sines", "n_per_class": 1}
    return {"model": "sines", "series": [CASE]} | ({"labels": [1]} if operation == "augment" else {})


def write_json(operation: str, changes: dict[str, Any]) -> bytes:
    return json.dumps(build_good(operation) | changes).encode()
