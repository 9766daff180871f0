"""What was found out about one family on one dataset with one seed: a line of results.csv."""

from __future__ import annotations

from dataclasses import dataclass

FILE, SERVED = "results.csv", "served.csv"


@dataclass(frozen=True)
class Row:
    """Measures are those of `bundle.evidence.Metrics`; None where one is not measurable.

    n_train, n_measured: cases learned from, and measured on.
    reconstruction: the share of the variance of held-out cases that reconstructions explain.
    cpu_seconds: of the fit with its export, its measures and its report, on one thread. n_bytes: the bundle's.
    ended: why there is no bundle, in a sentence; empty where there is one.
    """

    dataset: str
    entry: str
    seed: int
    n_train: int
    n_measured: int
    accuracy: float | None
    balanced_accuracy: float | None
    tstr_ratio: float | None
    discriminative_score: float | None
    discriminative_floor: float | None
    nearest_neighbour_ratio: float | None
    membership_attack: float | None
    reconstruction: float | None
    cpu_seconds: float
    n_bytes: int
    ended: str


@dataclass(frozen=True)
class Served:
    """How fast a bundle samples through a server, and classifies one series: series a second, and milliseconds."""

    dataset: str
    entry: str
    seed: int
    series_per_second: float | None
    classify_ms: float | None
