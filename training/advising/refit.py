"""`python -m training.advising.refit --data UCR`: measured uplifts and datasets' features become `evidence.json`.

Uplifts come from `docs/evaluation`, as `evaluate.py` writes them; features from the datasets themselves. Both are
written down with the dataset's name; no series is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

from training import data as datasets
from training.advising.evidence import FILE, Evidence, Measurement, write_evidence
from training.advising.features import compute_features
from training.advising.model import Examples, fit_forecast, leave_out, predict_mean
from training.data.partition import make_training_cases, order_labels
from training.evaluation.results import Row, read
from training.evaluation.statistics import bootstrap_datasets
from training.evaluation.subsets import SIZES, Level, choose_kept

FOLDERS: dict[str, Level | None] = {
    "": None,
    "held-back": None,
    **{level.name: level for curve, sizes in SIZES.items() for level in (Level(curve, size) for size in sizes)},
}
"""Of docs/evaluation, and which cases were kept there."""

BESIDE = ("fcn-concatenated", "minirocket")
"""Judges for whom synthetic cases are put beside the real ones."""


@dataclass(frozen=True)
class RefitConfiguration:
    """Measure the datasets' features again and fit the forecast of `seriesmith advise` to them."""

    data: Path
    """A folder with a subfolder for each dataset of the results."""
    results: Path = Path("docs/evaluation")
    """What `evaluate.py` wrote."""
    out: Path = FILE
    """Where to write."""


def collect_measurements(configuration: RefitConfiguration) -> Iterator[Measurement]:
    """One for each dataset and level: means over the seeds."""
    for folder, level in FOLDERS.items():
        rows = read(configuration.results / folder / "results.csv", Row)
        for name in sorted({row.dataset for row in rows}):
            own = [row for row in rows if row.dataset == name]
            seeds = sorted({row.seed for row in own if (row.judge, row.policy) == ("fcn", "auto")})
            beside = [pair for judge in BESIDE for pair in _compute_uplifts(own, judge)]
            yield Measurement(
                dataset=name,
                level=level.name if level else "all cases",
                n_seeds=len(seeds),
                uplift=float(np.mean(_compute_uplifts(own, "fcn"))),
                beside=float(np.mean(beside)) if beside else None,
                features=_average_features(name, configuration.data, level, seeds),
            )


def _compute_uplifts(rows: list[Row], judge: str) -> list[float]:
    """Points of balanced accuracy with auto more than without, seed by seed."""
    by_arm = {(row.seed, row.policy): row.balanced_accuracy for row in rows if row.judge == judge}
    return [
        100 * (value - by_arm[seed, "none"])
        for (seed, policy), value in by_arm.items()
        if policy == "auto" and (seed, "none") in by_arm
    ]


def _average_features(name: str, data: Path, level: Level | None, seeds: list[int]) -> dict[str, float]:
    train = datasets.load(name, data).train
    cases = make_training_cases(train, order_labels(train.labels))
    drawn = []
    for seed in seeds if level else seeds[:1]:
        kept = cases.select(choose_kept(cases.class_index, level, seed))
        drawn.append(compute_features(kept.series, kept.class_index))
    return {feature: round(float(np.mean([one[feature] for one in drawn])), 5) for feature in drawn[0]}


def build_evidence(measurements: list[Measurement]) -> Evidence:
    """The measurements, the forecast fitted to them, and how far it and the mean are off on datasets left out."""
    features = tuple(measurements[0].features)
    examples = Examples(
        np.array([[one.features[name] for name in features] for one in measurements]),
        np.array([one.uplift for one in measurements]),
        np.array([one.dataset for one in measurements]),
    )
    of_forecast, of_mean = (
        np.abs(leave_out(examples, fit)) for fit in (lambda kept: fit_forecast(kept).predict, predict_mean)
    )
    weight = examples.weight
    won = [float((of_mean - of_forecast)[examples.datasets == name].mean()) for name in np.unique(examples.datasets)]
    return Evidence(
        measurements=tuple(measurements),
        forecast=fit_forecast(examples),
        error=float(weight @ of_forecast),
        error_of_mean=float(weight @ of_mean),
        won=bootstrap_datasets(won),
    )


def main(arguments: list[str] | None = None) -> int:
    """Write the evidence, and say what it is worth."""
    configuration = tyro.cli(RefitConfiguration, args=arguments)
    evidence = build_evidence(list(collect_measurements(configuration)))
    write_evidence(evidence, configuration.out)
    print(
        f"{len(evidence.measurements)} measurements of {len(evidence.datasets)} datasets. Left out, a dataset's uplift "
        f"is forecast with a mean absolute error of {evidence.error:.2f} points, by the mean of the others with "
        f"{evidence.error_of_mean:.2f}; the forecast wins {evidence.won.mean:+.2f} [{evidence.won.low:.2f}, "
        f"{evidence.won.high:.2f}]."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
