"""The results as Markdown: means, differences with their intervals, each dataset's own, and what auto chose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields

import numpy as np

from bundle.evidence import Interval
from training.evaluation.across import Mean, Rule, compute_means
from training.evaluation.comparison import Comparison
from training.evaluation.results import Choice, Measured
from training.evaluation.statistics import (
    bootstrap_datasets,
    count_win_tie_loss,
    estimate_over_seeds,
    find_worst_outlier,
)

WORDS = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy"}
LOSS, SURE_LOSS = -2.0, -1.0
"""Points: a dataset that loses more is marked; and one that loses more with an interval that excludes 0."""


def write_markdown(
    title: str, compared: Sequence[Comparison], choices: Sequence[Choice], measured: Sequence[Measured] = ()
) -> str:
    """The whole file."""
    parts = [f"# {title}", ""]
    for comparison in compared:
        parts += [f"## Judge: {comparison.judge}", "", *_write_summary(comparison), "", *_write_means(comparison), ""]
        parts += [
            *_write_differences(comparison),
            "",
            *_write_latent_share(comparison),
            *_write_advised(comparison, choices),
        ]
    parts += _write_across(compared)
    if choices:
        parts += ["## What auto chose", "", *_write_choices(choices), ""]
    if measured:
        parts += ["## Quality", "", *_write_quality(measured)]
    return "\n".join(parts)


def _write_summary(comparison: Comparison) -> list[str]:
    measure = WORDS[comparison.measure]
    intro = (
        f"Points of test {measure}, the mean over seeds and then datasets; differences are paired by seed (a pair is "
        "compared with a pair without augmentation), their intervals 95 % bootstraps over datasets."
    )
    differences = ("difference", "without the worst outlier", "win/tie/loss", "worst dataset")
    header = ("policy", "seeds", measure, *differences, "NLL")
    return [intro, "", *_write_grid(header, [_list_summary_row(comparison, policy) for policy in comparison.policies])]


def _list_summary_row(comparison: Comparison, policy: str) -> list[str]:
    means = [mean for name in comparison.datasets if (mean := comparison.compute_mean(policy, name)) is not None]
    nll = comparison.compute_mean_nll(policy)
    first = [policy, str(comparison.count_seeds(policy)), f"{np.mean(means):.2f}"]
    last = "" if nll is None else f"{nll:.3f}"
    if policy not in comparison.compared:
        return [*first, "", "", "", "", last]
    uplift = comparison.compute_uplift(policy)
    values = list(uplift.values())
    worst = min(uplift, key=lambda name: uplift[name])
    row = [
        *first,
        format_interval(bootstrap_datasets(values)),
        _without_outlier(uplift),
        str(count_win_tie_loss(values)),
    ]
    return [*row, f"{worst} {uplift[worst]:+.2f}", last]


def _without_outlier(uplift: dict[str, float]) -> str:
    if len(uplift) < 3:
        return ""
    names = list(uplift)
    out = names[find_worst_outlier(list(uplift.values()))]
    return f"{format_interval(bootstrap_datasets([uplift[name] for name in names if name != out]))} ({out})"


def _write_means(comparison: Comparison) -> list[str]:
    def write_cell(policy: str, dataset: str) -> str:
        mean = comparison.compute_mean(policy, dataset)
        return "" if mean is None else f"{mean:.1f}"

    rows = [[name, *(write_cell(policy, name) for policy in comparison.policies)] for name in comparison.datasets]
    return _write_grid(("dataset", *comparison.policies), rows)


def _write_differences(comparison: Comparison) -> list[str]:
    intro = (
        "Differences by dataset, 95 % Student's intervals over seeds; bold: loses over 2 points, or over 1 with an "
        "interval that excludes 0."
    )
    rows = [
        [name, *(_format_difference(comparison.pair(policy, name)) for policy in comparison.compared)]
        for name in comparison.datasets
    ]
    return [intro, "", *_write_grid(("dataset", *comparison.compared), rows)]


def _format_difference(values: np.ndarray) -> str:
    if not len(values):
        return ""
    interval = estimate_over_seeds(values)
    mean = float(values.mean())
    text = format_interval(interval, 1) if interval else f"{mean:+.1f}"
    sure = interval is not None and interval.high < 0
    return f"**{text}**" if mean < LOSS or (mean < SURE_LOSS and sure) else text


def _write_latent_share(comparison: Comparison) -> list[str]:
    """What latent policies add to `auto`; no line without rows of both."""
    share = comparison.compute_uplift("auto", "auto-without-latent")
    if not share:
        return []
    counts = count_win_tie_loss(list(share.values()))
    return [
        f"auto less auto-without-latent: {format_interval(bootstrap_datasets(list(share.values())))}, {counts}.",
        "",
    ]


def _write_advised(comparison: Comparison, choices: Sequence[Choice]) -> list[str]:
    """What `auto` brings where its advice says to use it, and elsewhere, a line and an empty one for each; where no
    advice was measured, nothing."""
    if "auto" not in comparison.compared:
        return []
    choices = [choice for choice in choices if choice.mean is not None]
    lines = []
    for use, words in ((True, "use it"), (False, "not likely to help")):
        jobs = {(choice.dataset, choice.seed) for choice in choices if choice.use == use}
        found = [
            _collect_seeds(comparison, name, {seed for own, seed in jobs if own == name})
            for name in comparison.datasets
        ]
        means = [float(values.mean()) for values in found if len(values)]
        if means:
            interval = format_interval(bootstrap_datasets(means))
            place = f"{len(jobs)} jobs, {len(means)} datasets"
            lines += [f"Where auto's advice is “{words}” ({place}): {interval}.", ""]
    return lines


def _collect_seeds(comparison: Comparison, dataset: str, seeds: Iterable[int]) -> np.ndarray:
    own, other = comparison.values.get(("auto", dataset), {}), comparison.values.get(("none", dataset), {})
    return np.array([own[seed] - other[seed] for seed in seeds if seed in own and seed in other])


def _write_across(compared: Sequence[Comparison]) -> list[str]:
    """The judges' mean, policy by policy; no line where no policy has two judges of cases put beside."""
    means = compute_means(compared)
    if not means:
        return []
    intro = (
        "Cases put beside the real ones: points by dataset in the mean of the judges, then their mean and 95 % "
        "bootstrap over datasets. What is free is the better of class weights and SMOTE, of those a judge takes, "
        "on all datasets together; or on each dataset, which nobody knows beforehand."
    )
    header = (
        "policy",
        "judges",
        "mean of judges",
        "win/tie/loss",
        "over what is free",
        "over the better on each dataset",
    )
    rules: tuple[Rule, ...] = ("by judge", "by judge and dataset")
    rows = [
        [
            mean.policy,
            ", ".join(mean.judges),
            format_interval(bootstrap_datasets(list(mean.uplift.values()))),
            str(count_win_tie_loss(list(mean.uplift.values()))),
            *(
                format_interval(bootstrap_datasets(list(over.values()))) if (over := mean.over_free.get(rule)) else ""
                for rule in rules
            ),
        ]
        for mean in means
    ]
    return ["## Mean of the judges", "", intro, "", *_write_grid(header, rows), "", *_write_latent_over_warps(means)]


def _write_latent_over_warps(means: Sequence[Mean]) -> list[str]:
    """What latent codes add to warps; no line where one of both was not judged, or other judges took it."""
    found = {mean.policy: mean for mean in means}
    both, warps = found.get("latent+warps"), found.get("warps")
    if both is None or warps is None or both.judges != warps.judges:
        return []
    added = [both.uplift[name] - warps.uplift[name] for name in both.uplift if name in warps.uplift]
    return [f"latent+warps less warps: {format_interval(bootstrap_datasets(added))}, {count_win_tie_loss(added)}.", ""]


def _write_quality(measured: Sequence[Measured]) -> list[str]:
    """A table for each operation that has rows."""
    lines = ["Against the test set, as `bundle/evidence.py` defines the measures; means over seeds, then datasets.", ""]
    for operation in sorted({row.operation for row in measured}, reverse=True):
        lines += [
            f"`/{operation}`:",
            "",
            *_write_operation_quality([row for row in measured if row.operation == operation]),
            "",
        ]
    return lines


def _write_operation_quality(measured: Sequence[Measured]) -> list[str]:
    """Means over seeds by dataset, then over datasets; an empty cell was not measurable."""
    names = [field.name for field in fields(Measured)][3:]
    datasets = sorted({row.dataset for row in measured})
    values = np.array(
        [
            [np.mean([_replace_none(getattr(row, name)) for row in measured if row.dataset == own]) for name in names]
            for own in datasets
        ]
    )
    table = np.vstack([values, np.nanmean(values, axis=0, keepdims=True)])
    rows = [
        [name, *("" if np.isnan(cell) else f"{cell:.3f}" for cell in cells)]
        for name, cells in zip([*datasets, "mean"], table, strict=True)
    ]
    return _write_grid(("dataset", *(name.replace("_", " ") for name in names)), rows)


def _replace_none(value: float | None) -> float:
    return float("nan") if value is None else value


def _write_choices(choices: Sequence[Choice]) -> list[str]:
    rows = []
    for name in sorted({choice.dataset for choice in choices}):
        own = [choice for choice in choices if choice.dataset == name]
        columns = ([choice.policy for choice in own], [choice.without_latent for choice in own])
        advice = [choice.advised if choice.use else f"not {choice.advised}" for choice in own]
        rows.append([name, *(_count_names(column) for column in (*columns, advice))])
    return _write_grid(("dataset", "chosen", "without latent policies", "advice"), rows)


def _count_names(names: Sequence[str]) -> str:
    return ", ".join(f"{name} × {count}" if count > 1 else name for name, count in Counter(names).most_common())


def format_interval(interval: Interval, digits: int = 2) -> str:
    """Mean [low, high]."""
    return f"{interval.mean:+.{digits}f} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


def _write_grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(line) + " |" for line in (header, *rows)]
    return [lines[0], "|" + "---|" * len(header), *lines[1:]]
