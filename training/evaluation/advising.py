"""`python -m training.evaluation.advising`: does advice predict what adding cases brings on the test set?

A job is a dataset, a level (all training cases, 5 of each class, or one class rare, 10 : 1) and a seed. Of its training
cases alone everything is measured that advice rests on; then the same kinds of classifier learn from all of them, with
and without each arm, and the test set gives the true gain, the mean over a kind's repeats. Every seed draws other
training cases at the smaller levels. A run that is stopped goes on where it was. What is expected, and how true that
was, is computed from the rows by `training.evaluation.expected`.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import tyro

from bundle.evidence import JudgeKind, MetricName
from bundle.generation.policy import PolicyName
from training import data as datasets
from training.choosing.balance import is_imbalanced
from training.choosing.folds import Fold, Judged, make_folds
from training.choosing.policies import compute_log_probabilities
from training.command_line import choose_families
from training.configuration import FitConfiguration
from training.data.partition import make_training_cases, order_labels
from training.evaluate import find_datasets
from training.evaluation.jobs import reduce_cases
from training.evaluation.results import append, read
from training.evaluation.subsets import Level, qualifies
from training.evaluation.trial import resample_cases
from training.judging.comparing import Decided, Decisions, collect_scores, compare, judge_arms, soften_all
from training.judging.kinds import Bench, choose_kinds
from training.learning.augmenting import fit_maker
from training.learning.cases import TrainingCases
from training.learning.maker import Maker
from training.learning.run import compute_fold_share, start_fabric

LEVELS = {"all cases": None, "low-data-5": Level("low-data", 5), "imbalance-10": Level("imbalance", 10)}
METRICS: tuple[MetricName, ...] = ("balanced_accuracy", "macro_f1", "average_precision")
"""Of which accuracy, where classes are alike, is the first."""


@dataclass(frozen=True)
class Gain:
    """What an arm brought a kind of classifier for a group of classes, in points of a metric: measured on training
    cases, with its standard error (None where none of the group was held out), and the true one. `share`: of the
    metric."""

    dataset: str
    level: str
    seed: int
    metric: str
    kind: str
    arm: str
    group: str
    share: float
    measured: float | None
    error: float | None
    true: float


@dataclass(frozen=True)
class AdvisingConfiguration:
    """Compare what advice rests on with the gain on test sets."""

    data: Path
    """A folder with a subfolder <name>/<name>_TRAIN.tsv, and _TEST, for each dataset."""
    out: Path
    """The CSV file to write, or to go on with."""
    datasets: tuple[str, ...] = ()
    """Names (default: all found)."""
    levels: tuple[Literal["all cases", "low-data-5", "imbalance-10"], ...] = ("imbalance-10", "low-data-5", "all cases")
    """Which training cases are kept."""
    seeds: int = 1
    """Each dataset and level is measured with the seeds 0 … seeds - 1."""
    policies: tuple[PolicyName, ...] = ("latent", "warps")
    """What makes the cases that are ours."""
    most_tested: int = 300
    """Test cases of a dataset, evenly spaced where there are more."""
    fit: FitConfiguration = field(default_factory=FitConfiguration)
    """How generators are fitted, and with --fit.advice brief, that no network judges."""


@dataclass(frozen=True)
class Job:
    """What is measured at a time."""

    dataset: str
    level: str
    seed: int


def measure(job: Job, configuration: AdvisingConfiguration) -> list[Gain]:
    """The rows of a job; none where the dataset has not the cases that the level needs."""
    level, settings = LEVELS[job.level], replace(configuration.fit, seed=job.seed, workers=1)
    dataset = datasets.load(job.dataset, configuration.data)
    labels = order_labels(dataset.train.labels)
    if dataset.test is None or not qualifies(make_training_cases(dataset.train, labels).class_index, level):
        return []
    learn = resample_cases(reduce_cases(dataset.train, level, job.seed), settings.working_timepoints)
    cases = make_training_cases(learn, labels)
    test = make_training_cases(resample_cases(dataset.test, settings.working_timepoints), labels)
    test = test.select(
        np.unique(np.linspace(0, len(test.series) - 1, min(len(test.series), configuration.most_tested)).astype(int))
    )
    balance, kinds = is_imbalanced(cases.class_index), choose_kinds(settings.advice)
    if not (folds := make_folds(learn, cases, settings)):
        return []
    judged = [_learn_fold(fold, settings, len(cases.series)) for fold in folds]
    found = [judge_arms(one, configuration.policies, balance, kinds) for one in judged]
    scores = collect_scores(Bench(cases, test, _learn(cases, settings)), configuration.policies, balance, kinds)
    counts = np.bincount(cases.class_index, minlength=cases.n_classes)
    true = {False: _make_certain(scores), True: soften_all(scores)}
    rows: list[Gain] = []
    for metric in METRICS:
        decided = Decided(test.class_index, true[metric == "average_precision"])
        rows += _build_rows(job, metric, found, decided, counts)
    return rows


def _learn(cases: TrainingCases, settings: FitConfiguration, share: float = 1.0) -> Maker:
    return fit_maker(start_fabric(settings), cases, settings, share=share, textured=False)


def _learn_fold(fold: Fold, settings: FitConfiguration, n_cases: int) -> Judged:
    maker = _learn(fold.kept, settings, compute_fold_share(len(fold.kept.series), n_cases))
    assert maker.classifier is not None, "there are two classes at least"
    known = compute_log_probabilities(maker.classifier, maker.scaling, fold.held_out.series)
    return Judged(fold, maker, None, {"none": known})


def _make_certain(scores: dict[JudgeKind, dict[str, list[np.ndarray]]]) -> Decisions:
    """Each case is given to the class of the highest score; the mean over repeats."""
    return {
        kind: {
            arm: np.mean([np.eye(one.shape[1])[one.argmax(axis=1)] for one in each], axis=0)
            for arm, each in arms.items()
        }
        for kind, arms in scores.items()
    }


def _build_rows(
    job: Job, metric: MetricName, found: list[Decided], tested: Decided, counts: np.ndarray
) -> Iterator[Gain]:
    true = compare([tested], metric, counts)
    for kind, arms in compare(found, metric, counts).items():
        for arm, groups in arms.items():
            for group, measured in groups.items():
                gain = true[kind][arm][group].mean
                if gain is not None:
                    values = (measured.share, measured.mean, measured.error, gain)
                    rounded = (None if value is None else round(value, 4) for value in values)
                    yield Gain(job.dataset, job.level, job.seed, metric, kind, arm, group, *rounded)  # type: ignore[arg-type]


def main(arguments: list[str] | None = None) -> int:
    """Measure what is missing."""
    fit, left = choose_families(sys.argv[1:] if arguments is None else arguments, "fit.")
    default = AdvisingConfiguration(data=tyro.MISSING, out=tyro.MISSING, fit=fit)
    configuration = tyro.cli(AdvisingConfiguration, default=default, args=left)
    done = {(row.dataset, row.level, row.seed) for row in read(configuration.out, Gain)}
    names = configuration.datasets or find_datasets(configuration.data, None)
    for seed in range(configuration.seeds):
        for level in configuration.levels:
            for name in names:
                if (name, level, seed) not in done:
                    with contextlib.redirect_stderr(io.StringIO()):  # progress bars of many short loops
                        rows = measure(Job(name, level, seed), configuration)
                    append(configuration.out, rows)
                    print(f"{name}, {level}, seed {seed}: {len(rows)} rows", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
