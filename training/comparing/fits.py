"""One family is fitted to one dataset within a budget, published, and measured. Equal jobs make equal rows."""

from __future__ import annotations

import contextlib
import io
import time
from dataclasses import dataclass
from pathlib import Path

from bundle.engine.bundle import Bundle
from bundle.evidence import Quality
from training.comparing.entries import Entry
from training.comparing.plan import Planned
from training.comparing.rows import Row
from training.configuration import FitConfiguration
from training.ending import REFUSALS
from training.fit import fit_and_publish, parse_arguments
from training.learning.watcher import Cancelled, Stage, Step


@dataclass(frozen=True)
class Job:
    """A fit to make; `models` is the repository of its dataset and seed."""

    planned: Planned
    entry: Entry
    seed: int
    models: Path
    budget_seconds: float


@dataclass
class BudgetWatcher:
    """Ends a fit that has taken more CPU seconds than it may."""

    seconds: float

    def __post_init__(self) -> None:
        self._end = time.process_time() + self.seconds

    def begin_stage(self, stage: Stage) -> None:
        """A stage may begin while there is time."""
        self._check(stage)

    def report_step(self, stage: Stage, step: Step) -> None:
        """So may a step."""
        del step
        self._check(stage)

    def end_stage(self, stage: Stage) -> None:
        """What has ended is kept."""

    def _check(self, stage: Stage) -> None:
        if time.process_time() > self._end:
            raise Cancelled(f"over the budget of {self.seconds:g} CPU seconds, in {stage.name}")


def configure(job: Job) -> FitConfiguration:
    """The fit that a job asks for. Raises `ConfigurationError`."""
    own = ["--name", job.entry.name, "--models", str(job.models), "--seed", str(job.seed), "--no-resume"]
    one = ["--threads", "1", "--workers", "1"]  # other processes would not count, and jobs run side by side
    return parse_arguments([*job.entry.flags, *job.planned.flags, *own, *one, "--force"], "compare.py")


def run(job: Job) -> Row:
    """Fit, publish and measure; a fit that is refused, or takes too long, is a row that says so."""
    start = time.process_time()
    directory, ended = None, ""
    try:
        configuration = configure(job)
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            directory = fit_and_publish(configuration, BudgetWatcher(job.budget_seconds))
    except (Cancelled, *REFUSALS) as error:
        ended = str(error)
    seconds = time.process_time() - start
    if directory is None:
        return Row(job.planned.name, job.entry.name, job.seed, 0, 0, *(None,) * 8, seconds, 0, ended)
    return _build_row(job, Bundle.load(directory), seconds, directory)


def _build_row(job: Job, bundle: Bundle, seconds: float, directory: Path) -> Row:
    metrics = bundle.manifest.metrics
    held_out = metrics.reconstruction if metrics.measured_on and job.entry.kind == "vae" else None
    quality: Quality | None = metrics.quality if job.entry.kind != "classifier" else None
    return Row(
        dataset=job.planned.name,
        entry=job.entry.name,
        seed=job.seed,
        n_train=sum(card.training_count for card in bundle.manifest.classes),
        n_measured=metrics.n_measured or (quality.n_cases if quality else 0),
        accuracy=metrics.accuracy,
        balanced_accuracy=metrics.balanced_accuracy,
        tstr_ratio=quality.tstr_ratio if quality else None,
        discriminative_score=quality.discriminative_score if quality else None,
        discriminative_floor=quality.discriminative_floor if quality else None,
        nearest_neighbour_ratio=quality.nearest_neighbour_ratio if quality else None,
        membership_attack=quality.membership_attack if quality else None,
        reconstruction=held_out.explained if held_out else None,
        cpu_seconds=round(seconds, 1),
        n_bytes=sum(file.stat().st_size for file in directory.iterdir()),
        ended="",
    )
