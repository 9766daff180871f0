"""Requests that the server answers with 200, made for the first model that it serves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from bundle.repository import Repository
from service.answers import Label
from service.operations import OPERATIONS, Operation

MOST_VALUES = 4096
"""A series of more would fill the page; such a model gets no examples of series."""


CODES = {"latent": 0.5, "start_latent": -0.5, "end_latent": 1.0}
"""Fields of latent codes, and what the examples hold; an operation that takes these has no example of series."""

SERIES_ALONE = ("encode", "reconstruct", "classify")
"""Operations whose request needs nothing but series."""


@dataclass(frozen=True)
class Example:
    """The facts about a model that examples need; `labels` are none where it learned from unlabelled data.

    `operations` are the names of those that it can do, `ranges` the low and high values of each channel, `latent_dim`
    the width of its codes.
    """

    model: str
    version: int
    n_channels: int
    n_timepoints: int
    labels: tuple[Label, ...]
    class_texts: tuple[str, ...]
    operations: tuple[str, ...]
    ranges: tuple[tuple[float, float], ...]
    latent_dim: int

    @property
    def inference_operation(self) -> str:
        """The operation that stands for all in examples of the protocol: one that takes series alone, if any does."""
        alone = [name for name in SERIES_ALONE if name in self.operations]
        return next(iter([*alone, *self.operations]))

    def build_request(self, operation: Operation) -> dict[str, Any] | None:
        """Build the JSON body of an operation's request from the fields that it has.

        Returns None where the model cannot answer one, its series would fill the page, or a field must be given that
        there is no example of.
        """
        known = operation.request.model_fields
        if operation.name not in self.operations:
            return None
        values: dict[str, Any] = {"model": self.model}
        if CODES.keys().isdisjoint(known):
            if "series" in known and not self._has_short_series():
                return None
            labelled = "labels" in known
            values |= {
                "series": self._make_series(2 if labelled else 1) if "series" in known else None,
                "labels": [self.labels[0], self.labels[-1]] if self.labels else None,
                "start_labels": [self.labels[0]] if self.labels else None,
                "end_labels": [self.labels[-1]] if self.labels else None,
                "counts": {self.class_texts[0]: 2},
                "strategy": {"factor": 2},
                "seed": 1,
            }
        else:
            values |= {name: [[level] * self.latent_dim] for name, level in CODES.items()} | {"axes": [0]}
        given = {name: value for name, value in values.items() if name in known and value is not None}
        needed = {field.alias or name for name, field in known.items() if field.is_required()}
        return given if needed <= given.keys() else None

    def build_inference(self) -> dict[str, Any] | None:
        """Build the body of an inference request to `inference_operation`; None where it takes more than series."""
        if self.inference_operation not in SERIES_ALONE or not self._has_short_series():
            return None
        values = [value for channel in self._make_series(1)[0] for value in channel]
        shape = [1, self.n_channels, self.n_timepoints]
        return {"inputs": [{"name": "series", "datatype": "FP32", "shape": shape, "data": values}]}

    def _has_short_series(self) -> bool:
        return self.n_channels * self.n_timepoints <= MOST_VALUES

    def _make_series(self, n_cases: int) -> list[list[list[float]]]:
        """Make waves `[n_cases][n_channels][n_timepoints]` within the channels' ranges, no two alike."""
        return [
            [self._make_wave(case + channel, *self.ranges[channel]) for channel in range(self.n_channels)]
            for case in range(n_cases)
        ]

    def _make_wave(self, phase: int, low: float, high: float) -> list[float]:
        turns = (phase + 6.3 * time / self.n_timepoints for time in range(self.n_timepoints))
        return [float(f"{(low + high) / 2 + (high - low) / 2 * math.sin(turn):.6g}") for turn in turns]


def choose_example(repository: Repository) -> Example | None:
    """Choose of the models that are served the first that can do most; None where none is served."""
    bundles = [repository.resolve(name) for name in repository.names]
    if not bundles:
        return None
    bundle = max(bundles, key=lambda known: (len(known.operations), known.manifest.labelled))
    manifest = bundle.manifest
    return Example(
        manifest.name,
        manifest.version,
        manifest.series.n_channels,
        manifest.series.n_timepoints,
        tuple(manifest.labels) if manifest.labelled else (),
        tuple(map(str, manifest.labels)),
        tuple(name for name, operation in OPERATIONS.items() if operation.is_offered_by(bundle)),
        tuple((low, high) for low, high in manifest.series.value_range or [[-1.0, 1.0]] * manifest.series.n_channels),
        bundle.latent_dim,
    )
