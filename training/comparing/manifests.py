"""What the manifests of bundles say, side by side, a column each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bundle.errors import BundleError, NotFound
from bundle.evidence import Interval, LatentNeighbours, ShareInterval
from bundle.looking import list_versions
from bundle.manifest import VERSION_PATTERN, Manifest, read_manifest
from bundle.reading import MANIFEST_BYTES, Folder
from bundle.roles import describe_all, list_operations
from bundle.showing import show
from training.figures import describe_cross_validation, describe_few, describe_recall

NOTHING = "–"
MOST_CLASSES = 6
"""Classes whose cases are listed; of more, their number and their sizes are said."""


@dataclass(frozen=True)
class Compared:
    """A bundle to compare: "name/version", its manifest, the format that it was written in and its size on disk."""

    title: str
    manifest: Manifest
    format_version: int
    n_bytes: int


def read_compared(models: Path, names: Sequence[str]) -> list[Compared]:
    """Read the manifests that are named. Raises `NotFound` with those there are, and `BundleError`."""
    there = list_versions(models)
    return [_read_one(models, *_find_version(name, there)) for name in names]


def _find_version(text: str, there: dict[str, list[int]]) -> tuple[str, int]:
    name, slash, version = text.partition("/")
    if name not in there:
        raise NotFound(f"there is no bundle {show(name)}; there is: {describe_all(there)}.")
    if not slash:
        return name, there[name][-1]
    if not re.fullmatch(VERSION_PATTERN, version) or int(version) not in there[name]:
        has = ", ".join(map(str, there[name]))
        raise NotFound(f"bundle {name!r} has no version {show(version)}; it has: {has}.")
    return name, int(version)


def _read_one(models: Path, name: str, version: int) -> Compared:
    title, directory = f"{name}/{version}", models / name / str(version)
    try:
        with Folder(directory) as folder:
            text = folder.read("manifest.json", MANIFEST_BYTES)
        manifest = read_manifest(text)
    except BundleError as error:
        raise BundleError(f"{title}: {error.message}") from error
    n_bytes = sum(file.stat().st_size for file in directory.iterdir())
    return Compared(title, manifest, json.loads(text)["format_version"], n_bytes)


def build_rows(compared: Sequence[Compared]) -> list[tuple[str, ...]]:
    """The rows of the table: the first has the titles, the others a name and a cell for each bundle."""
    return [("", *(one.title for one in compared)), *((name, *map(tell, compared)) for name, tell in ROWS.items())]


def describe_datasets(compared: Sequence[Compared]) -> str | None:
    """Say which bundles were fitted to which data, where it is not the same; None where it is."""
    titles: dict[str, list[str]] = {}
    for one in compared:
        titles.setdefault(one.manifest.provenance.dataset_sha256, []).append(one.title)
    if len(titles) < 2:
        return None
    own = "; ".join(f"{', '.join(dict.fromkeys(some))}: {digest[:12]}…" for digest, some in titles.items())
    return f"The data differs (sha256 of {own}): accuracies of different data do not compare."


def format_rows(rows: Sequence[Sequence[str]]) -> str:
    """The rows as lines, with columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (zip(row, widths, strict=True) for row in rows)
    return "\n".join("  ".join(f"{cell:{width}}" for cell, width in cells).rstrip() for cells in padded)


def _describe_classes(one: Compared) -> str:
    cards = one.manifest.classes
    counts = [card.training_count for card in cards]
    if not one.manifest.labelled:
        return f"{sum(counts)}, unlabelled"
    if len(cards) > MOST_CLASSES:
        return f"{min(counts)} to {max(counts)} in {len(cards)} classes"
    return ", ".join(f"{card.label!s:.20}: {card.training_count}" for card in cards)


def _describe_measured(one: Compared) -> str:
    metrics = one.manifest.metrics
    return NOTHING if metrics.measured_on is None else f"{metrics.n_measured} cases, {metrics.measured_on}"


def _describe_policy(one: Compared) -> str:
    uplift = one.manifest.metrics.uplift
    return NOTHING if uplift is None else uplift.policy


def _describe_uplift(one: Compared) -> str:
    """The evidence for the policy chosen, of the round that was kept."""
    uplift = one.manifest.metrics.uplift
    own = [each for each in uplift.candidates if each.policy == uplift.policy] if uplift else []
    kept = [each.uplift for each in own if uplift and each.round == uplift.rounds]
    return _format_interval(kept[-1] if kept else None)


def _describe_advice(one: Compared) -> str:
    uplift = one.manifest.metrics.uplift
    if uplift is None:
        return NOTHING
    return f"{uplift.advice.policy}: {'use it' if uplift.advice.use else 'not likely to help'}"


def _describe_advised(one: Compared) -> str:
    uplift = one.manifest.metrics.uplift
    return _format_interval(uplift.advice.uplift if uplift else None)


def _describe_judged(one: Compared) -> str:
    quality = one.manifest.metrics.quality
    return NOTHING if quality is None else f"{quality.n_cases} cases, {quality.measured_on}"


def _tell_quality(measure: str) -> Callable[[Compared], str]:
    def tell(one: Compared) -> str:
        value = getattr(one.manifest.metrics.quality, measure, None)
        return NOTHING if value is None else f"{value:.3f}"

    return tell


def _describe_neighbours(judged: LatentNeighbours | None) -> str:
    """Accuracy by the vote of the nearest training codes, and of how many."""
    return NOTHING if judged is None else f"{_format_share(judged.measured)} by {judged.k}"


def _describe_precision(one: Compared) -> str:
    precision = one.manifest.metrics.average_precision
    return NOTHING if precision is None else f"{_format_share(precision.value)} of {precision.label!s:.20}"


def _describe_reconstruction(one: Compared) -> str:
    """The share of variance that is explained, and of what."""
    found = one.manifest.metrics.reconstruction
    return NOTHING if found is None else f"{_format_share(found.explained)}, {found.n_cases} cases, {found.measured_on}"


def _format_share(share: float | None, interval: ShareInterval | None = None) -> str:
    if share is None:
        return NOTHING
    return f"{100 * share:.1f} %" + (f" [{100 * interval.low:.1f}, {100 * interval.high:.1f}]" if interval else "")


def _format_interval(interval: Interval | None) -> str:
    if interval is None:
        return NOTHING
    return f"{interval.mean:+.1f} [{interval.low:+.1f}, {interval.high:+.1f}] points"


ROWS: dict[str, Callable[[Compared], str]] = {
    "format version": lambda one: str(one.format_version),
    "dataset": lambda one: one.manifest.provenance.dataset,
    "cases per class": _describe_classes,
    "accuracy": lambda one: _format_share(one.manifest.metrics.accuracy, one.manifest.metrics.accuracy_interval),
    "cross-validated": lambda one: describe_cross_validation(one.manifest.metrics) or NOTHING,
    "balanced accuracy": lambda one: _format_share(
        one.manifest.metrics.balanced_accuracy, one.manifest.metrics.balanced_interval
    ),
    "recall by class": lambda one: describe_recall(one.manifest.metrics) or NOTHING,
    "few cases": lambda one: describe_few(one.manifest.metrics) or NOTHING,
    "macro F1": lambda one: _format_share(one.manifest.metrics.macro_f1),
    "average precision": _describe_precision,
    "reconstruction": _describe_reconstruction,
    "latent neighbours": lambda one: _describe_neighbours(one.manifest.metrics.latent_neighbours),
    "measured on": _describe_measured,
    "objections": lambda one: " ".join(one.manifest.metrics.objections) or NOTHING,
    "policy": _describe_policy,
    "its uplift": _describe_uplift,
    "advice": _describe_advice,
    "uplift by advice": _describe_advised,
    "discriminative score": _tell_quality("discriminative_score"),
    "tstr ratio": _tell_quality("tstr_ratio"),
    "nearest neighbour ratio": _tell_quality("nearest_neighbour_ratio"),
    "membership attack": _tell_quality("membership_attack"),
    "quality measured on": _describe_judged,
    "fit seconds": lambda one: f"{one.manifest.provenance.fit_seconds:.0f}",
    "size": lambda one: f"{one.n_bytes / 1e6:.1f} MB",
    "can": lambda one: describe_all(list_operations(one.manifest.graphs)),
}
"""The rows by their names."""
