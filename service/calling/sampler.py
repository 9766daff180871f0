"""A model that is served, in the place of an over-sampler: imbalanced-learn's `fit_resample`, aeon's `fit_transform`.

Two classes: imbalanced-learn takes whatever has `fit_transform` for a transformer and would never call `fit_resample`.
Both have scikit-learn's parameters (`clone`, `set_params`, grid search) without needing scikit-learn.
"""

from __future__ import annotations

import inspect
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from service.calling.answers import AugmentAnswer
from service.calling.arguments import Strategy, label_sent
from service.calling.blocking import Client

Array = NDArray[Any]


class _Resampling:
    """`server` is a `Client`, or a URL to make one for each fit; `model` as everywhere.

    `strategy` is "balance" (every class up to the largest), `{"factor": f}` (each class times f), or totals
    `{label: total}` as imbalanced-learn's sampling_strategy. `policy` says where series come from, see
    `Client.augment`. Equal seeds make equal series. Afterwards `sampling_strategy_` says how many were made per class,
    `report_` what became of each, `advice_` whether it is likely to help, and `seed_` makes them again.
    """

    def __init__(
        self,
        server: str | Client,
        model: str | None = None,
        strategy: Strategy = "balance",
        seed: int | None = None,
        expansion: float | None = None,
        api_key: str | None = None,
        policy: str = "auto",
    ) -> None:
        self.server, self.model, self.strategy = server, model, strategy
        self.seed, self.expansion, self.api_key = seed, expansion, api_key
        self.policy = policy

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What it was made with."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Change some of it. Raises `ValueError` for a parameter that is not there."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"{name!r} is no parameter of {type(self).__name__}; there are: {', '.join(known)}.")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items() if name != "api_key")
        return f"{type(self).__name__}({shown})"

    def _resampled(self, series: Array, labels: Array) -> tuple[Array, Array]:
        """What was given, unchanged, then what was made; axes and label type are those of what was given."""
        made = self._made(series, labels)
        own = {str(label_sent(label)): label for label in labels.tolist()}
        self.seed_, self.report_, self.advice_ = made.seed, made.report, made.advice
        self.sampling_strategy_ = {own.get(text, text): said.made for text, said in made.report.items() if said.made}
        synthetic = made.series if series.ndim == 3 else made.series[:, 0, :]
        of_synthetic = [own.get(str(label), label) for label in made.labels.tolist()]
        # Text as wide as it needs: a class that only the strategy names may have a longer label than any given.
        dtype = np.dtype(str) if labels.dtype.kind == "U" else labels.dtype
        return np.concatenate([series, synthetic]), np.concatenate([labels, np.array(of_synthetic, dtype)])

    def _made(self, series: Array, labels: Array) -> AugmentAnswer:
        if isinstance(self.server, Client):
            return self._asked(self.server, series, labels)
        with Client(self.server, self.api_key) as client:
            return self._asked(client, series, labels)

    def _asked(self, client: Client, series: Array, labels: Array) -> AugmentAnswer:
        return client.augment(
            series,
            labels,
            strategy=self.strategy,
            policy=self.policy,
            seed=self.seed,
            expansion=self.expansion,
            include_original=False,
            model=self.model,
        )


class Sampler(_Resampling):
    """A step of `imblearn.pipeline.Pipeline`: adds series when the pipeline is fitted, and does nothing afterwards."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """For pipelines that end in a sampler; `fit_resample` is what does it."""
        return self

    def fit_resample(self, X: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        """X `[n_cases, n_timepoints]` or `[n_cases, n_channels, n_timepoints]` and y `[n_cases]`, with what was made
        behind what was given. Raises a `SeriesmithClientError`."""
        return self._resampled(np.asarray(X), np.asarray(y))


class CollectionSampler(_Resampling):
    """In the place of a sampler of `aeon.transformations.collection.imbalance`."""

    def fit_transform(self, X: ArrayLike, y: ArrayLike | None = None) -> tuple[Array, Array]:
        """X `[n_cases, n_channels, n_timepoints]` (two axes become three, as in aeon) and y `[n_cases]`, with what was
        made behind what was given. Raises `ValueError` without y, and a `SeriesmithClientError`."""
        if y is None:
            raise ValueError("y is None; a sampler needs the label of each case.")
        series = np.asarray(X)
        return self._resampled(series[:, None, :] if series.ndim == 2 else series, np.asarray(y))
