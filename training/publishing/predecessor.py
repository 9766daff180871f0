"""The version in service, and a new fit beside it on the same cases, which neither was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from bundle.engine.bundle import Bundle
from bundle.errors import BundleError, NotFound
from bundle.evidence import Predecessor
from bundle.looking import Name, look
from bundle.manifest import Manifest
from training.data.partition import Partition, make_training_cases
from training.fitting import Fitted, predict

ROWS = 256
"""Series that the version in service classifies at a time."""


@dataclass(frozen=True)
class Comparison:
    """Of each measured case `[n]`: its class index, and whether the version in service, and the new fit, are right."""

    version: int
    class_index: np.ndarray
    before: np.ndarray
    now: np.ndarray

    def select_class(self, index: int) -> Comparison:
        """The cases of one class."""
        own = self.class_index == index
        return Comparison(self.version, self.class_index[own], self.before[own], self.now[own])

    @property
    def n_lost(self) -> int:
        """Cases that the version in service has right and the new fit has wrong."""
        return int((self.before & ~self.now).sum())

    @property
    def n_won(self) -> int:
        """Cases that the new fit has right and the version in service has wrong."""
        return int((~self.before & self.now).sum())

    @property
    def p_value(self) -> float:
        """The chance of so many lost, or more, of those that either lost or won, were both equally likely: McNemar's
        test (1947), exact and one-sided."""
        either = self.n_lost + self.n_won
        return float(binomtest(self.n_lost, either, 0.5, alternative="greater").pvalue) if either else 1.0

    def summarise(self) -> Predecessor:
        """As the manifest holds it."""
        return Predecessor(
            version=self.version, n_cases=len(self.now), n_lost=self.n_lost, n_won=self.n_won, p_value=self.p_value
        )


def find_served(root: Path, name: str) -> Bundle | None:
    """The version that a server of the repository `root` answers with: the newest of `name` that loads and is neither
    unloaded nor retired. None where there is none."""
    try:
        seen = look(root).get(name, Name())
    except NotFound:
        return None
    for version in sorted(seen.versions - seen.retired, reverse=True):
        if version <= seen.unloaded:
            return None
        try:
            return Bundle.load(root / name / str(version))
        except BundleError:
            continue  # no server takes it up either
    return None


def compare_with_served(served: Bundle, fitted: Fitted, parts: Partition, dataset_sha256: str) -> Comparison | str:
    """Both on the cases that accuracy is measured on; in words why not, where that would not be fair."""
    if reason := _explain_unfair(served.manifest, fitted, parts, dataset_sha256):
        return reason
    assert parts.measure is not None, "else it would not be fair"
    cases = make_training_cases(parts.measure, fitted.labels)
    pieces = np.split(cases.series, range(ROWS, len(cases.series), ROWS))
    before = np.concatenate([served.classify(piece).argmax(axis=1) for piece in pieces])
    truth = cases.class_index
    return Comparison(served.manifest.version, truth, before == truth, predict(fitted, cases.series) == truth)


def _explain_unfair(manifest: Manifest, fitted: Fitted, parts: Partition, dataset_sha256: str) -> str | None:
    record, configuration = manifest.provenance.configuration, fitted.generator.configuration
    if manifest.provenance.dataset_sha256 != dataset_sha256:
        return "it was fitted to other data"
    if fitted.classifier is None or "classifier" not in manifest.graphs:
        return "not both have a classifier"
    if configuration.clusters is not None or manifest.are_clusters:
        return "its classes are clusters, which each fit finds anew"
    if parts.measure is None:
        return "no cases were held out"
    if parts.measured_on != manifest.metrics.measured_on:
        return "it was measured on other cases"
    split = (configuration.seed, configuration.held_out_share)
    if parts.measured_on == "held-out split" and split != (record.get("seed"), record.get("held_out_share")):
        return "another seed or --held-out-share held out other cases, and it may have learned these"
    if manifest.labels != list(fitted.labels):
        return "it knows other classes"
    return None
