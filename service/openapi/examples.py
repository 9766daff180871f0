"""Requests that the server answers with 200, made for the first model that it serves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from bundle.repository import Repository
from service.answers import Label

MOST_VALUES = 4096
"""A series of more would fill the page; such a model gets no examples of series."""


@dataclass(frozen=True)
class Example:
    """The facts about a model that examples need; `labels` are none where it learned from unlabelled data."""

    model: str
    version: int
    n_channels: int
    n_timepoints: int
    labels: tuple[Label, ...]
    class_texts: tuple[str, ...]

    def build_request(self, operation: str) -> dict[str, Any] | None:
        """Build the JSON body of an operation's request; None where the model cannot answer one."""
        if operation == "sample":
            return {"model": self.model, "counts": {self.class_texts[0]: 2}, "seed": 1}
        if self.n_channels * self.n_timepoints > MOST_VALUES or (operation == "classify" and not self.labels):
            return None
        fields: dict[str, Any] = {"model": self.model, "series": self._make_series(1)}
        if operation == "augment":
            fields |= {"series": self._make_series(2), "strategy": {"factor": 2}, "seed": 1}
            if self.labels:
                fields["labels"] = [self.labels[0], self.labels[-1]]
        return fields

    def build_inference(self) -> dict[str, Any] | None:
        """Build the body of an inference request to the model's operation `encode`."""
        if self.n_channels * self.n_timepoints > MOST_VALUES:
            return None
        values = [value for channel in self._make_series(1)[0] for value in channel]
        shape = [1, self.n_channels, self.n_timepoints]
        return {"inputs": [{"name": "series", "datatype": "FP32", "shape": shape, "data": values}]}

    def _make_series(self, n_cases: int) -> list[list[list[float]]]:
        """Make waves `[n_cases][n_channels][n_timepoints]`, no two alike."""
        return [
            [
                [
                    round(math.sin(case + channel + 6.3 * time / self.n_timepoints), 2)
                    for time in range(self.n_timepoints)
                ]
                for channel in range(self.n_channels)
            ]
            for case in range(n_cases)
        ]


def choose_example(repository: Repository) -> Example | None:
    """Choose the first labelled model that is served, or else the first; None where none is served."""
    manifests = [repository.resolve(name).manifest for name in repository.names]
    manifest = next((known for known in manifests if known.labelled), next(iter(manifests), None))
    if manifest is None:
        return None
    return Example(
        manifest.name,
        manifest.version,
        manifest.series.n_channels,
        manifest.series.n_timepoints,
        tuple(manifest.labels) if manifest.labelled else (),
        tuple(map(str, manifest.labels)),
    )
