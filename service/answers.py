"""Answers as named columns, one row per case, and the rest: what every wire is made from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import InstanceOf, WithJsonSchema

from bundle.manifest import Manifest

Label = str | int


class Labels:
    """A class label per case, kept as `class_index` `[n_cases]` into `classes`."""

    __slots__ = ("class_index", "classes")

    def __init__(self, class_index: NDArray[np.integer[Any]], classes: Sequence[Label]) -> None:
        self.class_index, self.classes = class_index, classes

    def __len__(self) -> int:
        return len(self.class_index)

    def to_list(self) -> list[Label]:
        """The labels, as the user wrote them."""
        classes = self.classes
        return [classes[index] for index in self.class_index.tolist()]

    def to_texts(self) -> NDArray[np.object_]:
        """The labels' texts."""
        texts: NDArray[np.object_] = np.array([str(label) for label in self.classes], object)[self.class_index]
        return texts

    @staticmethod
    def join(parts: Sequence[Labels]) -> Labels:
        """Concatenate labels of the same classes; `parts` has at least one."""
        return Labels(np.concatenate([part.class_index for part in parts]), parts[0].classes)


Column = NDArray[Any] | Labels
Columns = dict[str, Column]


@dataclass(frozen=True)
class Axes:
    """The type of a column: its datatype in the Open Inference Protocol, and its axes by name, cases first.

    `needs` names the part of the manifest without which there is no such column, dots between the parts of a part;
    `asked`: there is none unless the request asks for what it tells of.
    """

    datatype: str
    names: tuple[str, ...] = ("n_cases",)
    needs: str | None = None
    asked: bool = False

    @property
    def may_lack(self) -> bool:
        """Whether an answer may be without the column."""
        return self.needs is not None or self.asked

    def is_present(self, manifest: Manifest) -> bool:
        """Whether a model's answers have the column, or its requests may."""
        return self.needs is None or attrgetter(self.needs)(manifest) is not None

    def compute_shape(self, manifest: Manifest) -> list[int]:
        """Return the size of each axis for one model; -1 where the request decides."""
        sizes = {
            "one": 1,
            "n_cases": -1,
            "n_completions": -1,
            "n_named_classes": -1,
            "n_keys": -1,
            "n_axes": -1,
            "n_neighbours": -1,
            "n_channels": manifest.series.n_channels,
            "n_timepoints": manifest.series.n_timepoints if manifest.series.is_fixed else -1,
            "latent_dim": -1 if manifest.latent is None else manifest.latent.latent_dim,
            "n_classes": len(manifest.classes),
        }
        return [sizes[name] for name in self.names]


def find_axes(hint: Any) -> Axes | None:
    """Return the `Axes` in an annotation, or in a member of a union; None where there is none."""
    for part in get_args(hint):
        axes = part if isinstance(part, Axes) else find_axes(part)
        if axes is not None:
            return axes
    return None


NULL = {"type": "null"}
NUMBER = {"type": "number"}
FLOAT32 = NUMBER | {"minimum": float(np.finfo(np.float32).min), "maximum": float(np.finfo(np.float32).max)}
FLAG = {"type": "boolean"}


def build_array_schema(depth: int, item: dict[str, Any] = NUMBER, **more: Any) -> dict[str, Any]:
    """JSON schema of nested lists."""
    schema = item
    for _ in range(depth):
        schema = {"type": "array", "items": schema, **more}
    return schema


LABELS = {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}

Cube = Annotated[
    InstanceOf[np.ndarray],
    WithJsonSchema(build_array_schema(3)),
    Axes("FP32", ("n_cases", "n_channels", "n_timepoints")),
]
Codes = Annotated[
    InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(2)), Axes("FP32", ("n_cases", "latent_dim"))
]
Shares = Annotated[
    InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(2)), Axes("FP32", ("n_cases", "n_classes"))
]
Vector = Annotated[InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(1)), Axes("FP32")]
Judged = Annotated[
    InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(1)), Axes("FP32", needs="anomaly_threshold")
]
Typicality = Annotated[
    InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(1)), Axes("FP32", needs="log_density_quantiles")
]
CodeDensity = Annotated[InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(1)), Axes("FP32", needs="density")]
LogDensity = Annotated[InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(1)), Axes("FP32", needs="mixture")]
INTEGER = {"type": "integer"}
Moves = Annotated[InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(1)), Axes("FP32", asked=True)]
Wholes = Annotated[InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(1, INTEGER)), Axes("INT64")]
Flags = Annotated[InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(1, FLAG)), Axes("BOOL")]
JudgedFlags = Annotated[
    InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(1, FLAG)), Axes("BOOL", needs="anomaly_threshold")
]
Lengths = Annotated[
    InstanceOf[np.ndarray],
    WithJsonSchema(build_array_schema(1, INTEGER)),
    Axes("INT64", needs="series.longest"),
]
"""How many timepoints each series has: behind them a tensor holds zeros. Lists are as long as their series instead."""

Note = Annotated[
    str | None,
    WithJsonSchema({"type": "string", "description": "what was filled in the series, where anything was"}),
    Axes("BYTES", ("one",), needs="series.longest_gap"),
]

LabelColumn = Annotated[InstanceOf[Labels], WithJsonSchema(LABELS), Axes("BYTES")]


def collect_columns(answer: Any) -> Columns:
    """Return the columns of an answer, one value per case each."""
    return {name: value for name, value in vars(answer).items() if isinstance(value, (np.ndarray, Labels))}


def collect_rest(answer: Any) -> dict[str, Any]:
    """Return the fields of an answer that are no columns; fields that are None are left out."""
    columns = collect_columns(answer)
    return {name: value for name, value in vars(answer).items() if name not in columns and value is not None}


@dataclass
class StreamedAnswer:
    """An answer that is still being made: `n_cases` cases, some at a time.

    `head` is known before the first chunk, `tail` once the last is there; `narrow` are the columns beside
    series, one value per case, with their numpy dtypes. Always call `close`, also after the
    last chunk: it ends the work and gives back the places in the queue.
    """

    manifest: Manifest
    head: dict[str, Any]
    narrow: dict[str, str]
    n_cases: int
    chunks: AsyncIterator[Columns]
    tail: Callable[[], dict[str, Any]]
    close: Callable[[], None]
    width: int = 0
    """Timepoints of every chunk's series, zeros behind those that have fewer; 0: the model's."""

    @property
    def n_timepoints(self) -> int:
        """Timepoints of every chunk's series."""
        return self.width or self.manifest.series.n_timepoints


LENGTHS = "lengths"
"""The column beside tensors of series of unequal length, which lists have no need of."""


def trim(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an answer with lists of unequal length for series of unequal length, and no `lengths`."""
    lengths = fields.get(LENGTHS)
    if lengths is None:
        return fields
    return {
        name: _trim_cases(value, lengths.tolist()) if isinstance(value, np.ndarray) and value.ndim > 2 else value
        for name, value in fields.items()
        if name != LENGTHS
    }


def _trim_cases(series: NDArray[Any], lengths: list[int]) -> NDArray[Any] | list[NDArray[Any]]:
    if min(lengths, default=0) == series.shape[-1]:
        return series
    return [np.ascontiguousarray(case[..., :length]) for case, length in zip(series, lengths, strict=True)]


def join_columns(parts: Iterable[Columns]) -> Columns:
    """Concatenate the columns of consecutive chunks."""
    collected = list(parts)
    whole: Columns = {}
    for name, first in collected[0].items():
        column: list[Any] = [part[name] for part in collected]
        whole[name] = Labels.join(column) if isinstance(first, Labels) else np.concatenate(column)
    return whole


async def gather(stream: StreamedAnswer) -> dict[str, Any]:
    """Read a stream to its end, close it and return the fields of the whole answer."""
    try:
        columns = join_columns([chunk async for chunk in stream.chunks])
    finally:
        stream.close()
    return {**stream.head, **columns, **stream.tail()}
