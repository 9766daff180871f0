"""`seriesmith compare`: bundles by what their manifests say, or every family on the same datasets."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":  # before what takes seconds to import
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("compare")

import tyro

from bundle.errors import NotFound, SeriesmithError
from training.comparing.configuration import FamiliesConfiguration
from training.comparing.manifests import build_rows, describe_datasets, format_rows, read_compared
from training.comparing.rows import FILE
from training.configuration import ConfigurationError
from training.data.cases import DatasetError
from training.evaluation.results import ResultsError

MODELS = Path(__file__).resolve().parents[1] / "models"

USAGE = """\
usage: seriesmith compare NAME[/VERSION] … [--models DIR]     what bundles' manifests say, side by side
       seriesmith compare --out DIR --plan FILE [OPTIONS]     every family on the datasets of a plan
       seriesmith compare --out DIR [OPTIONS] --dataset …     every family on one dataset, read by the flags of fit.py
"""


@dataclass(frozen=True)
class BundlesConfiguration:
    """Print what the manifests of bundles say, side by side."""

    bundles: tyro.conf.Positional[tuple[str, ...]]
    """Bundles, each a name (its latest version) or name/version."""
    models: Path | None = None
    """Repository that they lie in (default: SERIESMITH_MODELS, or the models/ folder of this checkout)."""


def compare_bundles(configuration: BundlesConfiguration) -> None:
    """Print the table. Raises `NotFound` and `BundleError`."""
    models = configuration.models or Path(os.environ.get("SERIESMITH_MODELS") or MODELS)
    compared = read_compared(models, configuration.bundles)
    print(format_rows(build_rows(compared)))
    if differing := describe_datasets(compared):
        print(f"\n{differing}")


def compare_families(configuration: FamiliesConfiguration, flags: Sequence[str]) -> int:
    """Run what is missing, then write table and page; how many fits failed.

    Raises `ConfigurationError` and `DatasetError` for what can be refused before anything is fitted.
    """
    from training.comparing import fits, rendering  # torch, which comparing manifests needs not
    from training.evaluation.processes import run_jobs
    from training.evaluation.results import append

    jobs = rendering.list_jobs(configuration, flags)
    missing = rendering.list_missing(configuration, jobs)
    start, failures = time.perf_counter(), 0
    for number, (job, row) in enumerate(run_jobs(fits.run, missing, configuration.workers), start=1):
        head = f"[{number}/{len(missing)}, {time.perf_counter() - start:.0f} s] {job.planned.name} {job.entry.name}"
        if isinstance(row, Exception):
            failures += 1
            print(f"{head}: failed", file=sys.stderr)
            traceback.print_exception(row)
            continue
        append(configuration.out / FILE, [row])
        print(f"{head}, seed {job.seed}: {row.ended or f'{row.cpu_seconds:.0f} CPU s'}", flush=True)
    print(rendering.render(configuration, jobs))
    return failures


def main(arguments: list[str] | None = None, prog: str = "compare.py") -> int:
    """The command line; answers the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    helps = given in (["-h"], ["--help"])
    if helps:
        print(USAGE)
    try:
        if helps or any(argument == "--out" or argument.startswith("--out=") for argument in given):
            configuration, flags = tyro.cli(FamiliesConfiguration, args=given, prog=prog, return_unknown_args=True)
            return 1 if compare_families(configuration, flags) else 0
        own = tyro.cli(BundlesConfiguration, args=given, prog=prog)
        if not own.bundles:
            raise NotFound(f"no bundle is named, and no --out for families.\n{USAGE}")
        compare_bundles(own)
    except (SeriesmithError, ConfigurationError, DatasetError, ResultsError, OSError) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 2
    return 0
