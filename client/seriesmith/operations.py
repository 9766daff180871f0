"""What can be asked: each function makes a plan, which every client carries out in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seriesmith import answers, arguments
from seriesmith.answers import (
    AugmentAnswer,
    ClassifyAnswer,
    EncodeAnswer,
    Fields,
    ModelCard,
    ReconstructAnswer,
    SampleAnswer,
    read_answer,
)
from seriesmith.arguments import Strategy

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Call:
    """One request: an operation's name (or the path of a page), its series and its other fields.

    `parts`: whether the answer comes in parts.
    """

    operation: str
    fields: dict[str, Any] = field(default_factory=dict)
    series: NDArray[np.float32] | None = None
    parts: bool = False


@dataclass(frozen=True)
class Plan(Generic[Answer]):
    """A call, and how its answer is read."""

    call: Call
    read: Callable[[Fields], Answer]


def encode(series: ArrayLike, *, model: str | None = None) -> Plan[EncodeAnswer]:
    """Latent codes of series `[n_cases, n_channels, n_timepoints]`, or `[n_cases, n_timepoints]` for one channel.

    `model` is a name or name/version, and may be left out when one model is served; so everywhere. However many cases:
    they go in several requests where they have to, all to one version of the model.
    """
    return Plan(
        Call("encode", _drop_absent(model=model), arguments.prepare_series(series)), partial(read_answer, EncodeAnswer)
    )


def reconstruct(
    series: ArrayLike, *, timepoint_error: bool = False, model: str | None = None
) -> Plan[ReconstructAnswer]:
    """Reconstructions with anomaly scores; `timepoint_error` adds the squared difference point by point."""
    fields = _drop_absent(model=model) | ({"with": ["timepoint_error"]} if timepoint_error else {})
    return Plan(Call("reconstruct", fields, arguments.prepare_series(series)), partial(read_answer, ReconstructAnswer))


def classify(series: ArrayLike, *, typicality: bool = False, model: str | None = None) -> Plan[ClassifyAnswer]:
    """Class probabilities of series; `typicality` adds the share of held-out training cases that are less usual."""
    fields = _drop_absent(model=model) | ({"with": ["typicality"]} if typicality else {})
    return Plan(Call("classify", fields, arguments.prepare_series(series)), partial(read_answer, ClassifyAnswer))


def sample(
    counts: Mapping[Any, int] | None = None,
    *,
    n_per_class: int | None = None,
    seed: int | None = None,
    expansion: float | None = None,
    model: str | None = None,
) -> Plan[SampleAnswer]:
    """Synthetic series: `counts` per class label, in that order, or `n_per_class` of every class.

    Equal seeds (0 … 2^53 − 1) give equal series; one is drawn and answered when none is given. `expansion` is the
    factor on each component's covariance.
    """
    fields = _drop_absent(
        model=model,
        counts=None if counts is None else arguments.prepare_counts(counts, "counts"),
        n_per_class=n_per_class,
        seed=seed,
        expansion=expansion,
    )
    return Plan(Call("sample", fields, parts=True), partial(read_answer, SampleAnswer))


def augment(
    series: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    strategy: Strategy = "balance",
    policy: str = "auto",
    seed: int | None = None,
    expansion: float | None = None,
    include_original: bool = True,
    model: str | None = None,
) -> Plan[AugmentAnswer]:
    """A dataset brought to the counts wanted: the given cases first, unchanged, then synthetic ones near them.

    `labels` `[n_cases]`, none for a model of unlabelled data. `strategy` is "balance" (every class up to the largest),
    `{"factor": f}` (each class times f) or `{label: total}`. `policy` says where they come from: "auto" (as the model's
    fit chose), "latent", "interpolation", either with "+warps", "warps" or "guided". Seed and expansion as of `sample`.
    """
    fields = _drop_absent(
        model=model,
        labels=None if labels is None else arguments.prepare_labels(labels),
        strategy=arguments.prepare_strategy(strategy),
        policy=policy,
        seed=seed,
        expansion=expansion,
        include_original=include_original,
    )
    return Plan(
        Call("augment", fields, arguments.prepare_series(series), parts=True), partial(read_answer, AugmentAnswer)
    )


def models() -> Plan[list[ModelCard]]:
    """The cards of all models that are served. Over HTTP alone."""
    return Plan(Call("models"), lambda page: [answers.read_card(card) for card in page["models"]])


def model(name: str) -> Plan[ModelCard]:
    """The card of one model. Over HTTP alone."""
    return Plan(Call(f"models/{name}"), answers.read_card)


def _drop_absent(**fields: Any) -> dict[str, Any]:
    """The fields that are there; numpy's numbers as Python's."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in fields.items()}
    return {name: value for name, value in plain.items() if value is not None}
