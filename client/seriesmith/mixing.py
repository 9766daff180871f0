"""Batches for training a network: real cases with as many synthetic ones, which weigh less, and real ones at last.

So the classifiers of bundles are trained (`usage.deep_network` of `/augment`). `seriesmith.torch` and
`seriesmith.keras` give the batches to their libraries; this module needs neither.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seriesmith.answers import AugmentAnswer, SampleAnswer
from seriesmith.arguments import Ragged, prepare_labels, prepare_series
from seriesmith.clients import Client
from seriesmith.connecting import connect
from seriesmith.errors import InvalidRequest
from seriesmith.leaks import check_overlap, require_check

MAX_SEED = 2**53 - 1
"""The largest that a server takes."""


class Batch(NamedTuple):
    """float32 `[n, n_channels, n_timepoints]`, int64 `[n]` and float32 `[n]`."""

    series: NDArray[np.float32]
    class_index: NDArray[np.int64]
    sample_weight: NDArray[np.float32]


class Mixing:
    """Draws batches of real cases and synthetic ones of a served model.

    `server` is a URL, or a `Client`; series `[n_cases, n_channels, n_timepoints]` or without channels, labels
    `[n_cases]`. `classes` are the labels that came, in order; `class_index` counts in them.

    A batch has `batch_size` real cases, each once in a pass over them, and as many synthetic ones, equally many of each
    class on average, at `weight` in the loss where a real case has 1. The last `finish` (0 … 1) of `n_steps` batches
    are real alone; without `n_steps` there is no end, and none are.

    The synthetic cases are fetched at once, about `pool` in all: from `/augment` ("augment"), which moves the cases
    that came, or from `/sample` ("sample"), which makes new ones of what the model learned. With `refresh` others are
    fetched for each pass over the real cases.

    `check`, for cases that go to `/augment`, is as of `Sampler`: "warn", "refuse" or "off" where the model was fitted
    on these cases and on others.

    Equal seeds give equal batches, whichever are drawn first, while the server has the same version of the model.
    Raises a `SeriesmithClientError`.
    """

    def __init__(
        self,
        server: str | Client,
        series: Ragged,
        labels: ArrayLike,
        model: str | None = None,
        *,
        batch_size: int = 32,
        n_steps: int | None = None,
        finish: float = 0.4,
        weight: float = 0.5,
        pool: int = 512,
        source: Literal["augment", "sample"] = "augment",
        refresh: bool = False,
        seed: int = 0,
        api_key: str | None = None,
        check: str = "warn",
    ) -> None:
        _check_numbers(batch_size, n_steps, finish, weight, pool, source, seed)
        require_check(check)
        self.series, self.labels = _prepare_cases(series, labels)
        self.classes, self.class_index = np.unique(self.labels, return_inverse=True)
        self.server, self.model, self.api_key = server, model, api_key
        self.batch_size, self.n_steps, self.finish, self.weight = batch_size, n_steps, finish, weight
        self.pool, self.source, self.refresh, self.seed, self.check = pool, source, refresh, seed, check
        self._pass = 0
        self._made, self._made_index = self._fetch(0)

    @property
    def steps_per_pass(self) -> int:
        """Batches in which every real case has come at least once."""
        return -(-len(self.series) // self.batch_size)

    def is_finishing(self, step: int) -> bool:
        """Whether the batch of a step, counted from 0, is of real cases alone."""
        return self.n_steps is not None and step >= round((1 - self.finish) * self.n_steps)

    def draw(self, step: int) -> Batch:
        """Draw the batch of a step, counted from 0."""
        index = self._choose_real(step)
        series, classes = self.series[index], self.class_index[index]
        weight = np.ones(len(index), np.float32)
        if self.is_finishing(step):
            return Batch(series, classes, weight)
        made, made_index = self._find_made(step)
        drawn = np.random.default_rng([self.seed, 1, step]).integers(len(made), size=len(index))
        return Batch(
            np.concatenate([series, made[drawn]]),
            np.concatenate([classes, made_index[drawn]]),
            np.concatenate([weight, np.full(len(drawn), self.weight, np.float32)]),
        )

    def iterate(self, first: int = 0, stride: int = 1) -> Iterator[Batch]:
        """Yield the batches of the steps from `first`, each `stride`th, to the end, if there is one."""
        steps = itertools.count(first, stride) if self.n_steps is None else range(first, self.n_steps, stride)
        yield from map(self.draw, steps)

    def _choose_real(self, step: int) -> NDArray[np.intp]:
        """Choose the real cases of a step: the next ones of shuffled passes, one behind the other."""
        n_cases = len(self.series)
        places = step * self.batch_size + np.arange(self.batch_size)
        passes = np.unique(places // n_cases)
        orders = [np.random.default_rng([self.seed, 0, number]).permutation(n_cases) for number in passes.tolist()]
        chosen: NDArray[np.intp] = np.concatenate(orders)[places - passes[0] * n_cases]
        return chosen

    def _find_made(self, step: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the synthetic cases of a step's pass, and their class indices; fetch them where it is another pass."""
        number = step // self.steps_per_pass if self.refresh else 0
        if number != self._pass:
            self._made, self._made_index = self._fetch(number)
            self._pass = number
        return self._made, self._made_index

    def _fetch(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Fetch the synthetic cases of a pass, and their class indices."""
        each = -(-self.pool // len(self.classes))
        seed = int(np.random.SeedSequence([self.seed, 2, number]).generate_state(1, np.uint64)[0]) & MAX_SEED
        with connect(self.server, self.api_key) as client:
            answer: AugmentAnswer | SampleAnswer
            if self.source == "sample":
                answer = client.sample(dict.fromkeys(self.classes.tolist(), each), seed=seed, model=self.model)
            else:
                had = zip(self.classes.tolist(), np.bincount(self.class_index).tolist(), strict=True)
                answer = client.augment(
                    self.series,
                    self.labels,
                    strategy={"counts": {label: count + each for label, count in had}},
                    seed=seed,
                    include_original=False,
                    model=self.model,
                )
                check_overlap(answer.overlap, self.check)
        if answer.series.shape[1:] != self.series.shape[1:]:
            raise InvalidRequest(
                f"the model makes series of {_describe(answer.series)}; those that came are of "
                f'{_describe(self.series)}. Resample them to that length, or leave source at "augment".',
                "series",
            )
        index = {str(label): place for place, label in enumerate(self.classes.tolist())}
        return answer.series, np.array([index[str(label)] for label in answer.labels.tolist()], np.int64)


def _describe(series: NDArray[np.float32]) -> str:
    n_channels, n_timepoints = series.shape[1:]
    return f"{n_channels} channels and {n_timepoints} timepoints"


def _check_numbers(
    batch_size: int, n_steps: int | None, finish: float, weight: float, pool: int, source: str, seed: int
) -> None:
    """Raise `InvalidRequest` for a number out of its bounds."""
    for name, count in (("batch_size", batch_size), ("n_steps", n_steps), ("pool", pool)):
        if count is not None and count < 1:
            raise InvalidRequest(f"{name} is {count}; pass a whole number of at least 1.", name)
    if not 0 <= seed <= MAX_SEED:
        raise InvalidRequest(f"seed is {seed}; pass a whole number from 0 to {MAX_SEED}.", "seed")
    for name, share in (("finish", finish), ("weight", weight)):
        if not 0 <= share <= 1:
            raise InvalidRequest(f"{name} is {share}; pass a number from 0 to 1.", name)
    if source not in ("augment", "sample"):
        raise InvalidRequest(f'source is {source!r:.60}; pass "augment" or "sample".', "source")


def _prepare_cases(series: Ragged, labels: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.int64 | np.str_]]:
    """Return series `[n_cases, n_channels, n_timepoints]` and labels `[n_cases]`. Raises `InvalidRequest`."""
    cases, own = prepare_series(series), np.array(prepare_labels(labels))
    if cases.ndim == 2:
        cases = cases[:, None, :]
    if len(cases) != len(own) or not len(cases):
        raise InvalidRequest(
            f"{len(cases)} series and {len(own)} labels came; pass at least one series, and a label for each.",
            "labels",
        )
    if np.isnan(cases).any():
        raise InvalidRequest(
            "series differ in length or lack values, and a batch has one shape; fill or cut them first.", "series"
        )
    return cases, own
