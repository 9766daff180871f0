"""`python -m training.evaluation.expected`: what is usual, learned from measured gains, and how true advice was.

Rows are those of `training.evaluation.advising`. Of the development datasets each is expected by what was usual on the
others; with `--write` what is usual on all of them is written down, which advice rests on. Of datasets that were not
looked at (`--unseen`), each is expected by what is written down.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby, product
from pathlib import Path
from typing import TypeVar, cast, get_args

import numpy as np
import tyro

from bundle.evidence import Free, Interval, JudgeKind, MetricName
from training.evaluation.advising import Gain
from training.evaluation.results import read
from training.judging.comparing import Difference, Group
from training.judging.expecting import FILE, LEAST_GAIN, Place, Usual, decide_verdict, expect_gain, name_arm, read_usual

Key = TypeVar("Key", str, tuple[str, str, int, str])

LARGE = 2.0
"""Points, from which on a true gain has to be found."""

LEAST_SPREAD = 0.5
"""Points: few datasets may agree by chance."""

ERROR_FACTORS, LEAST_ERRORS = (1.0, 1.5, 2.0, 3.0, 5.0), (0.0, 1.0, 2.0, 4.0, 8.0)
"""What is chosen from: the likeliest for datasets left out."""


@dataclass(frozen=True)
class ExpectedConfiguration:
    """Learn what gains are usual, and compare expected gains with true ones."""

    development: Path
    """Rows of the datasets that what is usual is learned from."""
    unseen: Path | None = None
    """Rows of other datasets, to compare with."""
    write: bool = False
    """Write what is usual to where advice reads it."""


@dataclass(frozen=True)
class Forecast:
    """What advice says of an arm of ours for a kind of classifier, in points of balanced accuracy: expected and true
    gain, and the true gain of what is free and expected to be best."""

    dataset: str
    level: str
    kind: str
    expected: Interval
    true: float
    verdict: str
    free_true: float | None


def learn_usual(rows: Sequence[Gain], error_factor: float, least_error: float) -> Usual:
    """Means of true gains, each dataset counting alike, and the standard deviations around them.

    A mean that datasets agree little on is drawn towards 0 (James & Stein, 1961, its positive part).
    """
    means: dict[str, float] = {}
    deviations: dict[str, list[float]] = {}
    for name, own in _group(rows, lambda row: f"{_find_place(row).name}, {name_arm(row.arm)}"):
        by_dataset = [float(np.mean([row.true for row in few])) for _, few in _group(own, _name_dataset)]
        means[name] = _shrink(np.array(by_dataset))
        deviations.setdefault(_find_place(own[0]).name, []).extend(row.true - means[name] for row in own)
    spreads = {place: max(float(np.std(values)), LEAST_SPREAD) for place, values in deviations.items()}
    return Usual(means, spreads, error_factor, least_error)


def fill_kinds(usual: Usual) -> Usual:
    """What is usual, and for kinds of which there are no rows the mean of the others', which is better than nothing."""
    return replace(usual, means=_fill(usual.means), spreads=_fill(usual.spreads))


def _fill(values: dict[str, float]) -> dict[str, float]:
    """Values by `Place.name`, and arm, where there is one."""
    known = {kind for kind in get_args(JudgeKind) if any(f", {kind}" in name for name in values)}
    alike: dict[str, list[float]] = {}
    for name, value in values.items():
        parts = name.split(", ")
        alike.setdefault(", ".join([*parts[:2], "{kind}", *parts[3:]]), []).append(value)
    missing = [kind for kind in get_args(JudgeKind) if kind not in known]
    filled = {name.format(kind=kind): float(np.mean(of)) for name, of in alike.items() for kind in missing}
    return {**values, **filled}


def _shrink(gains: np.ndarray) -> float:
    mean = float(gains.mean())
    doubt = float(gains.var(ddof=1)) / len(gains) if len(gains) > 1 else mean**2
    return mean * max(0.0, 1 - doubt / max(mean**2, 1e-12))


def choose_errors(rows: Sequence[Gain]) -> tuple[float, float]:
    """The error factor and the least error by which the true gains of datasets left out are likeliest."""
    of_ours = [row for row in rows if row.arm not in get_args(Free)]
    return min(product(ERROR_FACTORS, LEAST_ERRORS), key=lambda errors: _compute_surprise(rows, of_ours, *errors))


def _compute_surprise(rows: Sequence[Gain], judged: Sequence[Gain], error_factor: float, least_error: float) -> float:
    total = 0.0
    for dataset, own in _group(judged, _name_dataset):
        usual = learn_usual([row for row in rows if row.dataset != dataset], error_factor, least_error)
        for row in own:
            mean, variance = usual.expect(
                _find_place(row), name_arm(row.arm), Difference(row.share, row.measured, row.error)
            )
            variance = max(variance, 0.01)
            total += np.square(row.true - mean) / variance + np.log(variance)
    return total


def forecast(rows: Sequence[Gain], usual: Usual) -> Iterator[Forecast]:
    """What advice says of each arm of ours, by `usual`, of the rows in the metric that fits the classes."""
    fitting = [row for row in rows if row.metric == "balanced_accuracy"]
    for (dataset, level, _, kind), own in _group(fitting, lambda row: (row.dataset, row.level, row.seed, row.kind)):
        expected, true = {}, {}
        for arm, groups in _group(own, lambda row: row.arm):
            measured = {cast(Group, row.group): Difference(row.share, row.measured, row.error) for row in groups}
            expected[arm] = expect_gain(usual, "balanced_accuracy", cast(JudgeKind, kind), name_arm(arm), measured)
            true[arm] = sum(row.share * row.true for row in groups)
        free: dict[Free, Interval] = {arm: expected[arm] for arm in get_args(Free) if arm in expected}
        best = max(free, key=lambda arm: free[arm].mean, default=None)
        for arm in expected.keys() - free.keys():
            verdict = decide_verdict(expected[arm], free)
            yield Forecast(dataset, level, kind, expected[arm], true[arm], verdict, true[best] if best else None)


def forecast_left_out(rows: Sequence[Gain]) -> Iterator[Forecast]:
    """Of each dataset by what is usual on the others."""
    error_factor, least_error = choose_errors([row for row in rows if row.metric == "balanced_accuracy"])
    for dataset, own in _group(rows, _name_dataset):
        yield from forecast(
            own, learn_usual([row for row in rows if row.dataset != dataset], error_factor, least_error)
        )


def write_summary(forecasts: Sequence[Forecast]) -> str:
    """A table: how true advice was, over all and by level and kind."""
    head = (
        f"| | forecasts | correlation | mean gain where {LEAST_GAIN:g} or more is expected | where “use it” | "
        f"the same, less the best free | true gains above {LARGE:g} found | 95 % intervals that hold |"
    )
    lines = [head, "|---|---|---|---|---|---|---|---|", _write_line("all", forecasts)]
    for _, name in sorted({(0, one.level) for one in forecasts} | {(1, one.kind) for one in forecasts}):
        lines.append(_write_line(name, [one for one in forecasts if name in (one.level, one.kind)]))
    return "\n".join(lines)


def _write_line(name: str, forecasts: Sequence[Forecast]) -> str:
    expected, true = (
        np.array(values) for values in zip(*((one.expected.mean, one.true) for one in forecasts), strict=True)
    )
    correlation = np.corrcoef(expected, true)[0, 1]
    gains, used = expected >= LEAST_GAIN, np.array([one.verdict == "use it" for one in forecasts])
    over_free = [one.true - (one.free_true or 0.0) for one in forecasts if one.verdict == "use it"]
    large, held = true > LARGE, [one.expected.low <= one.true <= one.expected.high for one in forecasts]
    cells = (
        f"{len(forecasts)} of {len({one.dataset for one in forecasts})} sets",
        f"{correlation:.2f}",
        _format_mean(true[gains]),
        _format_mean(true[used]),
        _format_mean(np.array(over_free)),
        f"{int((large & gains).sum())} of {int(large.sum())}",
        f"{100 * np.mean(held):.0f} %",
    )
    return f"| {name} | {' | '.join(cells)} |"


def _format_mean(values: np.ndarray) -> str:
    return f"{values.mean():+.1f} ({len(values)}; {100 * np.mean(values > 0):.0f} % above 0)" if len(values) else "none"


def _find_place(row: Gain) -> Place:
    return Place(cast(MetricName, row.metric), cast(Group, row.group), cast(JudgeKind, row.kind))


def _name_dataset(row: Gain) -> str:
    return row.dataset


def _group(rows: Sequence[Gain], key: Callable[[Gain], Key]) -> list[tuple[Key, list[Gain]]]:
    ordered = sorted(rows, key=key)
    return [(name, list(own)) for name, own in groupby(ordered, key)]


def _round(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in values.items()}


def main(arguments: list[str] | None = None) -> int:
    """Learn, write what is asked for, and print how true advice was."""
    configuration = tyro.cli(ExpectedConfiguration, args=arguments)
    rows = read(configuration.development, Gain)
    if configuration.write:
        usual = learn_usual(rows, *choose_errors([row for row in rows if row.metric == "balanced_accuracy"]))
        usual = fill_kinds(usual)
        means, spreads = (_round(values) for values in (usual.means, usual.spreads))
        written = asdict(replace(usual, means=means, spreads=spreads))
        FILE.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")
        read_usual.cache_clear()
    print(f"Development, each by the others:\n\n{write_summary(list(forecast_left_out(rows)))}")
    if configuration.unseen is not None:
        forecasts = list(forecast(read(configuration.unseen, Gain), read_usual()))
        print(f"\nUnseen, by what is written down:\n\n{write_summary(forecasts)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
