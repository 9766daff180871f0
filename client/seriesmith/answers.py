"""What calls answer: frozen dataclasses of numpy arrays, one row per case, labels of the type that the model has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from seriesmith.errors import Unexpected

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
LabelArray = NDArray[Any]
"""int64 or str."""

Fields = dict[str, Any]
"""An answer as a wire reads it: the names of the JSON answer, arrays as numpy arrays."""


@dataclass(frozen=True, eq=False)
class EncodeAnswer:
    """`posterior_mean`, `posterior_log_variance` `[n_cases, latent_dim]`."""

    model: str
    version: int
    posterior_mean: Floats
    posterior_log_variance: Floats


@dataclass(frozen=True, eq=False)
class ReconstructAnswer:
    """`series` and, when asked for, `timepoint_error` `[n_cases, n_channels, n_timepoints]`; else `[n_cases]`.

    `error` is in squared original units. `anomaly_score` (above 1: anomalous) and `is_anomaly` are None where the
    model had too few cases to know what is usual.
    """

    model: str
    version: int
    series: Floats
    error: Floats
    anomaly_score: Floats | None = None
    is_anomaly: Flags | None = None
    timepoint_error: Floats | None = None


@dataclass(frozen=True, eq=False)
class ClassifyAnswer:
    """`probabilities` `[n_cases, n_classes]`, columns in the order of `classes`; `typicality` when asked for, 0 … 1."""

    model: str
    version: int
    labels: LabelArray
    probabilities: Floats
    classes: LabelArray
    typicality: Floats | None = None


@dataclass(frozen=True, eq=False)
class SampleAnswer:
    """`series` `[n, n_channels, n_timepoints]`, the others `[n]`: all `n_cases`, or the next n of a stream.

    `log_density` is None where the model has no mixture. `acceptance` and `fallbacks`, by the text of the class label,
    are in the last part of a stream.
    """

    model: str
    version: int
    seed: int
    n_cases: int
    series: Floats
    labels: LabelArray
    log_density: Floats | None = None
    acceptance: dict[str, float] = field(default_factory=dict)
    fallbacks: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ClassReport:
    """What became of one class.

    `made_by`: the policy that made them, another than the answer's where too few cases were given for that one.
    `weight`: recommended for a synthetic case in a loss where a real one has 1. `distance`: median root mean squared
    difference of what was made to the nearest given case, original units; None where nothing was given or made.
    """

    had: int
    made: int
    acceptance: float
    fallbacks: int
    made_by: str
    weight: float
    distance: float | None = None


@dataclass(frozen=True)
class Interval:
    """A mean and the 95 % interval around it, in points of accuracy."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Advice:
    """What cross-validation on the model's training set found out about adding such cases; `use` and `uplift` are None
    where it was not measured."""

    message: str
    use: bool | None = None
    uplift: Interval | None = None


@dataclass(frozen=True, eq=False)
class AugmentAnswer:
    """As `SampleAnswer`; `synthetic` marks what `policy` made, `report` is keyed by the text of the class label and in
    the last part of a stream."""

    model: str
    version: int
    seed: int
    n_cases: int
    series: Floats
    labels: LabelArray
    synthetic: Flags
    policy: str
    advice: Advice
    report: dict[str, ClassReport] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ModelCard:
    """A model that is served: its newest version, and the `versions` that `model="name/version"` may name.

    `card` is all that the server says of it, metrics and what was learned of each class among it.
    """

    name: str
    version: int
    versions: list[int]
    classes: LabelArray
    n_channels: int
    n_timepoints: int
    latent_dim: int | None
    card: dict[str, Any] = field(repr=False)


Answer = TypeVar("Answer")


def read_answer(kind: type[Answer], given: Fields) -> Answer:
    """Build an answer from the fields that arrived, without those unknown here. Raises `Unexpected`."""
    names = [known.name for known in fields(kind)]  # type: ignore[arg-type]
    try:
        return kind(**{name: given[name] for name in names if name in given})
    except TypeError as error:
        raise Unexpected(f"the answer is not whole: {error}. Is the server as new as the client?") from error


def read_advice(said: Fields) -> Advice:
    """Build the advice of an answer. Raises `TypeError` when the fields are none."""
    uplift = said.get("uplift")
    return Advice(said["message"], said.get("use"), None if uplift is None else Interval(**uplift))


def read_card(card: Fields) -> ModelCard:
    """Build a model's card from the JSON of `GET /models`. Raises `Unexpected`."""
    try:
        return ModelCard(
            card["name"],
            card["version"],
            card["versions"],
            to_label_array([known["label"] for known in card["classes"]]),
            card["series"]["n_channels"],
            card["series"]["n_timepoints"],
            card["latent_dim"],
            card,
        )
    except (KeyError, TypeError) as error:
        raise Unexpected(f"the card of a model lacks {error}. Is the server as new as the client?") from error


def to_label_array(labels: Sequence[str | int]) -> LabelArray:
    """Return labels as int64 when all are integers, else as texts."""
    if all(isinstance(label, int) for label in labels):
        return np.array(labels, np.int64)
    return np.array([str(label) for label in labels])


def join_answers(parts: Sequence[Answer]) -> Answer:
    """Join answers about consecutive cases; fields that are not per case are those of the last."""
    if len(parts) == 1:
        return parts[0]
    last = vars(parts[-1])
    columns = [name for name, value in last.items() if isinstance(value, np.ndarray) and name != "classes"]
    return type(parts[-1])(**last | {name: np.concatenate([vars(part)[name] for part in parts]) for name in columns})
