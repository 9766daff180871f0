"""Which added cases help classifiers that are not ours? Measured on training sets alone, beside what is free.

`python -m training.evaluation.making --data FOLDER --rows rows.csv`: half of each training set is learned from, the
other half judges; test sets are never read. One class of the half is made rare (10 : 1) and filled to the largest, or
each class is doubled. Every way adds as many cases, to the same real ones, for the same judges; balanced accuracy, and
for each way how near its cases lie to the real ones. Rows are appended as they come; what is there is not measured
again.
"""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np
import tyro
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score

from bundle.evidence import JudgeKind
from bundle.generation.mixture import MixtureParameters
from bundle.generation.policy import PolicyName
from training import data as datasets
from training.evaluation.statistics import bootstrap_datasets, count_win_tie_loss
from training.evaluation.weighing import LEVELS, Split, read_rows, split_training_set
from training.judging.arms import Arm, count_added, make_arms
from training.judging.kinds import Bench, import_kind
from training.learning.augmenting import fit_generator
from training.learning.cases import TrainingCases
from training.learning.generator import Generator
from training.learning.run import start_fabric
from training.quality.matched import match_classes, standardise_alike
from training.quality.privacy import attack_membership, compute_nearest_neighbour_ratio

KINDS: tuple[JudgeKind, ...] = ("random_convolutions", "nearest_neighbours", "features_and_trees")
POLICIES: tuple[PolicyName, ...] = ("latent", "interpolation", "warps", "guided", "latent+warps")
WIDTHS = (0.25, 0.5, 0.75)
"""Of a kernel, over the deviation of its class."""

SOFTENED: tuple[PolicyName, ...] = ("latent", "latent+warps")
TRUSTS = (0.5, 1.0)
"""In the classifier, over the class asked for, where labels are soft."""

TEXTURED = ("mixture", *(f"kernels of {width:g}" for width in WIDTHS))
"""Ways that need a texture; the others move given cases, which keep their own."""

POOL = 8
"""Cases made for each that a selection keeps."""

COLUMNS = ("dataset", "seed", "level", "way", "judge", "value")
PRIVACY = ("nearest-neighbour ratio", "attack")


@dataclass(frozen=True)
class Settings:
    """Compare ways of making cases on training sets."""

    data: Path
    """A folder of datasets."""
    rows: Path
    """The CSV that rows are appended to."""
    datasets: tuple[str, ...] = ()
    """Their names (default: all in the folder)."""
    seeds: int = 2
    """Each dataset is halved anew with the seeds 0 … seeds − 1."""
    ways: tuple[str, ...] = ()
    """What to compare with none, by the names in the table (default: every way)."""
    kinds: tuple[JudgeKind, ...] = KINDS
    """Who judges."""


def spread_kernels(
    latent: NDArray[np.float64], class_index: NDArray[np.int64], n_classes: int, width: float
) -> MixtureParameters:
    """A kernel density of codes `[n, latent_dim]` as a mixture of one component a code.

    A code is drawn towards the mean of its class and its kernel is `width` of the class's covariance, so that mean and
    covariance stay (West, 1993): of width 0 are the codes themselves, of width 1 one Gaussian a class. The covariance
    leans on the other classes' as far as cases are fewer than axes.
    """
    counts = np.bincount(class_index, minlength=n_classes)
    means = np.stack([latent[class_index == index].sum(axis=0) for index in range(n_classes)])
    means /= np.maximum(counts, 1)[:, None]
    centred = latent - means[class_index]
    pooled = centred.T @ centred / max(1, len(latent) - n_classes) + 1e-6 * np.eye(latent.shape[1])
    weights = np.zeros((n_classes, counts.max()))
    centres = np.repeat(means[:, None], counts.max(), axis=1)
    covariances = np.empty((*centres.shape, latent.shape[1]))
    for index, count in enumerate(counts):
        own = centred[class_index == index]
        leaning = (own.T @ own + latent.shape[1] * pooled) / (count + latent.shape[1])
        weights[index, :count] = 1 / max(count, 1)
        centres[index, :count] += np.sqrt(1 - width**2) * own
        covariances[index] = width**2 * leaning
    return MixtureParameters(weights, centres, covariances)


def select_cases(maker: Generator, real: TrainingCases, counts: np.ndarray, seed: int, by: str) -> TrainingCases:
    """Of POOL times as many cases of the policy latent, those with the least margin between their class and the next
    ("hard"), or each furthest, in latent codes, from the real ones and those taken before it ("diverse")."""
    pool = maker.make("latent", real, POOL * counts, seed)
    chosen = []
    for index in np.flatnonzero(counts):
        own = np.flatnonzero(pool.class_index == index)
        if by == "hard":
            chances = maker.model.screen(pool.series[own])
            margin = chances[:, index] - np.delete(chances, index, axis=1).max(axis=1)
            ranks = np.argsort(np.where(margin > 0, margin, np.inf))[: counts[index]]
        else:
            codes = maker.model.encode(pool.series[own])[0]
            known = maker.model.encode(real.series[real.class_index == index])[0]
            ranks = _take_furthest(codes, known, int(counts[index]))
        chosen.append(own[ranks])
    return pool.select(np.concatenate(chosen))


def _take_furthest(codes: np.ndarray, known: np.ndarray, count: int) -> np.ndarray:
    nearest = np.linalg.norm(codes[:, None] - known, axis=2).min(axis=1)
    taken = []
    for _ in range(count):
        taken.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(codes - codes[taken[-1]], axis=1))
    return np.array(taken)


def soften_labels(maker: Generator, arm: Arm, trust: float, seed: int) -> Arm:
    """The arm's cases with soft labels: the probabilities of the classifier of the real cases, to the share
    `trust`, and the class asked for to the rest."""
    asked = np.eye(arm.added.n_classes)[arm.added.class_index]
    shares = (1 - trust) * asked + trust * maker.model.screen(arm.added.series)
    drawn = np.random.default_rng(seed).random((len(shares), 1))
    class_index = (shares.cumsum(axis=1)[:, :-1] < drawn).sum(axis=1)
    return Arm(f"{arm.name}, {_name_trust(trust)}", replace(arm.added, class_index=class_index), shares=shares)


def _name_trust(trust: float) -> str:
    return "soft" if trust == 1 else f"{trust:g} soft"


def list_arms(
    maker: Generator, real: TrainingCases, balance: bool, seed: int, ways: Sequence[str] = ()
) -> Iterator[Arm]:
    """None, and every way, or those of the names `ways`."""
    counts = count_added(real, balance)

    def asks(way: str) -> bool:
        return not ways or way in ways

    soft = {policy: [trust for trust in TRUSTS if asks(f"{policy}, {_name_trust(trust)}")] for policy in SOFTENED}
    made = [policy for policy in POLICIES if asks(policy) or soft.get(policy)]
    for arm in make_arms(maker, real, made, balance, seed):
        if arm.name == "none" or asks(arm.name):
            yield arm
        for own, trusts in soft.items():
            if arm.name == own:
                yield from (soften_labels(maker, arm, trust, seed) for trust in trusts)
    if asks("mixture"):
        yield Arm("mixture", maker.sample(counts, seed))
    latent = maker.model.encode(real.series)[0].astype(np.float64)
    for width in WIDTHS:
        if asks(name := f"kernels of {width:g}"):
            kernels = spread_kernels(latent, real.class_index, real.n_classes, width)
            yield Arm(name, replace(maker, mixture=kernels).sample(counts, seed))
    for by in ("hard", "diverse"):
        if asks(name := f"latent, {by}"):
            yield Arm(name, select_cases(maker, real, counts, seed, by))


def measure(split: Split, balance: bool, seed: int, settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield way, judge and balanced accuracy, 0 … 1; and way, measure of nearness and its value."""
    textured = not settings.ways or bool({*TEXTURED} & {*settings.ways})
    maker = fit_generator(start_fabric(split.configuration), split.real, split.configuration, textured=textured)
    bench = Bench(split.real, split.judging, maker)
    judgements = {kind: import_kind(kind).judge(bench) for kind in settings.kinds}
    for arm in list_arms(maker, split.real, balance, seed, settings.ways):
        for kind, judgement in judgements.items():
            if (scores := judgement(arm, seed)) is not None:
                found = balanced_accuracy_score(split.judging.class_index, scores.argmax(axis=1))
                yield arm.name, kind, f"{found:.5f}"
        if len(arm.added.series):
            yield from ((arm.name, *row) for row in _measure_nearness(split, arm.added, seed))


def _measure_nearness(split: Split, made: TrainingCases, seed: int) -> Iterator[tuple[str, str]]:
    classes = np.unique(made.class_index)
    inside, outside = (
        cases.select(np.flatnonzero(np.isin(cases.class_index, classes))) for cases in (split.real, split.judging)
    )
    inside, outside, made = standardise_alike(inside, outside, made)
    ratio = compute_nearest_neighbour_ratio(inside.series, outside.series, made.series)
    random = np.random.default_rng(seed)
    own, others = match_classes([inside, outside], random)
    attack = attack_membership(own, others, made, random)
    for name, value in zip(PRIVACY, (ratio, attack), strict=True):
        if value is not None:
            yield name, f"{value:.4f}"


def write_table(rows: Sequence[tuple[str, ...]]) -> str:
    """Of each level and way: points of balanced accuracy over none, by judge and in the mean of the judges that know
    the way; means over datasets of the mean over seeds, with the interval of the mean; then nearness."""
    values = {row[:5]: float(row[5]) for row in rows}
    ways = list(dict.fromkeys(row[3] for row in rows if row[3] != "none"))
    kinds = [kind for kind in get_args(JudgeKind) if any(row[4] == kind for row in rows)]
    title = " | ".join(["level", "way", "mean of judges", "better / equal / worse", *kinds, *PRIVACY])
    lines = [f"| {title} |", f"|{'---|' * (4 + len(kinds) + len(PRIVACY))}"]
    for level, way in itertools.product(LEVELS, ways):
        runs = sorted({key[:2] for key in values if key[2:4] == (level, way)})
        if runs:
            gains = {
                kind: {
                    run: 100 * (values[*run, level, way, kind] - values[*run, level, "none", kind])
                    for run in runs
                    if (*run, level, way, kind) in values
                }
                for kind in kinds
            }
            means = {run: float(np.mean([own[run] for own in gains.values() if run in own])) for run in runs}
            by_name = _average_seeds(means)
            found = bootstrap_datasets(by_name)
            cells = [f"{found.mean:+.2f} [{found.low:.2f}, {found.high:.2f}]", str(count_win_tie_loss(by_name))]
            cells += [f"{np.mean(_average_seeds(own)):+.2f}" if own else "" for own in gains.values()]
            for name in PRIVACY:
                near = [values[*run, level, way, name] for run in runs if (*run, level, way, name) in values]
                cells.append(f"{np.mean(near):.2f}" if near else "")
            lines.append(f"| {level} | {way} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _average_seeds(values: dict[tuple[str, ...], float]) -> list[float]:
    names = sorted({name for name, _ in values})
    return [float(np.mean([value for run, value in values.items() if run[0] == name])) for name in names]


def main(arguments: list[str] | None = None) -> int:
    """Measure what is missing, and print the table."""
    settings = tyro.cli(Settings, args=arguments)
    names = settings.datasets or tuple(sorted(path.name for path in settings.data.iterdir() if path.is_dir()))
    known = {row[:3] for row in read_rows(settings.rows)}
    with settings.rows.open("a", newline="") as opened:
        writer = csv.writer(opened)
        if not opened.tell():
            writer.writerow(COLUMNS)
        for seed, name, level in itertools.product(range(settings.seeds), names, LEVELS):
            if (name, str(seed), level) in known:
                continue
            split = split_training_set(datasets.load(dataset=name, data=settings.data), LEVELS[level], seed)
            if split is not None:
                found = list(measure(split, LEVELS[level] is not None, seed, settings))
                writer.writerows([name, str(seed), level, *row] for row in found)
                opened.flush()
    print(write_table(read_rows(settings.rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
