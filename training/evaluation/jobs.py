"""One job: a dataset, a seed and a level, judged under every policy that is still missing. Equal jobs, equal rows."""

from __future__ import annotations

import contextlib
import io
import time
import traceback
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from training import data as datasets
from training.configuration import FitConfiguration
from training.data import Cases
from training.data.partition import make_training_cases, order_labels, split_dataset
from training.evaluation import judges, policies
from training.evaluation.results import Choice, Measured, Row
from training.evaluation.subsets import Level, choose_kept
from training.evaluation.trial import Trial, resample_cases
from training.learning.cases import TrainingCases
from training.learning.run import start_fabric
from training.learning.working_length import settle_working_length
from training.quality import measure_quality
from training.quality.fitted import SYNTHETIC_PER_CASE

Arm = tuple[str, str]
"""A judge and a policy."""

SMALLEST_CHANCE = 1e-12
"""A class's probability is taken to be at least this, so that one sure error does not make a mean infinite."""


@dataclass(frozen=True)
class Job:
    """What to measure; `arms` in the order of their columns."""

    dataset: str
    data: Path
    seed: int
    level: Level | None
    arms: tuple[Arm, ...]
    configuration: FitConfiguration


@dataclass(frozen=True)
class Outcome:
    """A row per arm, or why it has none, a traceback; what auto chose and how good samples are, where an arm asked for
    auto; how long it took."""

    rows: list[Row]
    failed: dict[Arm, str]
    choice: Choice | None
    measured: list[Measured]
    seconds: float


def list_arms(judge_names: tuple[str, ...], policy_names: tuple[str, ...]) -> tuple[Arm, ...]:
    """Every judge with every policy that it takes."""
    return tuple(
        (judge, policy) for judge in judge_names for policy in policy_names if judges.import_judge(judge).takes(policy)
    )


def run(job: Job) -> Outcome:
    """Fit what the arms need, each at most once, and judge. An arm that fails leaves the others' rows whole;
    raises what loading, auto's fit and a judge's own preparation raise."""
    start = time.perf_counter()
    with contextlib.redirect_stderr(io.StringIO()):  # dozens of progress bars, of several processes at once
        trial = _make_trial(job)
        if _does_choose(job):
            _ = trial.uplift  # first, as its generator serves the other policies too
        judged: dict[Arm, Row | str] = {}
        for judge in dict.fromkeys(judge for judge, _ in job.arms):
            judged |= _judge(job, trial, judge)
    rows = [row for row in judged.values() if isinstance(row, Row)]
    failed = {arm: why for arm, why in judged.items() if isinstance(why, str)}
    return Outcome(rows, failed, _build_choice(job, trial), _measure(job, trial), time.perf_counter() - start)


def reduce_cases(learn: Cases, level: Level | None, seed: int) -> Cases:
    """The training cases that a level keeps."""
    index = choose_kept(make_training_cases(learn, order_labels(learn.labels)).class_index, level, seed)
    return learn.select(index)


def _make_trial(job: Job) -> Trial:
    settings = replace(job.configuration, seed=job.seed, workers=1, threads=1)
    parts = split_dataset(datasets.load(job.dataset, job.data), settings)
    if parts.measure is None or parts.measure.labels is None:
        raise datasets.DatasetError(f"{job.dataset} has no labelled cases to measure on. Leave it out of --datasets.")
    settings, _ = settle_working_length(parts.learn.series, settings)
    fabric = start_fabric(settings)
    learn = resample_cases(reduce_cases(parts.learn, job.level, job.seed), settings.working_timepoints)
    measure = resample_cases(parts.measure, settings.working_timepoints)
    return Trial(fabric, learn, measure, settings, job.level is not None and job.level.curve == "imbalance")


def _judge(job: Job, trial: Trial, judge: str) -> dict[Arm, Row | str]:
    """Of each of the judge's arms the row, or the traceback of what stopped it."""
    module = judges.import_judge(judge)
    judgement = module.judge(trial)
    judged: dict[Arm, Row | str] = {}
    for arm in (arm for arm in job.arms if arm[0] == judge):
        try:
            judged[arm] = _build_row(job, trial, arm, judgement(arm[1]), module.ODDS)
        except Exception:
            judged[arm] = traceback.format_exc()
    return judged


def _build_row(job: Job, trial: Trial, arm: Arm, probabilities: np.ndarray, odds: bool) -> Row:
    judge, policy = arm
    truth = trial.test.class_index
    correct = probabilities.argmax(axis=1) == truth
    own = np.maximum(probabilities[np.arange(len(truth)), truth], SMALLEST_CHANCE)
    return Row(
        dataset=job.dataset,
        seed=job.seed,
        judge=judge,
        policy=policy,
        n_train=len(trial.learn.series),
        accuracy=float(correct.mean()),
        balanced_accuracy=float(np.mean([correct[truth == index].mean() for index in np.unique(truth)])),
        nll=float(-np.log(own).mean()) if odds else None,
    )


def _build_choice(job: Job, trial: Trial) -> Choice | None:
    if not _does_choose(job):
        return None
    uplift = trial.uplift
    without = trial.chosen_without_latent
    advice = uplift.advice
    mean, low, high = (advice.uplift.mean, advice.uplift.low, advice.uplift.high) if advice.uplift else (None,) * 3
    nll = " ".join(f"{row.policy}:{row.nll:.4f}" for row in uplift.candidates)
    return Choice(job.dataset, job.seed, uplift.policy, without, advice.policy, advice.use, mean, low, high, nll)


def _measure(job: Job, trial: Trial) -> list[Measured]:
    """Nothing without a choice, as `/augment` goes by it."""
    if not _does_choose(job):
        return []
    counts = SYNTHETIC_PER_CASE * np.bincount(trial.cases.class_index, minlength=trial.cases.n_classes)
    generator, advised = trial.generator, trial.uplift.advice.policy
    made = {
        "sample": generator.sample(counts, job.seed),
        "augment": generator.make(advised, trial.cases, counts, job.seed),
    }
    return [row for operation, cases in made.items() if (row := _measure_quality(job, trial, operation, cases))]


def _measure_quality(job: Job, trial: Trial, operation: str, made: TrainingCases) -> Measured | None:
    labels = order_labels(trial.learn.labels)
    found = measure_quality(trial.cases, trial.test, made, labels, "given test set", job.seed)
    if found is None:
        return None
    names = [field.name for field in fields(Measured)][3:]
    return Measured(job.dataset, job.seed, operation, **{name: getattr(found, name) for name in names})


def _does_choose(job: Job) -> bool:
    return bool({policy for _, policy in job.arms} & {*policies.CHOSEN, "auto-pair"})
