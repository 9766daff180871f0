"""`python training/fit.py`: a labelled time-series dataset becomes a published bundle."""

from __future__ import annotations

import logging
import os
import sys
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import NoReturn

if __name__ == "__main__":  # before what takes seconds to import
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("fit")

import tyro

from bundle.engine.bundle import Bundle
from bundle.manifest import check_name, read_manifest
from bundle.publish import publish
from bundle.registry.address import hide_password, is_url
from bundle.repository import SHIPPED, list_versions
from bundle.signing import make_signer
from training import data as datasets
from training.command_line import choose_families, describe_families
from training.configuration import WATCHING, ConfigurationError, FitConfiguration
from training.data.duplicates import describe, find_duplicates
from training.data.partition import Partition, split_dataset
from training.door import check_fit
from training.ending import REFUSALS, explain, run_command
from training.export.bundling import Origin, make_manifest_maker, pack
from training.fitting import Fitted, fit
from training.generator_options import choose_options, describe_generators, find_value
from training.learning import checkpoints
from training.learning.clustering import label_by_clusters
from training.learning.progress import make_progress
from training.learning.run import start_fabric
from training.learning.sharing import SharedWatcher, share_watcher
from training.learning.watcher import UNWATCHED, Watcher
from training.learning.working_length import settle_working_length
from training.pretraining import describe_measured, load_pretraining
from training.publishing.aside import Withheld, keep_aside, remove_aside
from training.publishing.elsewhere import join_registry, push_published
from training.publishing.gate import judge
from training.publishing.predecessor import find_served
from training.quality.fitted import measure
from training.report import report_inputs, sample, write_report
from training.report.table import write_summary
from training.watching.opening import begin_watching, open_viewers
from training.watching.viewer import Several

logger = logging.getLogger(__name__)

ANEW = ("device", "devices", "threads", "precision", "report", "resume", "push_to", "signing_key", "force", *WATCHING)
"""Settings that a refit of every bundle may set anew."""


def fit_and_publish(configuration: FitConfiguration, watcher: Watcher = UNWATCHED) -> Path | None:
    """Learn one dataset and publish its bundle; the bundle's directory (None on all devices but the first).

    `watcher` is told of every stage, also of those that run in processes of their own. A fit that was killed goes on
    from its checkpoints. Raises one of `REFUSALS`, `OSError`, or `Cancelled` where the watcher does, and then nothing
    is published; `Withheld`, one of them, for a fit that is complete and should not be served.
    """
    reports = find_reports(find_repository(configuration.models))
    with open_viewers(configuration, watcher, reports) as several, share_watcher(several) as shared:
        return _fit_and_publish(configuration, several, shared)


def _fit_and_publish(configuration: FitConfiguration, several: Several, shared: SharedWatcher) -> Path | None:
    start = time.perf_counter()
    fabric = start_fabric(configuration, shared)
    dataset = datasets.load_source(configuration)
    tell_what_was_read(dataset.description)
    unlabelled = load_pretraining(dataset, configuration)
    for note in () if unlabelled is None else unlabelled.notes:
        print(f"note: {note}", file=sys.stderr)
    configuration, said = settle_working_length(dataset.train.series, configuration)
    if said:
        print(f"note: {said}", file=sys.stderr)
    name = check_name(configuration.name or dataset.name.lower())
    root = find_repository(configuration.models)
    registry = None if configuration.push_to is None else join_registry(configuration.push_to, name, root)
    sign = None if configuration.signing_key is None else make_signer(configuration.signing_key)
    folder = checkpoints.find_folder(root, name, configuration, dataset.sha256)
    if configuration.devices == 1:
        tell_what_is_kept(checkpoints.open_folder(folder, configuration.resume))
        configuration = replace(configuration, checkpoints=folder)
    try:
        parts = split_dataset(dataset, configuration)
        if configuration.clusters is not None:
            parts = label_by_clusters(fabric, parts, configuration)
        check_fit(dataset.name, parts.learn, configuration)
        duplicates = find_duplicates(dataset)
        for sentence in (*describe(duplicates), *describe_measured(unlabelled, parts.measure)):
            print(f"warning: {sentence}", file=sys.stderr)
        is_watched = several.viewers and fabric.is_global_zero
        watcher = begin_watching(several, shared, dataset, parts, configuration) if is_watched else shared
        fitted = fit(fabric, parts.learn, configuration, watcher, unlabelled)
        if not fabric.is_global_zero:
            return None
        packed = pack(fitted, configuration)
        metrics = measure(fitted, parts, configuration).model_copy(update={"duplicates": duplicates})
        metrics = judge(metrics, fitted, parts, find_served(root, name), dataset.sha256)
        origin = Origin(dataset.name, dataset.sha256, dataset.shape, configuration, time.perf_counter() - start)
        maker = several.announce(make_manifest_maker(name, fitted, packed, metrics, origin))
    except REFUSALS:
        checkpoints.remove_folder(folder)  # it would end so again
        raise
    if metrics.objections and not configuration.force:
        withhold(keep_aside(root, name, packed.files, maker, sign, metrics.objections), packed.n_bytes)
    directory = publish(root, name, packed.files, maker, sign)  # a full disk leaves the checkpoints
    checkpoints.remove_folder(folder)
    remove_aside(root, name)
    manifest = read_manifest((directory / "manifest.json").read_bytes())
    several.end_fit(manifest, report_directory(directory))
    report = report_fit(fitted, parts, directory, configuration.seed) if configuration.report else None
    print(write_summary(manifest, packed.n_bytes, directory, report))
    if registry is not None:
        print(push_published(registry, directory))
    return directory


def tell_what_was_read(description: datasets.Description) -> None:
    """Say in one line what the dataset is, and in one line each what reading did to it."""
    for line in (f"read: {description.read}", *(f"note: {note}" for note in description.notes)):
        print(line.encode(errors="backslashreplace").decode(), file=sys.stderr)  # a path may hold half a character


def tell_what_is_kept(kept: checkpoints.Kept) -> None:
    """Say that a fit goes on where it was stopped, if it does."""
    if kept.finished or kept.begun:
        print(
            f"going on with the fit that was stopped: {kept.finished} training loops were finished, {kept.begun} half "
            "done (--no-resume begins anew)",
            file=sys.stderr,
        )


def withhold(aside: Path, n_bytes: int) -> NoReturn:
    """Print what was kept `aside`, and raise `Withheld`. Its checkpoints stay, so that --force goes on from them."""
    manifest = read_manifest((aside / "manifest.json").read_bytes())
    print(write_summary(manifest, n_bytes, aside))
    raise Withheld(manifest.name, manifest.metrics.objections, aside)


def report_fit(fitted: Fitted, parts: Partition, directory: Path, seed: int) -> Path | str:
    """Write the report of the bundle at `directory`; its file, or why there is none: the bundle stands without it."""
    try:
        bundle = Bundle.load(directory)
        inputs = report_inputs(fitted, parts, bundle.manifest, sample(bundle, seed))
        return write_report(inputs, report_directory(directory))
    except Exception as error:
        if explain(error) is None:
            logger.exception("a bug kept the report from being written")
        return f"not written: {error or type(error).__name__}"


def report_directory(bundle: Path) -> Path:
    """`reports/<name>/<version>` beside the repository that `bundle`, `<repository>/<name>/<version>`, is in."""
    return find_reports(bundle.resolve().parents[1]).joinpath(*bundle.resolve().parts[-2:])


def find_reports(repository: Path) -> Path:
    """The folder of all reports, beside a repository."""
    return repository.resolve().parent / "reports"


def refit_all(configuration: FitConfiguration, watcher: Watcher = UNWATCHED) -> int:
    """Fit every bundle of the repository again from its newest manifest's configuration; how many failed.

    Where and how to run may be set anew. Raises `ConfigurationError` for anything else: it would change what is fitted.
    """
    default = FitConfiguration()
    given = {own.name for own in fields(default) if getattr(configuration, own.name) != getattr(default, own.name)}
    if surplus := given - {"models", *ANEW}:
        raise ConfigurationError(
            f"without --dataset or --data every bundle is fitted again as it was; {', '.join(sorted(surplus))} would "
            "change that. Name the dataset too."
        )
    anew = {name: getattr(configuration, name) for name in given & set(ANEW)}
    failures = 0
    root = find_repository(configuration.models)
    for name, versions in list_versions(root).items():
        print(f"\n{name}: fitting again", flush=True)
        try:
            fit_and_publish(replace(read_configuration(root, name, versions[-1]), **anew), watcher)
        except REFUSALS as error:
            failures += 1
            print(f"{name}: {'' if isinstance(error, Withheld) else 'not fitted: '}{error}", file=sys.stderr)
    return failures


def read_configuration(root: Path, name: str, version: int) -> FitConfiguration:
    """The configuration that a bundle was fitted with, to publish to `root` under its own name."""
    manifest = read_manifest((root / name / str(version) / "manifest.json").read_bytes())
    return replace(FitConfiguration.from_record(manifest.provenance.configuration, root), name=name)


def find_repository(models: Path | None) -> Path:
    """--models, else SERIESMITH_MODELS, else this checkout's models/. Raises `ConfigurationError` for a URL."""
    text = str(models or os.environ.get("SERIESMITH_MODELS") or SHIPPED)
    if is_url(text.replace(":/", "://", 1)):  # a path has lost a slash
        raise ConfigurationError(
            f"Fits publish to a folder, and the repository is {hide_password(text)}. Give a folder with --models, and "
            "the URL with --push-to."
        )
    return Path(text)


def parse_arguments(arguments: list[str], prog: str = "fit.py") -> FitConfiguration:
    """The configuration that a command line asks for. Raises `ConfigurationError`; `--help` and nonsense end here."""
    default, left = choose_families(arguments)
    dataset = None if find_value("--data", left) else find_value("--dataset", left)
    of_family = [own.name for own in fields(default.generator)]
    default = replace(default, generated=choose_options(dataset, left, of_family))
    description = f"{FitConfiguration.__doc__}\n\n{describe_families(default)} {describe_generators()}"
    return tyro.cli(FitConfiguration, default=default, args=left, prog=prog, description=description)


def main(arguments: list[str] | None = None, prog: str = "fit.py") -> int:
    """The command line; answers the exit status."""
    return run_command(prog, lambda: _run(sys.argv[1:] if arguments is None else arguments, prog))


def _run(arguments: list[str], prog: str) -> int:
    configuration = parse_arguments(arguments, prog)
    if configuration.dataset is None and configuration.data is None:
        return 1 if refit_all(configuration, make_progress()) else 0
    fit_and_publish(configuration, make_progress())
    return 0
