"""How much should `/augment`'s cases weigh? Measured per kind of classifier, on training sets alone.

`python -m training.evaluation.weighing --data FOLDER --rows rows.csv`: half of each training set is learned from, the
other half judges; test sets are never read. As a level says, the half is kept as it is and each class doubled
("doubled"), or one class is made rare and filled to the largest ("balanced", 10 : 1). Every arm of a judge sees the
same cases: without the synthetic ones, and with them at each weight. Balanced accuracy; rows are appended as they come,
and what is there is not measured again.
"""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score

from training import data as datasets
from training.choosing.rocket import Rocket, make_ridge
from training.configuration import FitConfiguration
from training.data.duplicates import group_equal
from training.data.partition import make_training_cases, order_labels
from training.data.split import hold_out
from training.evaluation.statistics import bootstrap_datasets, count_win_tie_loss
from training.evaluation.subsets import Level, choose_kept, qualifies
from training.evaluation.trial import resample_cases
from training.judging.arms import count_added
from training.learning.augmenting import fit_generator, join_cases
from training.learning.cases import TrainingCases
from training.learning.run import start_fabric

WEIGHTS = (0.0, 0.25, 0.5, 1.0)
"""Of a synthetic case, where a real one has 1; 0 stands for none."""

LEVELS = {"doubled": None, "balanced": Level("imbalance", 10)}
COLUMNS = ("dataset", "seed", "level", "judge", "weight", "balanced_accuracy")
TREES = 200


@dataclass(frozen=True)
class Settings:
    """Measure weights of synthetic cases on training sets."""

    data: Path
    """A folder of datasets."""
    rows: Path
    """The CSV that rows are appended to."""
    datasets: tuple[str, ...] = ()
    """Their names (default: all in the folder)."""
    seeds: int = 3
    """Each dataset is halved anew with the seeds 0 … seeds − 1."""


@dataclass(frozen=True)
class Split:
    """Real cases to learn from, cases that neither a maker nor a judge learns from, and how makers are fitted."""

    real: TrainingCases
    judging: TrainingCases
    configuration: FitConfiguration


@dataclass(frozen=True)
class Half:
    """Real cases, synthetic ones of them, and cases that neither the maker nor a judge learns from."""

    real: TrainingCases
    made: TrainingCases
    judging: TrainingCases
    seed: int

    @property
    def grown(self) -> TrainingCases:
        """Real and synthetic cases."""
        return join_cases(self.real, self.made)

    def weigh(self, weight: float) -> np.ndarray:
        """The weight of each of the grown cases, `[n]`."""
        return np.repeat([1.0, weight], [len(self.real.series), len(self.made.series)])


def judge_by_rocket(half: Half) -> Iterator[tuple[float, np.ndarray]]:
    """MiniRocket, its biases fitted to the real cases, and a ridge classifier: yield weights and predictions."""
    rocket = Rocket(half.real.series, half.seed)
    features, asked = rocket(half.grown.series), rocket(half.judging.series)
    for weight in WEIGHTS:
        kept = half.weigh(weight) > 0
        ridge = make_ridge()
        ridge.fit(
            features[kept], half.grown.class_index[kept], ridgeclassifiercv__sample_weight=half.weigh(weight)[kept]
        )
        yield weight, ridge.predict(asked)


def judge_by_forest(half: Half) -> Iterator[tuple[float, np.ndarray]]:
    """A random forest on catch22 (Lubba et al., 2019): yield weights and predictions."""
    from aeon.transformations.collection.feature_based import Catch22

    catch = Catch22(catch24=True, replace_nans=True)
    features, asked = (
        np.asarray(catch.fit_transform(cases.series.astype(np.float64))) for cases in (half.grown, half.judging)
    )
    for weight in WEIGHTS:
        kept = half.weigh(weight) > 0
        forest = RandomForestClassifier(TREES, random_state=half.seed)
        forest.fit(features[kept], half.grown.class_index[kept], sample_weight=half.weigh(weight)[kept])
        yield weight, forest.predict(asked)


def judge_by_neighbour(half: Half) -> Iterator[tuple[float, np.ndarray]]:
    """The nearest case by Euclidean distance, which knows no weights: the weight is the share of the synthetic cases
    that is kept. Yield shares and predictions."""
    kept, asked = (cases.series.reshape(len(cases.series), -1) for cases in (half.grown, half.judging))
    squared = (asked**2).sum(axis=1)[:, None] + (kept**2).sum(axis=1) - 2 * asked @ kept.T
    draw = np.random.default_rng(half.seed).random(len(half.made.series))
    for weight in WEIGHTS:
        out = np.concatenate([np.zeros(len(half.real.series), np.bool_), draw >= weight])
        yield weight, half.grown.class_index[np.where(out, np.inf, squared).argmin(axis=1)]


JUDGES = {
    "MiniRocket + ridge": judge_by_rocket,
    "random forest on catch22": judge_by_forest,
    "1-NN, share kept": judge_by_neighbour,
}


def split_training_set(dataset: datasets.Dataset, level: Level | None, seed: int) -> Split | None:
    """Halve a training set, and keep of one half what the level says; None where it has too few cases for that."""
    configuration = FitConfiguration(seed=seed, device="cpu", workers=1, threads=1)
    whole = resample_cases(dataset.train, configuration.working_timepoints)
    cases = make_training_cases(whole, order_labels(whole.labels))
    first, second = hold_out(whole.labels, group_equal(whole), 0.5, seed, len(whole.series))
    learn = cases.select(first)
    if not qualifies(learn.class_index, level):
        return None
    return Split(learn.select(choose_kept(learn.class_index, level, seed)), cases.select(second), configuration)


def make_half(split: Split, balance: bool, seed: int) -> Half:
    """Augment the real cases as `/augment` does by the policy `latent`, without texture."""
    generator = fit_generator(start_fabric(split.configuration), split.real, split.configuration, textured=False)
    made = generator.make("latent", split.real, count_added(split.real, balance), seed)
    return Half(split.real, made, split.judging, seed)


def measure(half: Half) -> Iterator[tuple[str, ...]]:
    """Yield judge, weight and balanced accuracy, 0 … 1, of each arm."""
    for judge, predict in JUDGES.items():
        for weight, predicted in predict(half):
            yield judge, f"{weight:g}", f"{balanced_accuracy_score(half.judging.class_index, predicted):.5f}"


def read_rows(path: Path) -> list[tuple[str, ...]]:
    """The rows measured so far, without their title."""
    if not path.exists():
        return []
    with path.open(newline="") as opened:
        return [tuple(row) for row in csv.reader(opened)][1:]


def write_table(rows: list[tuple[str, ...]]) -> str:
    """Points of balanced accuracy over none: the mean over datasets of the mean over seeds, its interval, wins."""
    scores = {row[:5]: 100 * float(row[5]) for row in rows}
    lines = ["| level | judge | none | weight | points | better / equal / worse |\n|---|---|---|---|---|---|"]
    for level in LEVELS:
        for judge in JUDGES:
            base = {key[:2]: score for key, score in scores.items() if key[2:] == (level, judge, "0")}
            names = sorted({name for name, _ in base})
            for weight in WEIGHTS[1:]:
                title = (level, judge, f"{weight:g}")
                by_name = [[scores[*key, *title] - base[key] for key in base if key[0] == name] for name in names]
                gains = [float(np.mean(own)) for own in by_name]
                if gains:
                    found, counts = bootstrap_datasets(gains), count_win_tie_loss(gains)
                    points = f"{found.mean:+.2f} [{found.low:.2f}, {found.high:.2f}]"
                    none = f"{np.mean(list(base.values())):.1f}"
                    lines.append(f"| {level} | {judge} | {none} | {weight:g} | {points} | {counts} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure what is missing, and print the table."""
    settings = tyro.cli(Settings, args=arguments)
    names = settings.datasets or tuple(sorted(path.name for path in settings.data.iterdir() if path.is_dir()))
    known = {row[:3] for row in read_rows(settings.rows)}
    wanted = itertools.product(range(settings.seeds), names, LEVELS)
    with settings.rows.open("a", newline="") as opened:
        writer = csv.writer(opened)
        if not opened.tell():
            writer.writerow(COLUMNS)
        for seed, name, level in (one for one in wanted if (one[1], str(one[0]), one[2]) not in known):
            split = split_training_set(datasets.load(dataset=name, data=settings.data), LEVELS[level], seed)
            if split is not None:
                half = make_half(split, LEVELS[level] is not None, seed)
                writer.writerows([name, str(seed), level, *row] for row in measure(half))
                opened.flush()
    print(write_table(read_rows(settings.rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
