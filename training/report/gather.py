"""From a fit to what its report is written from."""

from __future__ import annotations

import numpy as np

from bundle.engine.bundle import Bundle
from bundle.manifest import Manifest
from training.data import Cases
from training.data.partition import Partition, make_training_cases
from training.fitting import Fitted, predict
from training.report.drawing import spread_indices
from training.report.inputs import Collection, ReportInputs

SYNTHETIC = 600
"""About how many synthetic series a report looks at, in equal numbers of each class."""

MOST_CASES = 2000
"""Held-out cases that a report looks at."""


def sample(bundle: Bundle, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Series `[n, n_channels, n_timepoints]` and class_index `[n]`, as the published bundle samples them."""
    n_classes = len(bundle.manifest.classes)
    each = max(8, min(100, SYNTHETIC // n_classes))
    made = [bundle.sample(index, each, seed).series for index in range(n_classes)]
    return np.concatenate(made), np.repeat(np.arange(n_classes), each)


def report_inputs(
    fitted: Fitted, parts: Partition, manifest: Manifest, synthetic: tuple[np.ndarray, np.ndarray]
) -> ReportInputs:
    """What `write_report` takes; `synthetic` are series `[n, n_channels, n_timepoints]` and class_index `[n]`."""
    held_out = None if parts.measure is None else _collect_held_out(fitted, parts.measure)
    training = _build_collection(fitted, fitted.cases.series, fitted.cases.class_index)
    latent = (held_out or training).latent
    return ReportInputs(
        manifest=manifest,
        training=training,
        synthetic=_build_collection(fitted, *synthetic),
        held_out=held_out,
        predicted=predict(fitted, held_out.series) if held_out and fitted.classifier is not None else None,
        reconstruction=None if latent is None else fitted.generator.model.decode(latent),
        cross_fitted_error=fitted.held_out.error if fitted.held_out else None,
        mixture=fitted.generator.law,
        texture=fitted.generator.describe_revealed(),
        histories=fitted.histories,
    )


def _collect_held_out(fitted: Fitted, cases: Cases) -> Collection:
    own = make_training_cases(cases, fitted.labels)
    chosen = spread_indices(len(own.series), MOST_CASES)
    return _build_collection(fitted, own.series[chosen], own.class_index[chosen])


def _build_collection(fitted: Fitted, series: np.ndarray, class_index: np.ndarray) -> Collection:
    model = fitted.generator.model
    return Collection(series, class_index, model.encode(series)[0] if model.has("encoder") else None)
