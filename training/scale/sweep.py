"""A sweep tries settings on Ray, gives up early on those that fall behind, and goes on where it was stopped."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from bundle.generation.policy import PolicyName
from training.configuration import FitConfiguration
from training.data import Cases
from training.learning.loop import TrainingError
from training.scale.jobs import compute_digest
from training.scale.ray_cluster import join_cluster
from training.scale.space import Domain, OneOf, Plain, Space, apply, describe_space, list_defaults
from training.scale.trial import LOOKS, Report, run_trial
from training.settings import ConfigurationError

REDUCTION = 3
"""At each rung the best third goes on (ASHA; Li et al., 2020)."""

FIRST_RUNG = LOOKS // 2
"""Reports before a trial may be given up: half of its first fold."""

RETRIES = 3
"""How often a trial is begun anew whose worker was lost."""

ASTRAY = 1e9
"""The negative log-likelihood of a trial whose training diverged."""


@dataclass(frozen=True)
class Sweep:
    """What is tried: `trials` settings drawn from `space`, the first of them the configuration's own.

    learn: the training cases; sha256: of the dataset they come from; n_folds: how many of them are held out in turn.
    """

    name: str
    learn: Cases
    sha256: str
    configuration: FitConfiguration
    policy: PolicyName
    space: Space
    trials: int
    n_folds: int

    @property
    def last_progress(self) -> int:
        """The progress of a trial that was not given up."""
        return LOOKS * self.n_folds

    def find_folder(self, root: Path) -> Path:
        """Where Ray keeps the sweep, below `root`: equal sweeps lie in one place, and any other elsewhere."""
        facts = {
            "configuration": self.configuration.record(),
            "dataset_sha256": self.sha256,
            "policy": self.policy,
            "space": describe_space(self.space),
            "trials": self.trials,
        }
        return root.resolve() / f"{self.name}-{compute_digest(facts)[:12]}"


@dataclass(frozen=True)
class Tried:
    """Settings that were tried, and the last report of them; `whole` says that they were not given up."""

    chosen: dict[str, Plain]
    report: Report
    whole: bool


def run_sweep(
    sweep: Sweep, root: Path, address: str | None = None, workers: int = 0, trackers: tuple[str, ...] = ()
) -> list[Tried]:
    """All trials, the best first; those that were given up come last. A sweep that was stopped goes on.

    It runs on the cluster at `address`, else on `workers` cores of this machine, 0: all. `trackers` are told of each
    trial, and keep it beside `root`. Raises `ConfigurationError` where Ray is not installed, no cluster answers, or no
    trial came to its end.
    """
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")  # its tables would come between our lines
    join_cluster(address, "a sweep", workers)
    from ray import tune

    folder = sweep.find_folder(root)
    if tune.Tuner.can_restore(str(folder)):
        print(f"going on with the sweep in {folder}", file=sys.stderr)
        tuner = tune.Tuner.restore(str(folder), trainable=_make_trainable(tune, sweep), restart_errored=True)
    else:
        tuner = _make_tuner(tune, sweep, folder, trackers)
    results = [(result.config or {}, result.metrics) for result in tuner.fit()]
    tried = [_read_result(chosen, metrics, sweep) for chosen, metrics in results if metrics and "nll" in metrics]
    found = sorted(tried, key=lambda one: (not one.whole, one.report.nll))
    if not found or not found[0].whole or found[0].report.nll >= ASTRAY:
        raise ConfigurationError(f"no trial of the sweep came to its end; {folder} holds what each of them said.")
    return found


def _make_tuner(tune: ModuleType, sweep: Sweep, folder: Path, trackers: tuple[str, ...]) -> Any:
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.basic_variant import BasicVariantGenerator

    from training.scale.telling import Teller  # it derives from a class of Ray's

    defaults = list_defaults(sweep.configuration, sweep.space)
    asha = ASHAScheduler(
        time_attr="progress", max_t=sweep.last_progress, grace_period=FIRST_RUNG, reduction_factor=REDUCTION
    )
    draw = BasicVariantGenerator(points_to_evaluate=[defaults], random_state=sweep.configuration.seed)
    return tune.Tuner(
        _make_trainable(tune, sweep),
        param_space={name: _make_domain(tune, domain) for name, domain in sweep.space.items()},
        tune_config=tune.TuneConfig(
            metric="nll", mode="min", scheduler=asha, search_alg=draw, num_samples=sweep.trials
        ),
        run_config=tune.RunConfig(
            name=folder.name,
            storage_path=str(folder.parent),
            failure_config=tune.FailureConfig(max_failures=RETRIES),
            callbacks=[Teller(sweep.name, trackers, folder.parent.parent / "tracking", sweep.trials)],
            verbose=0,
        ),
    )


def _make_trainable(tune: ModuleType, sweep: Sweep) -> Any:
    settings = replace(sweep.configuration, workers=1, live=False, animate=False, track=(), events=None)
    resources = {"cpu": 1, "gpu": int(settings.device == "cuda")}
    whole = tune.with_parameters(_try, sweep=replace(sweep, configuration=settings))
    return tune.with_resources(whole, resources)


def _try(chosen: Mapping[str, Plain], sweep: Sweep) -> None:
    from ray import tune

    def tell(report: Report) -> None:
        tune.report({"progress": report.progress, "nll": report.nll, "accuracy": report.accuracy})

    try:
        run_trial(sweep.learn, apply(sweep.configuration, chosen), sweep.policy, tell)
    except (TrainingError, ConfigurationError):  # it diverged, or its options do not go together
        tell(Report(sweep.last_progress, ASTRAY, 0.0))


def _make_domain(tune: ModuleType, domain: Domain) -> Any:
    if isinstance(domain, OneOf):
        return tune.choice(list(domain.values))
    if domain.is_whole:
        draw = tune.lograndint if domain.by_ratio else tune.randint
        return draw(int(domain.low), int(domain.high) + 1)
    return (tune.loguniform if domain.by_ratio else tune.uniform)(domain.low, domain.high)


def _read_result(chosen: Mapping[str, Plain], metrics: Mapping[str, Any], sweep: Sweep) -> Tried:
    report = Report(metrics["progress"], metrics["nll"], metrics["accuracy"])
    return Tried(dict(chosen), report, report.progress == sweep.last_progress)
