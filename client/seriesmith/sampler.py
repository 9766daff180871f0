"""A model that is served, in the place of an over-sampler: imbalanced-learn's `fit_resample`, aeon's `fit_transform`.

Two classes: imbalanced-learn takes whatever has `fit_transform` for a transformer and would never call `fit_resample`.
Both have scikit-learn's parameters (`clone`, `set_params`, grid search) without needing scikit-learn.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seriesmith.answers import AugmentAnswer
from seriesmith.arguments import Label, Strategy, prepare_label
from seriesmith.balancing import SamplingStrategy, compute_totals
from seriesmith.clients import Client
from seriesmith.connecting import connect
from seriesmith.errors import InvalidRequest
from seriesmith.frames import append_labels, append_series, blank_ends, read_labels, read_series
from seriesmith.leaks import check_overlap, require_check

Array = NDArray[Any]
RandomState = int | np.random.RandomState | np.random.Generator | None


class _Resampling:
    """`server` is a `Client`, or a URL to make one for each fit; `model` as everywhere.

    How many of each class: `sampling_strategy` as imbalanced-learn has it ("auto", "minority", "not minority", "all", a
    ratio, totals by label, a function of y), or our own `strategy`: "balance" (every class up to the largest),
    `{"factor": f}` (each class times f), or totals `{label: total}`. `policy` says where series come from, see
    `Client.augment`. Equal seeds make equal series; `random_state` (an integer, or numpy's RandomState or Generator, to
    draw one from for each fit) comes before `seed`. `classes` are the model's labels in the order of the integers in y,
    where something has encoded it, as `BalancedBaggingClassifier` does.

    `check`: what to do where the model was fitted on the cases that are resampled and on others, as happens in
    cross-validation, whose scores it flatters: "warn" (a `LeakWarning`), "refuse" (`InvalidRequest`), or "off". A model
    without a sketch of its training cases is not checked, nor are cases that were changed since, by a scaler say.

    Afterwards `sampling_strategy_` says how many were made per class, `report_` what became of each, `advice_` whether
    it is likely to help, `overlap_` what is known of the check, and `seed_` makes them again.
    """

    _estimator_type = "sampler"
    _sampling_type = "over-sampling"

    def __init__(
        self,
        server: str | Client,
        model: str | None = None,
        strategy: Strategy = "balance",
        seed: int | None = None,
        expansion: float | None = None,
        api_key: str | None = None,
        policy: str = "auto",
        sampling_strategy: SamplingStrategy = "auto",
        random_state: RandomState = None,
        classes: Sequence[Label] | None = None,
        check: str = "warn",
    ) -> None:
        self.server, self.model, self.strategy = server, model, strategy
        self.seed, self.expansion, self.api_key = seed, expansion, api_key
        self.policy, self.classes, self.check = policy, classes, check
        self.sampling_strategy, self.random_state = sampling_strategy, random_state

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters that the sampler was made with."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Change some parameters. Raises `ValueError` for one that does not exist."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"{name!r} is no parameter of {type(self).__name__}; there are: {', '.join(known)}.")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items() if name != "api_key")
        return f"{type(self).__name__}({shown})"

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags; only scikit-learn calls this, so that it can be imported here."""
        from sklearn.utils import InputTags, Tags, TargetTags

        inputs = InputTags(two_d_array=True, three_d_array=True, categorical=False)
        return Tags(estimator_type="sampler", target_tags=TargetTags(required=True), input_tags=inputs)

    def _resample(self, X: Any, y: Any, channels: bool = False) -> tuple[Any, Any]:
        """Return the given cases, unchanged, then those made, with the axes, containers and label type of the given."""
        require_check(self.check)
        series, labels = read_series(X), read_labels(y)
        if channels and series.ndim == 2:
            X = series = series[:, None, :]
        sent = self._name_labels(labels)
        made = self._augment(series, sent, self._choose_strategy(labels, sent))
        self.overlap_ = made.overlap
        check_overlap(made.overlap, self.check)
        own = {str(prepare_label(name)): label for name, label in zip(sent.tolist(), labels.tolist(), strict=True)}
        own |= {str(name): index for index, name in enumerate(self.classes or ()) if str(name) not in own}
        self.seed_, self.report_, self.advice_ = made.seed, made.report, made.advice
        self.sampling_strategy_ = {own.get(text, text): said.made for text, said in made.report.items() if said.made}
        filled = made.series if made.lengths is None else blank_ends(made.series, made.lengths, series.shape[-1])
        synthetic = filled if series.ndim == 3 else filled[:, 0, :]
        of_synthetic = [own.get(str(label), label) for label in made.labels.tolist()]
        return append_series(X, series, synthetic), append_labels(y, labels, of_synthetic)

    def _name_labels(self, labels: Array) -> Array:
        """Return the labels as the model names them. Raises `InvalidRequest`."""
        if self.classes is None:
            return labels
        known = np.array(self.classes)
        if labels.dtype.kind not in "iu" or (len(labels) and not 0 <= labels.min() <= labels.max() < len(known)):
            raise InvalidRequest(
                f"y does not hold integers from 0 to {len(known) - 1}, which `classes` names.", "labels"
            )
        named: Array = known[labels]
        return named

    def _choose_strategy(self, labels: Array, sent: Array) -> Strategy:
        """Choose the strategy to ask the server for. Raises `InvalidRequest`."""
        if isinstance(self.sampling_strategy, str) and self.sampling_strategy == "auto":
            return self.strategy
        if self.strategy != "balance":
            raise InvalidRequest("both strategy and sampling_strategy were set; set one of them.", "sampling_strategy")
        names = dict(zip(labels.tolist(), sent.tolist(), strict=True))
        totals = compute_totals(self.sampling_strategy, labels)
        return {"counts": {names.get(label, label): total for label, total in totals.items()}}

    def _draw_seed(self) -> int | None:
        """Return the seed of one fit, drawn from `random_state` where that is a generator."""
        state = self.random_state
        if state is None or isinstance(state, (int, np.integer)):
            return self.seed if state is None else int(state)
        if isinstance(state, np.random.Generator):
            return int(state.integers(2**31))
        return int(state.randint(2**31, dtype=np.int64))

    def _augment(self, series: Array, labels: Array, strategy: Strategy) -> AugmentAnswer:
        with connect(self.server, self.api_key) as client:
            return client.augment(
                series,
                labels,
                strategy=strategy,
                policy=self.policy,
                seed=self._draw_seed(),
                expansion=self.expansion,
                include_original=False,
                model=self.model,
            )


class Sampler(_Resampling):
    """A step of `imblearn.pipeline.Pipeline`: adds series when the pipeline is fitted, and does nothing afterwards."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """For pipelines that end in a sampler; `fit_resample` is what does it."""
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """X `[n_cases, n_timepoints]` or `[n_cases, n_channels, n_timepoints]` and y `[n_cases]`, with what was made
        behind what was given: arrays, or a data frame of a column per timepoint and a pandas series, where those came.
        Raises a `SeriesmithClientError`."""
        return self._resample(X, y)


class CollectionSampler(_Resampling):
    """In the place of a sampler of `aeon.transformations.collection.imbalance`."""

    def fit_transform(self, X: ArrayLike, y: Any = None) -> tuple[Array, Any]:
        """X `[n_cases, n_channels, n_timepoints]` (two axes become three, as in aeon) and y `[n_cases]`, with what was
        made behind what was given. Raises `ValueError` without y, and a `SeriesmithClientError`."""
        if y is None:
            raise ValueError("y is None; a sampler needs the label of each case.")
        return self._resample(X, y, channels=True)
