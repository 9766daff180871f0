"""From the jobs of a comparison, and what is on disk of them, to the table, the page and the pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from bundle.engine.bundle import Bundle
from bundle.looking import list_versions
from training import data as datasets
from training.comparing.configuration import FamiliesConfiguration
from training.comparing.entries import choose_entries
from training.comparing.fits import Job, configure
from training.comparing.gallery import draw_gallery
from training.comparing.page import FILE as PAGE
from training.comparing.page import make_section, write_comparison
from training.comparing.plan import Planned, read_plan
from training.comparing.rows import FILE, SERVED, Row, Served
from training.comparing.serving import measure_served
from training.comparing.table import build_lines, write_markdown
from training.configuration import ConfigurationError
from training.data.partition import make_training_cases, order_labels, split_dataset
from training.evaluation.results import append, read
from training.fit import parse_arguments
from training.report.drawing import render_png

TABLE = "table.md"


PICTURES, MODELS = "pictures", "models"


def list_jobs(wanted: FamiliesConfiguration, flags: Sequence[str]) -> list[Job]:
    """Every fit of the comparison, all entries of a dataset together.

    `flags` are those of `fit.py` for all datasets of the plan, or those that read the one dataset there is without a
    plan. Classifiers are compared where there are labels. Raises `ConfigurationError` and `DatasetError`.
    """
    entries = choose_entries(wanted.families)
    if wanted.plan is None:
        planned = [_name_dataset(flags)]
    else:
        planned = [Planned(own.name, (*own.flags, *flags)) for own in read_plan(wanted.plan)]
    jobs = []
    for own in planned:
        labelled = _load(own).train.labels is not None
        for entry in entries:
            if labelled or entry.kind != "classifier":
                places = [wanted.out / MODELS / own.name / f"seed-{seed}" for seed in range(wanted.seeds)]
                jobs += [Job(own, entry, seed, place, wanted.budget_seconds) for seed, place in enumerate(places)]
    return jobs


def _name_dataset(flags: Sequence[str]) -> Planned:
    source = parse_arguments(list(flags), "compare.py")
    name = source.dataset or (source.data.stem if source.data else "")
    if not name:
        raise ConfigurationError("no dataset is named; give --plan FILE, or the flags of fit.py: --dataset, --data …")
    return Planned(re.sub("[^a-z0-9_-]", "-", name.lower()), tuple(flags))


def _load(planned: Planned) -> datasets.Dataset:
    return datasets.load_source(parse_arguments(list(planned.flags), "compare.py"))


def list_missing(wanted: FamiliesConfiguration, jobs: Sequence[Job]) -> list[Job]:
    """The jobs that have no row yet."""
    done = {(row.dataset, row.entry, row.seed) for row in read(wanted.out / FILE, Row)}
    return [job for job in jobs if (job.planned.name, job.entry.name, job.seed) not in done]


def render(wanted: FamiliesConfiguration, jobs: Sequence[Job]) -> str:
    """Measure through a server what is not measured yet, write table, page and pictures; the table.

    All rows on disk that are of a job are shown, those of other datasets or families are not.
    """
    by_dataset: dict[str, list[Job]] = {}
    for job in jobs:
        by_dataset.setdefault(job.planned.name, []).append(job)
    lines, described, sections = {}, {}, []
    for name, own in by_dataset.items():
        asked = {(job.entry.name, job.seed) for job in own}
        rows = [row for row in read(wanted.out / FILE, Row) if row.dataset == name and (row.entry, row.seed) in asked]
        if not rows:
            continue
        served = _measure_served(wanted, name, own) if wanted.serve else []
        order = list(dict.fromkeys(job.entry.name for job in own))
        rows.sort(key=lambda row: order.index(row.entry))
        lines[name] = build_lines(rows, served)
        dataset = _load(own[0].planned)
        described[name] = f"{dataset.description.read[0].upper()}{dataset.description.read[1:]}."
        figure = _draw(wanted.out / PICTURES / f"{name}.png", own, dataset)
        sections.append(make_section(name, described[name], lines[name], figure))
    table = write_markdown(lines, described, wanted.budget_seconds)
    (wanted.out / TABLE).write_text(table, encoding="utf-8")
    write_comparison(wanted.out / PAGE, sections, list(lines.values()))
    return table


def _measure_served(wanted: FamiliesConfiguration, name: str, jobs: Sequence[Job]) -> list[Served]:
    """What is on disk of a dataset, after what is missing was measured and added."""
    for seed in range(wanted.seeds):
        own = [job for job in jobs if job.seed == seed]
        done = {row.entry for row in read(wanted.out / SERVED, Served) if (row.dataset, row.seed) == (name, seed)}
        missing = [job.entry.name for job in own if job.entry.name not in done and list_versions(job.models)]
        if missing:
            append(wanted.out / SERVED, measure_served(own[0].models, name, missing, seed))
    return [row for row in read(wanted.out / SERVED, Served) if row.dataset == name and row.seed < wanted.seeds]


def _draw(file: Path, jobs: Sequence[Job], dataset: datasets.Dataset) -> Figure | None:
    """The dataset's picture, of the first seed, also as a file; None where no bundle makes series."""
    bundles = {}
    for job in jobs:
        versions = list_versions(job.models).get(job.entry.name) if job.entry.kind != "classifier" else None
        if job.seed == 0 and versions:
            bundles[job.entry.name] = Bundle.load(job.models.resolve() / job.entry.name / str(versions[-1]))
    if not bundles:
        return None
    configuration = configure(jobs[0])
    learn = split_dataset(dataset, configuration).learn
    labels = order_labels(learn.labels)
    figure = draw_gallery(bundles, make_training_cases(learn, labels), tuple(map(str, labels)), configuration.seed)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(render_png(figure))
    return figure
