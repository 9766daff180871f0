"""`seriesmith advise`: whether augmentation is likely to help a dataset, in seconds, before anything is trained."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

if __name__ == "__main__":  # before what takes seconds to import
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("advise")

import numpy as np
import tyro

from training import data as datasets
from training.advising.evidence import Evidence, read_evidence
from training.advising.features import compute_features
from training.advising.regimes import (
    NOTABLE,
    REGIMES,
    BaseRate,
    Share,
    compute_base_rate,
    compute_base_rate_beside,
    find_regime,
)
from training.data import Cases, DatasetError
from training.data.source import Source

WIDTH = 100

MEASURED = {"log_cases": "cases", "log_timepoints": "timepoints", "log_channels": "channels", "log_classes": "classes"}
"""Features whose range among the measured datasets is compared with a dataset's own."""


@dataclass(frozen=True)
class AdviseConfiguration(Source):
    """Say whether augmentation is likely to help a labelled dataset, by what it brought to others, without training."""

    what: tyro.conf.Positional[str | None] = None
    """A file, a folder or a dataset's name; flags say how it is read, as for fit."""


@dataclass(frozen=True)
class Described:
    """A dataset to advise on: its features and, in words, what it is and what reading did to it."""

    features: dict[str, float]
    summary: str
    notes: tuple[str, ...]


def describe_dataset(source: Source) -> Described:
    """Read a dataset. Raises `DatasetError` for one without labels or of one class."""
    dataset = datasets.load_source(source)
    labels = _require_classes(dataset.name, dataset.train)
    classes, class_index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    n_cases, n_channels, n_timepoints = dataset.train.series.shape
    sizes = f"{counts.min()} each" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()} each"
    summary = (
        f"{dataset.name}: {n_cases} training cases of {len(classes)} classes ({sizes}), {n_channels} x {n_timepoints} "
        "(channels x timepoints)"
    )
    notes = list(dataset.description.notes)
    if dataset.shape.length_policy != "fixed" or dataset.shape.gap_policy != "refuse":
        notes.append(
            "gaps or unequal lengths were evened out before anything was computed; no dataset measured had any."
        )
    return Described(compute_features(dataset.train.series, class_index), summary, tuple(notes))


def _require_classes(name: str, train: Cases) -> list[str]:
    if train.labels is None:
        raise DatasetError(
            f"{name} has no labels. Whether augmentation helps is a question of a classifier's accuracy: name the "
            "labels with --label, or fit the series unlabelled."
        )
    labels = [str(label) for label in train.labels]
    if len(set(labels)) < 2:
        raise DatasetError(
            f"All {len(labels)} cases of {name} are of class {labels[0]!r}. There is nothing to tell apart, and so "
            "nothing that augmentation could help; give cases of two classes or more."
        )
    return labels


def write_advice(described: Described, evidence: Evidence) -> str:
    """What a data scientist reads."""
    regime = find_regime(described.features)
    own = [one for one in evidence.measurements if find_regime(one.features) == regime]
    rate, beside = compute_base_rate(own), compute_base_rate_beside(evidence.measurements)
    paragraphs = [
        described.summary + ".",
        f"Regime: {regime} ({REGIMES[regime]}).",
        f"{_judge(rate)} In this regime, augmentation as `seriesmith fit` chooses it (--policy auto) brought its "
        f"classifier {_describe_interval(rate)} points of balanced accuracy, mean over {rate.helped.n} datasets [95 % "
        f"interval]. It brought more than {NOTABLE:g} point on {_describe_share(rate.helped)}, and cost as much on "
        f"{_describe_share(rate.hurt)}.",
        _describe_forecast(described, evidence),
        "For a classifier of your own, with synthetic cases merely put beside the real ones: "
        f"{_describe_interval(beside)} points, mean over {beside.helped.n} datasets of every regime; more than "
        f"{NOTABLE:g} on {_describe_share(beside.helped)}.",
        " ".join(_list_reservations(described, evidence)),
        "To find out for this dataset: `seriesmith fit` compares policies by cross-validation on the training cases, "
        "and adds nothing where nothing helps.",
    ]
    return "\n\n".join(textwrap.fill(paragraph, WIDTH, break_on_hyphens=False) for paragraph in paragraphs)


def _judge(rate: BaseRate) -> str:
    """The verdict; that a regime gains on average says little of one dataset where few of them gain."""
    if rate.uplift.high < 0:
        return "Augmentation is likely to hurt."
    if rate.uplift.low <= 0:
        return "Whether augmentation helps is open."
    if rate.helped.count > rate.helped.n / 2:
        return "Augmentation is more likely than not to help."
    return "Augmentation helps datasets like this on average, but most of them by little."


def _describe_forecast(described: Described, evidence: Evidence) -> str:
    points = evidence.predict(described.features)
    errors = (
        f"on datasets left out it is off by {evidence.error:.1f} points on average, the mean of the others by "
        f"{evidence.error_of_mean:.1f}"
    )
    if evidence.is_forecast_better:
        return f"Forecast for this dataset, from catch22, sizes and classes: {points:+.1f} points; {errors}."
    return (
        "There is no forecast for this very dataset to go by. One was fitted to catch22, sizes and classes of "
        f"{len(evidence.datasets)} datasets and says {points:+.1f} points, but {errors}: it is no better than a "
        "constant. Go by the regime."
    )


def _list_reservations(described: Described, evidence: Evidence) -> Iterator[str]:
    yield (
        "Settings were chosen on most of these datasets, with version 0.1, so expect less elsewhere "
        "(docs/evaluation/README.md)."
    )
    for name, words in MEASURED.items():
        known = [one.features[name] for one in evidence.measurements]
        low, high = (round(float(np.exp(bound))) for bound in (min(known), max(known)))
        value = round(float(np.exp(described.features[name])))
        if not low <= value <= high:
            span = f"{low}" if low == high else f"{low} to {high}"
            yield f"Beyond what was measured: this dataset has {value} {words}, those measured had {span}."


def _describe_interval(rate: BaseRate) -> str:
    return f"{rate.uplift.mean:+.1f} [{rate.uplift.low:+.1f}, {rate.uplift.high:+.1f}]"


def _describe_share(share: Share) -> str:
    low, high = share.bounds
    return f"{share.count} of {share.n} (95 % interval {low:.0%} to {high:.0%})"


def choose_source(configuration: AdviseConfiguration) -> Source:
    """The positional argument is data where there is such a file or folder, else a dataset's name."""
    what = configuration.what
    if what is None:
        return configuration
    if configuration.data is not None:
        raise DatasetError(f"Both {what!r} and --data {configuration.data} came. Give one, and a name as --dataset.")
    return replace(configuration, data=Path(what)) if Path(what).exists() else replace(configuration, dataset=what)


def main(arguments: list[str] | None = None, prog: str = "advise.py") -> int:
    """The command line; answers the exit status."""
    try:
        described = describe_dataset(choose_source(tyro.cli(AdviseConfiguration, args=arguments, prog=prog)))
    except (DatasetError, OSError) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 2
    for note in described.notes:
        print(f"note: {note}", file=sys.stderr)
    print(write_advice(described, read_evidence()))
    return 0
