"""`python training/evaluate.py`: what each policy brings, over many datasets, paired, resumed where it was stopped."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

if __name__ == "__main__":  # before what takes seconds to import
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("evaluate")

import tyro

from training import data as datasets
from training.command_line import choose_families, describe_families
from training.configuration import ConfigurationError, FitConfiguration
from training.data import Source
from training.data.partition import make_training_cases, order_labels
from training.evaluation import judges, policies
from training.evaluation.jobs import Job, Outcome, list_arms, run
from training.evaluation.processes import run_jobs
from training.evaluation.reporting import find_folder, render
from training.evaluation.results import CHOICES, FILE, QUALITY, Choice, Measured, ResultsError, Row, append, read
from training.evaluation.subsets import NAMED, SIZES, Curve, Level, list_levels, qualifies

OWN = (
    *(field.name for field in fields(Source)),
    "name",
    "models",
    "seed",
    "start_from",
    "pretrain",
    "workers",
    "threads",
    "policy",
    "report",
)
"""Fields of a fit that a job sets for itself."""


@dataclass(frozen=True)
class EvaluateConfiguration:
    """Measure policies on datasets' own test sets, against the same training without. Run again, it goes on."""

    data: Path
    """A folder with a subfolder <name>/<name>_TRAIN.tsv, and _TEST, for each dataset."""
    out: Path
    """Folder of results.csv, choices.csv, table.md and the plots."""
    datasets: tuple[str, ...] = ()
    """Names (default: all found; for a curve those of its eight that are found)."""
    seeds: int = 3
    """Each dataset is measured with the seeds 0 … seeds − 1."""
    policies: tuple[str, ...] = ()
    """What to measure (default: everything)."""
    judges: tuple[str, ...] = ()
    """Who measures (default: everybody)."""
    curve: Curve | None = None
    """Measure along a curve of smaller training sets instead, a folder for each level."""
    sizes: tuple[int, ...] = ()
    """The curve's levels: cases per class, or of other classes for one of the rare (default: 2, 5, 10 and 20)."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Processes, one thread each."""
    fit: FitConfiguration = field(default_factory=FitConfiguration)
    """Hyperparameters, the same for every policy."""

    def __post_init__(self) -> None:
        _refuse_unknown("--policies", self.policies, policies.list_known())
        _refuse_unknown("--judges", self.judges, judges.list_known())
        if unknown := [size for size in self.sizes if self.curve is None or size not in SIZES[self.curve]]:
            known = f"of {', '.join(map(str, SIZES[self.curve]))}" if self.curve else "left out without --curve"
            raise ConfigurationError(f"--sizes has {unknown[0]}; it must be {known}.")
        for name in ("seeds", "workers"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"--{name} is {getattr(self, name)}; it must be at least 1.")
        default = {own.name: own.default for own in fields(FitConfiguration)}
        if given := [name for name in default if name in OWN and getattr(self.fit, name) != default[name]]:
            raise ConfigurationError(f"--fit.{given[0].replace('_', '-')} is set by each job; leave it out.")


def _refuse_unknown(flag: str, given: Sequence[str], known: Sequence[str]) -> None:
    if unknown := [name for name in given if name not in known]:
        raise ConfigurationError(f"{flag} has no {unknown[0]!r}; it may hold: {', '.join(known)}.")


def evaluate(configuration: EvaluateConfiguration) -> int:
    """Run what is missing, then render; how many jobs failed. What it refuses, it refuses before it runs anything."""
    missing = list_jobs(configuration)
    failures = _run(configuration, missing) if missing else 0
    for table in render(configuration.out, list_levels(configuration.curve)):
        print(table)
    return failures


def list_jobs(configuration: EvaluateConfiguration) -> list[Job]:
    """The jobs with an arm that has no row yet, those with most training cases first; says which levels fit which."""
    names = configuration.datasets or find_datasets(configuration.data, configuration.curve)
    wanted = list_arms(configuration.judges or judges.list_known(), configuration.policies or policies.list_known())
    done = {
        level: _list_done(configuration.out, level) for level in list_levels(configuration.curve, configuration.sizes)
    }
    ordered: list[tuple[int, Job]] = []
    for name in names:
        learn = datasets.load(name, configuration.data).train
        class_index = make_training_cases(learn, order_labels(learn.labels)).class_index
        fitting = [level for level in done if qualifies(class_index, level)]
        if configuration.curve:
            print(f"{name}: {', '.join(level.name for level in fitting if level) or 'too few cases for any level'}")
        for level in fitting:
            for seed in range(configuration.seeds):
                left = tuple(arm for arm in wanted if (name, seed, *arm) not in done[level])
                job = Job(name, configuration.data, seed, level, left, configuration.fit)
                ordered += [(len(learn.series), job)] if left else []
    return [job for _, job in sorted(ordered, key=lambda pair: (pair[1].seed, -pair[0]))]


def find_datasets(data: Path, curve: Curve | None) -> tuple[str, ...]:
    """The datasets in a folder, by name. Raises `DatasetError` where there is none."""
    names = sorted(path.parent.name for path in data.glob("*/*_TRAIN.*") if path.stem == f"{path.parent.name}_TRAIN")
    names = [name for name in names if curve is None or name in NAMED]
    if not names:
        raise datasets.DatasetError(
            f"{data} holds no dataset <name>/<name>_TRAIN.<suffix>{' of ' + ', '.join(NAMED) if curve else ''}. Give "
            "another --data, or name the --datasets."
        )
    return tuple(names)


def _list_done(out: Path, level: Level | None) -> set[tuple[str, int, str, str]]:
    return {(row.dataset, row.seed, row.judge, row.policy) for row in read(find_folder(out, level) / FILE, Row)}


def _run(configuration: EvaluateConfiguration, missing: Sequence[Job]) -> int:
    """Run the jobs and write each outcome as it comes; how many failed, in whole or in part."""
    start, failures = time.perf_counter(), 0
    for number, (job, outcome) in enumerate(run_jobs(run, missing, configuration.workers), start=1):
        where = f"{job.dataset} {job.level.name + ' ' if job.level else ''}seed {job.seed}"
        head = f"[{number}/{len(missing)}, {time.perf_counter() - start:.0f} s] {where}"
        if isinstance(outcome, Outcome):
            _keep(find_folder(configuration.out, job.level), outcome)
            print(f"{head}: {len(outcome.rows)} rows in {outcome.seconds:.1f} s", flush=True)
            failures += bool(outcome.failed)
            for (judge, policy), why in outcome.failed.items():
                print(f"{head}: {policy}, judged by {judge}, failed\n{why}", file=sys.stderr)
        else:
            failures += 1
            print(f"{head}: failed", file=sys.stderr)
            traceback.print_exception(outcome)
    return failures


def _keep(folder: Path, outcome: Outcome) -> None:
    """The choice first: what has its rows is not run again."""
    choice = outcome.choice
    chosen = {(kept.dataset, kept.seed) for kept in read(folder / CHOICES, Choice)}
    if choice and (choice.dataset, choice.seed) not in chosen:
        append(folder / CHOICES, [choice])
    known = {(kept.dataset, kept.seed, kept.operation) for kept in read(folder / QUALITY, Measured)}
    new = [row for row in outcome.measured if (row.dataset, row.seed, row.operation) not in known]
    append(folder / QUALITY, new)
    append(folder / FILE, outcome.rows)


def parse_arguments(arguments: list[str], prog: str = "evaluate.py") -> EvaluateConfiguration:
    """The configuration that a command line asks for. Raises `ConfigurationError`; `--help` and nonsense end here."""
    fit, left = choose_families(arguments, "fit.")
    default = EvaluateConfiguration(data=tyro.MISSING, out=tyro.MISSING, fit=fit)
    description = f"{EvaluateConfiguration.__doc__}\n\n{describe_families(fit)}"
    return tyro.cli(EvaluateConfiguration, default=default, args=left, prog=prog, description=description)


def main(arguments: list[str] | None = None, prog: str = "evaluate.py") -> int:
    """The command line; answers the exit status."""
    try:
        return 1 if evaluate(parse_arguments(sys.argv[1:] if arguments is None else arguments, prog)) else 0
    except (datasets.DatasetError, ConfigurationError, ResultsError) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 2
