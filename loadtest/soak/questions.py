"""What is asked of every operation, in which shares, and which part of the answer is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loadtest.ours import BUNDLE
from loadtest.payloads import make_series
from loadtest.wire import Array, Message

COLUMNS = {
    "classify": "probabilities",
    "encode": "posterior_mean",
    "reconstruct": "series",
    "sample": "series",
    "augment": "series",
}
"""Of each operation's answer, what is compared."""

SHARES = {"classify": 50, "classify many": 8, "encode": 16, "reconstruct": 16, "sample": 6, "augment": 4}
"""In percent; each is spread evenly over the wires that carry it."""

MANY = 40
VARIANTS = 8
TOLERANCE = 1e-5
"""Of the largest value, for what may ride in a batch. What is seeded is equal bit for bit."""


@dataclass(frozen=True, eq=False)
class Question:
    """A request of an operation: `fields` are those of its JSON body, series as an array. Equal to itself only."""

    kind: str
    operation: str
    fields: Mapping[str, Any]

    @property
    def column(self) -> str:
        """What of the answer is compared."""
        return COLUMNS[self.operation]

    @property
    def seeded(self) -> bool:
        """Whether the answer is the same bit for bit."""
        return "seed" in self.fields


@dataclass(frozen=True)
class Exchange:
    """A question over a wire: what goes to `path`, and how the compared column is read from what comes back.

    A call over gRPC takes and gives messages; a stream gives several. Over HTTP there is one, with its headers.
    """

    question: Question
    wire: str
    path: str
    message: Message
    read: Callable[[Sequence[Message]], Array]
    grpc: bool = False
    streamed: bool = False


def list_questions() -> list[Question]:
    """Some of each kind; equal in every run."""
    data = make_series()
    return [_build_question(kind, data, variant) for kind in SHARES for variant in range(VARIANTS)]


def _build_question(kind: str, data: Array, variant: int) -> Question:
    start = variant * MANY % (len(data) - MANY)
    one, many = data[start : start + 1], data[start : start + MANY]
    fields: dict[str, Any]
    if kind == "sample":
        fields = {"n_per_class": 20, "seed": variant}
    elif kind == "augment":
        fields = {"series": many[:12], "labels": ["1"] * 9 + ["2"] * 3, "seed": variant}
    else:
        fields = {"series": many if kind == "classify many" else one}
    return Question(kind, kind.split()[0], {"model": BUNDLE, **fields})


def agrees(question: Question, found: Array, expected: Array) -> bool:
    """Whether an answer is the one that the question was given alone."""
    if found.shape != expected.shape:
        return False
    if question.seeded:
        return bool(np.array_equal(found, expected))
    return float(np.abs(found - expected).max()) <= TOLERANCE * max(1.0, float(np.abs(expected).max()))
