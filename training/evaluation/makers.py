"""`python -m training.evaluation.makers rows.csv …`: how faithful a family's series are, one row a fit.

    python -m training.evaluation.makers rows.csv --dataset harmonic --generator.n-classes=5 --generator=gan --seed=1
    python -m training.evaluation.makers rows.csv

The first line fits what the flags of fit.py say, without folds and policies, measures series that it makes against the
test cases, and appends a row; the second prints a Markdown table of all rows, means over the seeds. Nothing is chosen
by test cases: every fit takes the steps that are set.
"""

from __future__ import annotations

import csv
import sys
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from training import data as datasets
from training.configuration import FitConfiguration
from training.data.partition import make_training_cases, order_labels, split_dataset
from training.ending import REFUSALS
from training.families import find_kind, find_name
from training.families.settings import NO_FAMILY
from training.fit import parse_arguments
from training.learning.augmenting import fit_maker
from training.learning.run import start_fabric
from training.learning.working_length import settle_working_length
from training.quality import measure_quality
from training.quality.fitted import SYNTHETIC_PER_CASE
from training.quality.frequencies import Faithfulness, measure_faithfulness
from training.settings import name_flag


@dataclass(frozen=True)
class Row:
    """One fit; measures as `Quality` and `Faithfulness` name them, the latter means over the classes."""

    dataset: str
    family: str
    seed: int
    seconds: float
    acceptance: float
    discriminative_score: float
    discriminative_floor: float
    tstr_ratio: float
    nearest_neighbour_ratio: float
    membership_attack: float
    spread: float
    frequency_error: float
    frequency_floor: float
    spectrum_distance: float
    spectrum_floor: float


def measure_fit(configuration: FitConfiguration) -> Row:
    """Fit, and measure what is made: three series for each training case."""
    fabric, dataset = start_fabric(configuration), datasets.load_source(configuration)
    configuration, _ = settle_working_length(dataset.train.series, configuration)
    parts = split_dataset(dataset, configuration)
    if parts.measure is None or parts.measured_on is None:
        raise datasets.DatasetError(f"{dataset.name} has no cases to measure on; set --held-out-share above 0.")
    labels = order_labels(parts.learn.labels)
    train, held_out = (make_training_cases(cases, labels) for cases in (parts.learn, parts.measure))
    started = time.process_time()
    maker = fit_maker(fabric, train, configuration)
    seconds = time.process_time() - started
    counts = SYNTHETIC_PER_CASE * np.bincount(train.class_index, minlength=len(labels))
    made = maker.sample(counts, configuration.seed)
    quality = measure_quality(train, held_out, made, labels, parts.measured_on, configuration.seed)
    faithfulness = measure_faithfulness(train, held_out, made, np.random.default_rng(configuration.seed))
    means = {own.name: float(np.mean([getattr(of, own.name) for of in faithfulness])) for own in fields(Faithfulness)}
    known = {**means, **(quality.model_dump() if quality else {})}
    acceptance = np.mean([maker.measure_acceptance(index, 100, configuration.seed) for index in range(len(labels))])
    measured = {own.name: known.get(own.name) for own in fields(Row)[5:]}
    values = {name: float("nan") if value is None else float(value) for name, value in measured.items()}
    return Row(dataset.name, name_family(configuration), configuration.seed, seconds, float(acceptance), **values)


def name_family(configuration: FitConfiguration) -> str:
    """The family that makes series, with the options that are not at their defaults."""
    chosen = configuration.vae if configuration.generator == NO_FAMILY else configuration.generator
    kind, default = find_kind(chosen), type(chosen)()
    given = {own.name: getattr(chosen, own.name) for own in fields(chosen)}
    changed = [name for name, value in given.items() if value != getattr(default, name)]
    return " ".join([find_name(chosen), *(f"{name_flag(f'{kind}.{name}')}={given[name]}" for name in changed)])


def append_row(file: Path, row: Row) -> None:
    """Add a row to a table, which begins with the names of its columns."""
    is_new = not file.exists()
    with file.open("a", newline="") as opened:
        writer = csv.DictWriter(opened, [own.name for own in fields(Row)])
        if is_new:
            writer.writeheader()
        writer.writerow(asdict(row))


def write_table(file: Path) -> str:
    """A Markdown table, a line for each dataset and family, means over the seeds."""
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    names = [own.name for own in fields(Row)[3:]]
    lines = ["| dataset | family | seeds | " + " | ".join(names) + " |", "|---" * (len(names) + 3) + "|"]
    for dataset, family in dict.fromkeys((row["dataset"], row["family"]) for row in rows):
        own = [row for row in rows if (row["dataset"], row["family"]) == (dataset, family)]
        means = (np.mean([float(row[name]) for row in own]) for name in names)
        lines.append(f"| {dataset} | {family} | {len(own)} | " + " | ".join(f"{mean:.3g}" for mean in means) + " |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """The command line; answers the exit status."""
    file, *flags = arguments
    try:
        if flags:
            configuration = replace(parse_arguments(flags, "makers"), folds=0, policy="none")
            append_row(Path(file), measure_fit(configuration))
    except REFUSALS as error:
        print(f"makers: {error}", file=sys.stderr)
        return 2
    print(write_table(Path(file)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
