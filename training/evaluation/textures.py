"""How to follow the texture's flow, measured on training sets alone: the same fit, followed in several ways.

`python -m training.evaluation.textures rows.csv --data ucr/ --datasets GunPoint ECG200` fits VAE, mixture and texture
to one half of each training set, judges the samples by the other half, and the reverse; no test set is read. Every way
has the same weights and the same noise. A support vector machine judges, and a ridge is what samples have to convince:
both are quick. A run that is stopped goes on where it was.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from training import data as datasets
from training.choosing.folds import Fold, make_folds
from training.configuration import FitConfiguration
from training.data.partition import make_training_cases, order_labels
from training.families.classifiers import ridge
from training.families.textures.flow import EulerTexture, FlowTexture, Settings
from training.learning.augmenting import fit_generator
from training.learning.cases import TrainingCases
from training.learning.generator import Generator
from training.learning.run import start_fabric
from training.quality.discriminative import measure_accuracy_apart
from training.quality.fitted import SYNTHETIC_PER_CASE
from training.quality.judges import DESCRIPTIVE
from training.quality.matched import match_classes, standardise_alike
from training.quality.privacy import attack_membership, compute_nearest_neighbour_ratio
from training.quality.representation import compute_descriptors
from training.quality.statistics import compute_power_spectrum
from training.settings import Bounds

WAYS = {
    "8 Euler steps": Settings(euler_steps=8),
    **{f"{times} evaluations": Settings(evaluations=times) for times in (2, 3, 4)},
}
BANDS = 4
"""Equally many frequencies each, the lowest first."""

DRAWS = 3
"""Samples of each fit, with other noise; measures are means over them."""

MEASURES = (
    "discriminative_score",
    "accuracy_from_samples",
    "nearest_neighbour_ratio",
    "membership_attack",
    *(f"power_{band}" for band in range(1, BANDS + 1)),
)
KEY = ("dataset", "seed", "fold", "way")


@dataclass(frozen=True)
class Plan:
    """Measure ways of following the texture's flow."""

    rows: tyro.conf.Positional[Path]
    """The table, which grows by a row for each fit and way."""
    data: Path
    """A folder of datasets."""
    datasets: tuple[str, ...]
    """Their names."""
    seeds: Annotated[int, Bounds(ge=1)] = 2
    """Fits of each half, each with other weights."""


def follow_otherwise(generator: Generator, way: Settings) -> Generator:
    """The same generator, whose texture is followed in another way."""
    texture = generator.texture
    assert isinstance(texture, FlowTexture), "no other texture is fitted here"
    made = (EulerTexture if way.euler_steps else FlowTexture)(texture.mixer, texture.scale, texture.colour, way)
    return replace(generator, texture=made.eval())


def measure_way(generator: Generator, fold: Fold) -> dict[str, float]:
    """The `MEASURES`, means over draws of three samples for each case kept, by the cases held out."""
    counts = SYNTHETIC_PER_CASE * np.bincount(fold.kept.class_index, minlength=fold.kept.n_classes)
    draws = [_measure_draw(fold, generator.sample(counts, seed), seed) for seed in range(DRAWS)]
    accuracy, *others = np.mean(draws, axis=0).tolist()
    return dict(zip(MEASURES, [abs(accuracy - 0.5), *others], strict=True))


def _measure_draw(fold: Fold, made: TrainingCases, seed: int) -> list[float]:
    """The accuracy of telling samples from cases, in place of the score, and the other measures; NaN for none."""
    kept, held_out, made = standardise_alike(fold.kept, fold.held_out, made)
    random = np.random.default_rng(seed)
    inside, outside, part = match_classes([kept, held_out, made], random)
    accuracy = measure_accuracy_apart(part.series, outside.series, DESCRIPTIVE, seed)
    judge = DESCRIPTIVE.classifier().fit(compute_descriptors(made.series), made.class_index)
    correct = judge.predict(compute_descriptors(held_out.series)) == held_out.class_index
    ratio = compute_nearest_neighbour_ratio(kept.series, held_out.series, made.series)
    attack = attack_membership(inside, outside, made, random)
    known = [np.nan if value is None else value for value in (ratio, attack)]
    return [accuracy, float(correct.mean()), *known, *compute_power_ratios(made, held_out)]


def compute_power_ratios(made: TrainingCases, real: TrainingCases) -> list[float]:
    """Power of made over that of real series in each of the `BANDS`, mean over the channels."""
    power = [compute_power_spectrum(cases.series).mean(axis=0) for cases in (made, real)]
    bands = zip(*(np.array_split(of, BANDS, axis=1) for of in power), strict=True)
    return [float((one.sum(axis=1) / other.sum(axis=1)).mean()) for one, other in bands]


def measure_all(plan: Plan, done: set[tuple[str, ...]]) -> Iterator[dict[str, str | float]]:
    """A row for each dataset, seed, fold and way that is not `done`."""
    for name in plan.datasets:
        train = datasets.load(dataset=name, data=plan.data).train
        labels = order_labels(train.labels)
        cases = make_training_cases(train, labels)
        for seed in range(plan.seeds):
            configuration = FitConfiguration(
                seed=seed, folds=2, device="cpu", workers=1, texture=Settings(), classifier=ridge.Settings()
            )
            for number, fold in enumerate(make_folds(train, cases, configuration)):
                keys = {way: (name, str(seed), str(number), way) for way in WAYS}
                if all(key in done for key in keys.values()):
                    continue
                generator = fit_generator(start_fabric(configuration), fold.kept, configuration)
                for way, key in keys.items():
                    if key not in done:
                        other = follow_otherwise(generator, WAYS[way])
                        yield dict(zip(KEY, key, strict=True)) | measure_way(other, fold)


def write_table(rows: list[dict[str, str]]) -> str:
    """A Markdown table: of each way the mean over the datasets of their means."""
    lines = [f"| way | {' | '.join(MEASURES)} |", "|---" * (len(MEASURES) + 1) + "|"]
    values: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    for row in rows:
        values[row["way"], row["dataset"]].append([float(row[name]) for name in MEASURES])
    names = list(dict.fromkeys(row["dataset"] for row in rows))
    for way in WAYS:
        means = [np.nanmean(values[way, name], axis=0) for name in names if (way, name) in values]
        if means:
            lines.append(f"| {way} | {' | '.join(f'{mean:.3f}' for mean in np.nanmean(means, axis=0))} |")
    return "\n".join([*lines, "", f"{len(rows)} rows of {', '.join(names)}"])


def main(arguments: list[str] | None = None) -> int:
    """Measure what is missing, and print the table."""
    plan = tyro.cli(Plan, args=arguments)
    known = read_rows(plan.rows)
    with plan.rows.open("a", newline="") as opened:
        writer = csv.DictWriter(opened, [*KEY, *MEASURES])
        if not known:
            writer.writeheader()
        for row in measure_all(plan, {tuple(of[name] for name in KEY) for of in known}):
            writer.writerow(row)
            opened.flush()
    print(write_table(read_rows(plan.rows)))
    return 0


def read_rows(file: Path) -> list[dict[str, str]]:
    """The rows of a table; none where there is no file yet."""
    if not file.exists():
        return []
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


if __name__ == "__main__":
    sys.exit(main())
