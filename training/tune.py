"""`python training/tune.py`: settings are searched on training cases alone, and the best fitted and published."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":  # before what takes seconds to import
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("tune")

from bundle.manifest import check_name
from training import data as datasets
from training.configuration import FitConfiguration
from training.data.partition import split_dataset
from training.ending import REFUSALS, run_command
from training.families import PACKAGES
from training.fit import find_repository, fit_and_publish, parse_arguments, tell_what_was_read
from training.learning.progress import make_progress
from training.learning.working_length import settle_working_length
from training.scale.datasets import list_datasets, run_fits
from training.scale.options import parse_rows
from training.scale.ray_cluster import import_ray
from training.scale.space import apply, build_space, describe_chosen, describe_space, list_defaults
from training.scale.sweep import Sweep, Tried, run_sweep
from training.scale.trial import check_tunable, choose_policy, count_folds
from training.watching.tracking import require_tracker

DESCRIPTION = """\
Search settings of the families on held-out folds of the training cases, with Ray Tune (ASHA), then fit the best to all
training cases and publish it at the quality gate. Takes every flag of `fit` besides these."""

SHOWN = 5
"""Trials whose settings are printed."""


def tune(
    configuration: FitConfiguration, kinds: Sequence[str], spaces: Sequence[str], trials: int, address: str | None
) -> FitConfiguration:
    """The configuration with the settings that the sweep found best. Raises one of `REFUSALS`."""
    dataset = datasets.load_source(configuration)
    tell_what_was_read(dataset.description)
    configuration, _ = settle_working_length(dataset.train.series, configuration)
    learn = split_dataset(dataset, configuration).learn
    check_tunable(learn, configuration)
    sweep = Sweep(
        check_name(configuration.name or dataset.name.lower()),
        learn,
        dataset.sha256,
        configuration,
        choose_policy(configuration, kinds),
        build_space(configuration, kinds, spaces),
        trials,
        count_folds(learn, configuration),
    )
    root = find_repository(configuration.models).resolve().parent / "sweeps"
    found = run_sweep(sweep, root, address, configuration.workers, configuration.track)
    print(describe_found(sweep, found))
    return apply(configuration, found[0].chosen)


def describe_found(sweep: Sweep, found: Sequence[Tried]) -> str:
    """What was searched, and the best trials; the configuration's own settings are marked."""
    defaults = list_defaults(sweep.configuration, sweep.space)
    space = "; ".join(f"{name}: {words}" for name, words in describe_space(sweep.space).items())
    given_up = sum(not one.whole for one in found)
    lines = [f"searched {space}", f"{len(found)} trials, {given_up} given up; by held-out training cases, best first:"]
    for one in [one for one in found if one.whole][:SHOWN]:
        own = " (as set)" if one.chosen == defaults else ""
        report, chosen = one.report, describe_chosen(one.chosen)
        lines.append(f"  nll {report.nll:.4f}, accuracy {report.accuracy:.3f}: {chosen}{own}")
    return "\n".join(lines)


def tune_many(configurations: Sequence[FitConfiguration], given: argparse.Namespace, prog: str) -> int:
    """Search and fit each dataset, all fits side by side; how many were not published."""
    ready: list[FitConfiguration] = []
    failures = 0
    for configuration in configurations:
        try:
            print(f"\n{configuration.data}", flush=True)
            ready.append(_search(configuration, given))
        except REFUSALS as error:
            failures += 1
            print(f"{prog}: {error}", file=sys.stderr)
    for fit in run_fits(ready, given.address, ready[0].workers if ready else 0):
        failures += fit.status != 0
        print(
            f"\n{ready[fit.number].data}: {'published' if fit.status == 0 else 'not published'}\n{fit.said}", flush=True
        )
    return failures


def _search(configuration: FitConfiguration, given: argparse.Namespace) -> FitConfiguration:
    if not given.trials:
        return configuration
    return tune(configuration, given.search, given.space, given.trials, given.address)


def main(arguments: Sequence[str] | None = None, prog: str = "tune.py") -> int:
    """The command line; answers the exit status."""
    given, rest = _build_parser(prog).parse_known_args(arguments)
    return run_command(prog, lambda: _run(given, rest, prog))


def _run(given: argparse.Namespace, rest: list[str], prog: str) -> int:
    configuration = parse_arguments(rest, prog)
    for tracker in configuration.track:
        require_tracker(tracker)
    if given.trials or given.address:
        import_ray("a sweep")
    if given.datasets is not None:
        return 1 if tune_many(list_datasets(given.datasets, configuration), given, prog) else 0
    fit_and_publish(_search(configuration, given), make_progress())
    return 0


def _build_parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog, usage=f"{prog} [OPTIONS] [OPTIONS OF fit]", description=DESCRIPTION, allow_abbrev=False
    )
    parser.add_argument(
        "--trials", type=parse_rows, default=20, help="settings that are tried (default: 20); 0: fit as set"
    )
    parser.add_argument(
        "--search", nargs="+", choices=tuple(PACKAGES), default=["classifier"], metavar="KIND",
        help="families whose options are searched: classifier (default), vae, texture, generator",
    )  # fmt: skip
    parser.add_argument(
        "--space", nargs="+", default=(), metavar="OPTION=…",
        help="search these alone: classifier.learning_rate=1e-4:1e-2 classifier.batch_size=16,32",
    )  # fmt: skip
    parser.add_argument("--datasets", type=Path, metavar="DIR", help="a folder of datasets, each searched and fitted")
    parser.add_argument("--address", help="a cluster of Ray: HOST:PORT, or auto (default: the cores of this machine)")
    return parser
