"""The results as Markdown: means, differences with their intervals, each dataset's own, and what auto chose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields

import numpy as np

from models.evidence import Interval
from training.evaluation.comparison import Comparison
from training.evaluation.results import Choice, Measured
from training.evaluation.statistics import over_datasets, over_seeds, win_tie_loss, worst_outlier

WORDS = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy"}
LOSS, SURE_LOSS = -2.0, -1.0
"""Points: a dataset that loses more is marked; and one that loses more with an interval that excludes 0."""


def markdown(
    title: str, compared: Sequence[Comparison], choices: Sequence[Choice], measured: Sequence[Measured] = ()
) -> str:
    """The whole file."""
    parts = [f"# {title}", ""]
    for comparison in compared:
        parts += [f"## Judge: {comparison.judge}", "", *_summary(comparison), "", *_means(comparison), ""]
        parts += [*_differences(comparison), "", *_latent_share(comparison), *_advised(comparison, choices)]
    if choices:
        parts += ["## What auto chose", "", *_choices(choices), ""]
    if measured:
        parts += ["## Quality", "", *_quality(measured)]
    return "\n".join(parts)


def _summary(comparison: Comparison) -> list[str]:
    measure = WORDS[comparison.measure]
    intro = (
        f"Points of test {measure}, the mean over seeds and then datasets; differences are paired by seed (a pair is "
        "compared with a pair without augmentation), their intervals 95 % bootstraps over datasets."
    )
    differences = ("difference", "without the worst outlier", "win/tie/loss", "worst dataset")
    header = ("policy", "seeds", measure, *differences, "NLL")
    return [intro, "", *_grid(header, [_summary_row(comparison, policy) for policy in comparison.policies])]


def _summary_row(comparison: Comparison, policy: str) -> list[str]:
    means = [mean for name in comparison.datasets if (mean := comparison.mean(policy, name)) is not None]
    nll = comparison.mean_nll(policy)
    first = [policy, str(comparison.n_seeds(policy)), f"{np.mean(means):.2f}"]
    last = "" if nll is None else f"{nll:.3f}"
    if policy not in comparison.compared:
        return [*first, "", "", "", "", last]
    uplift = comparison.uplift(policy)
    values = list(uplift.values())
    worst = min(uplift, key=lambda name: uplift[name])
    row = [*first, shown(over_datasets(values)), _without_outlier(uplift), str(win_tie_loss(values))]
    return [*row, f"{worst} {uplift[worst]:+.2f}", last]


def _without_outlier(uplift: dict[str, float]) -> str:
    if len(uplift) < 3:
        return ""
    names = list(uplift)
    out = names[worst_outlier(list(uplift.values()))]
    return f"{shown(over_datasets([uplift[name] for name in names if name != out]))} ({out})"


def _means(comparison: Comparison) -> list[str]:
    def cell(policy: str, dataset: str) -> str:
        mean = comparison.mean(policy, dataset)
        return "" if mean is None else f"{mean:.1f}"

    rows = [[name, *(cell(policy, name) for policy in comparison.policies)] for name in comparison.datasets]
    return _grid(("dataset", *comparison.policies), rows)


def _differences(comparison: Comparison) -> list[str]:
    intro = (
        "Differences by dataset, 95 % Student's intervals over seeds; bold: loses over 2 points, or over 1 with an "
        "interval that excludes 0."
    )
    rows = [
        [name, *(_difference(comparison.paired(policy, name)) for policy in comparison.compared)]
        for name in comparison.datasets
    ]
    return [intro, "", *_grid(("dataset", *comparison.compared), rows)]


def _difference(values: np.ndarray) -> str:
    if not len(values):
        return ""
    interval = over_seeds(values)
    mean = float(values.mean())
    text = shown(interval, 1) if interval else f"{mean:+.1f}"
    sure = interval is not None and interval.high < 0
    return f"**{text}**" if mean < LOSS or (mean < SURE_LOSS and sure) else text


def _latent_share(comparison: Comparison) -> list[str]:
    """What latent policies add to `auto`; no line without rows of both."""
    share = comparison.uplift("auto", "auto-without-latent")
    if not share:
        return []
    counts = win_tie_loss(list(share.values()))
    return [f"auto less auto-without-latent: {shown(over_datasets(list(share.values())))}, {counts}.", ""]


def _advised(comparison: Comparison, choices: Sequence[Choice]) -> list[str]:
    """What `auto` brings where its advice says to use it, and elsewhere, a line and an empty one for each."""
    if "auto" not in comparison.compared:
        return []
    lines = []
    for use, words in ((True, "use it"), (False, "not likely to help")):
        jobs = {(choice.dataset, choice.seed) for choice in choices if choice.use == use}
        found = [
            _of_seeds(comparison, name, {seed for own, seed in jobs if own == name}) for name in comparison.datasets
        ]
        means = [float(values.mean()) for values in found if len(values)]
        if means:
            interval = shown(over_datasets(means))
            place = f"{len(jobs)} jobs, {len(means)} datasets"
            lines += [f"Where auto's advice is “{words}” ({place}): {interval}.", ""]
    return lines


def _of_seeds(comparison: Comparison, dataset: str, seeds: Iterable[int]) -> np.ndarray:
    own, other = comparison.values.get(("auto", dataset), {}), comparison.values.get(("none", dataset), {})
    return np.array([own[seed] - other[seed] for seed in seeds if seed in own and seed in other])


def _quality(measured: Sequence[Measured]) -> list[str]:
    """A table for each operation that has rows."""
    lines = ["Against the test set, as `models/evidence.py` defines the measures; means over seeds, then datasets.", ""]
    for operation in sorted({row.operation for row in measured}, reverse=True):
        lines += [f"`/{operation}`:", "", *_quality_of([row for row in measured if row.operation == operation]), ""]
    return lines


def _quality_of(measured: Sequence[Measured]) -> list[str]:
    """Means over seeds by dataset, then over datasets; an empty cell was not measurable."""
    names = [field.name for field in fields(Measured)][3:]
    datasets = sorted({row.dataset for row in measured})
    values = np.array(
        [
            [np.mean([_or_nan(getattr(row, name)) for row in measured if row.dataset == own]) for name in names]
            for own in datasets
        ]
    )
    table = np.vstack([values, np.nanmean(values, axis=0, keepdims=True)])
    rows = [
        [name, *("" if np.isnan(cell) else f"{cell:.3f}" for cell in cells)]
        for name, cells in zip([*datasets, "mean"], table, strict=True)
    ]
    return _grid(("dataset", *(name.replace("_", " ") for name in names)), rows)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _choices(choices: Sequence[Choice]) -> list[str]:
    rows = []
    for name in sorted({choice.dataset for choice in choices}):
        own = [choice for choice in choices if choice.dataset == name]
        columns = ([choice.policy for choice in own], [choice.without_latent for choice in own])
        advice = [choice.advised if choice.use else f"not {choice.advised}" for choice in own]
        rows.append([name, *(_counted(column) for column in (*columns, advice))])
    return _grid(("dataset", "chosen", "without latent policies", "advice"), rows)


def _counted(names: Sequence[str]) -> str:
    return ", ".join(f"{name} × {count}" if count > 1 else name for name, count in Counter(names).most_common())


def shown(interval: Interval, digits: int = 2) -> str:
    """Mean [low, high]."""
    return f"{interval.mean:+.{digits}f} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(line) + " |" for line in (header, *rows)]
    return [lines[0], "|" + "---|" * len(header), *lines[1:]]
