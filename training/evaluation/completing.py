"""`python -m training.evaluation.completing`: how well what is missing is completed, beside what costs nothing.

Of each test case values are hidden in several ways and filled again: by `/complete`'s code, and by the baselines of
`training/evaluation/gaps.py`. Errors are in standard deviations of the training cases' channels. What decoding leaves
over is measured on held-out training cases; nothing is chosen on test data.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import torch
import tyro

from bundle.generation.completing import Completer, Wish, run
from bundle.generation.partial import PartialCase
from bundle.generation.residual import ResidualLaw
from training import data as datasets
from training.choosing.calibration import collect_held_out
from training.choosing.cross_validation import cross_validate
from training.choosing.folds import make_folds
from training.configuration import FitConfiguration
from training.data import Dataset
from training.data.partition import make_training_cases, order_labels, split_dataset
from training.evaluation.gaps import MASKS, Baselines
from training.families.classifiers import fcn
from training.families.textures import flow
from training.learning.cases import TrainingCases
from training.learning.generator import Generator

OURS = "complete"
COVERAGE = 0.9


@dataclass(frozen=True)
class CompletingConfiguration:
    """Measure completions against linear interpolation, class means and the nearest training case."""

    data: Path
    """A folder of archives, as of `fit.py --data`."""
    out: Path
    """The CSV file to write: a row per dataset, seed, way of hiding and way of filling."""
    datasets: tuple[str, ...] = ("ArrowHead", "CBF", "ECG200", "GunPoint", "OSULeaf", "Plane")
    shipped: tuple[str, ...] = ("BasicMotions",)
    """Datasets that aeon has itself."""
    seeds: int = 2
    most_cases: int = 60
    """Test cases of a dataset, drawn at random where there are more."""
    fit: FitConfiguration = field(
        default_factory=lambda: FitConfiguration(classifier=fcn.Settings(steps=1), texture=flow.Settings(steps=1))
    )
    """Completing needs neither a classifier nor a texture."""


@dataclass(frozen=True)
class Row:
    """Errors, over the hidden values of all cases, of one way of filling; `coverage` and `width` of the intervals, and
    the share of cases of which the class is found, where there are any."""

    dataset: str
    seed: int
    hidden: str
    method: str
    n_cases: int
    rmse: float
    mae: float
    coverage: float | None = None
    width: float | None = None
    accuracy: float | None = None


@dataclass(frozen=True)
class Trial:
    """A dataset, fitted with a seed: what completes, what it is compared with, and the cases to fill."""

    name: str
    seed: int
    completer: Completer
    baselines: Baselines
    tested: TrainingCases


def prepare(dataset: Dataset, configuration: CompletingConfiguration, seed: int) -> Trial:
    """Fit a dataset, and draw test cases of it."""
    settings = replace(configuration.fit, seed=seed, workers=1, device="cpu")
    parts = split_dataset(dataset, settings)
    assert parts.measure is not None, "these datasets have test cases"
    labels = order_labels(parts.learn.labels)
    cases, tested = (make_training_cases(part, labels) for part in (parts.learn, parts.measure))
    chosen = np.random.default_rng(seed).permutation(len(tested.series))[: configuration.most_cases]
    completer = fit_completer(parts.learn, cases, settings)
    return Trial(dataset.name, seed, completer, Baselines(cases), tested.select(chosen))


def fit_completer(learn: datasets.Cases, cases: TrainingCases, settings: FitConfiguration) -> Completer:
    """Fit what completes, with the residuals of held-out training cases."""
    found = cross_validate(cases, make_folds(learn, cases, settings), settings, ())
    held_out = collect_held_out(found.folds)
    assert isinstance(found.generator, Generator)
    assert held_out is not None
    share = np.bincount(cases.class_index, minlength=cases.n_classes) / len(cases.series)
    law = ResidualLaw.measure(held_out.residual, held_out.counted)
    return Completer(found.generator.model, found.generator.mixture, share, law)


def measure(trial: Trial, hidden: str) -> Iterator[Row]:
    """Hide values of each case in one way; yield a row for each way of filling."""
    seed, baselines, tested = trial.seed, trial.baselines, trial.tested
    random = np.random.default_rng([seed, len(hidden)])
    differences: dict[str, list[np.ndarray]] = {}
    inside, widths, found = [], [], []
    for series, class_index in zip(tested.series, tested.class_index.tolist(), strict=True):
        missing = np.broadcast_to(MASKS[hidden](series.shape[1], random), series.shape)
        values = np.where(missing, np.nan, series)
        positions = np.arange(series.shape[1], dtype=np.float64)
        completion = run(trial.completer.complete(PartialCase(values, positions), Wish(1, COVERAGE, seed)))
        for method, filled in ({OURS: completion.series} | baselines.fill(values, class_index)).items():
            differences.setdefault(method, []).append(((filled - series) / baselines.scale)[missing])
        inside.append(((completion.lower <= series) & (series <= completion.upper))[missing])
        widths.append(((completion.upper - completion.lower) / baselines.scale)[missing])
        found.append(completion.class_probabilities.argmax() == class_index)
    for method, parts in differences.items():
        whole = np.concatenate(parts)
        rmse, mae = float(np.sqrt(np.square(whole).mean())), float(np.abs(whole).mean())
        row = Row(trial.name, seed, hidden, method, len(parts), rmse, mae)
        if method == OURS:
            coverage, width = (float(np.concatenate(values).mean()) for values in (inside, widths))
            row = replace(row, coverage=coverage, width=width, accuracy=float(np.mean(found)))
        yield row


def write_table(rows: Sequence[Row]) -> str:
    """A Markdown table, means over seeds: the error of each way of filling, bold where it is the lowest."""
    methods = list(dict.fromkeys(row.method for row in rows))
    lines = [
        f"| hidden | dataset | {' | '.join(methods)} | coverage | width | class |",
        "|---" * (len(methods) + 5) + "|",
    ]
    for hidden in dict.fromkeys(row.hidden for row in rows):
        for name in dict.fromkeys(row.dataset for row in rows):
            own = [row for row in rows if (row.hidden, row.dataset) == (hidden, name)]
            errors = [np.mean([row.rmse for row in own if row.method == method]) for method in methods]
            cells = [f"**{error:.2f}**" if error == min(errors) else f"{error:.2f}" for error in errors]
            ours = [row for row in own if row.method == OURS]
            for part in ("coverage", "width", "accuracy"):
                cells.append(f"{np.mean([getattr(row, part) for row in ours]):.2f}")
            lines.append(f"| {hidden} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """The command line; answers the exit status."""
    configuration = tyro.cli(CompletingConfiguration, args=arguments, prog="completing")
    torch.set_num_threads(configuration.fit.threads)
    rows: list[Row] = []
    for name in (*configuration.datasets, *configuration.shipped):
        dataset = datasets.load(name, None if name in configuration.shipped else configuration.data)
        for seed in range(configuration.seeds):
            trial = prepare(dataset, configuration, seed)
            rows += [row for hidden in MASKS for row in measure(trial, hidden)]
            print(f"{name}, seed {seed}: measured", file=sys.stderr, flush=True)
            with configuration.out.open("w", newline="") as file:
                writer = csv.DictWriter(file, [known.name for known in fields(Row)], lineterminator="\n")
                writer.writeheader()
                writer.writerows(map(asdict, rows))
    print(write_table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
