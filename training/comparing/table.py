"""The comparison as Markdown: a table of what every family makes of all datasets, and one for each dataset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from training.comparing.entries import PLAIN
from training.comparing.rows import Row, Served
from training.report.parts import format_number, format_percent, format_signed

HEAD = (
    "family",
    "accuracy",
    "uplift, points",
    "TSTR",
    "discriminative (floor)",
    "R²",
    "NN ratio",
    "attack",
    "series/s",
    "classify, ms",
    "MB",
    "fit, CPU s",
)

LEGEND = """\
**Accuracy** on cases held out, of the classifier trained with the family's series added (policy `latent`), or, for a
classifier, of itself on real cases alone. **Uplift**: accuracy less that of `classifier-fcn`, the same classifier, seed
and steps without them. **TSTR**: accuracy of a judge trained on synthetic series alone over that of one trained on real
ones. **Discriminative**: abs(accuracy − .5) of the better of two judges who tell synthetic from real, 0 is best; in
brackets the same for training cases. **R²** of reconstructed held-out cases. **NN ratio**: median distance synthetic to
training cases over held-out to training cases; far below 1 means copies. **Attack**: balanced accuracy of guessing from
the series who was trained on; .5 is chance. **Series/s**: `/sample` through a server, one client. **Classify**: one
series through a server, the median. **Fit**: with export, measures and report."""


OF_ROWS = (
    "accuracy",
    "tstr_ratio",
    "discriminative_score",
    "discriminative_floor",
    "reconstruction",
    "nearest_neighbour_ratio",
    "membership_attack",
    "n_bytes",
    "cpu_seconds",
)
"""The measures that are fields of a `Row`."""


@dataclass(frozen=True)
class Line:
    """A family's measures on one dataset by name, means over seeds; None where there is none. `ended`: why fits did."""

    entry: str
    values: dict[str, float | None]
    ended: tuple[str, ...] = ()


def build_lines(rows: Sequence[Row], served: Sequence[Served]) -> list[Line]:
    """A line per entry of one dataset, in the order of the rows."""
    return [_build_line(entry, rows, served) for entry in dict.fromkeys(row.entry for row in rows)]


def _build_line(entry: str, rows: Sequence[Row], served: Sequence[Served]) -> Line:
    own = [row for row in rows if row.entry == entry and not row.ended]
    fast = [each for each in served if each.entry == entry]
    makes_series = not entry.startswith("classifier-")
    values = {name: _average(getattr(row, name) for row in own) for name in OF_ROWS}
    values["uplift"] = _average(_list_uplifts(own, rows)) if makes_series else None
    values["series_per_second"] = _average(each.series_per_second for each in fast) if makes_series else None
    values["classify_ms"] = _average(each.classify_ms for each in fast)
    return Line(entry, values, tuple(dict.fromkeys(row.ended for row in rows if row.entry == entry and row.ended)))


def _list_uplifts(own: Sequence[Row], rows: Sequence[Row]) -> list[float]:
    """Of each seed, in points, where the plain classifier was measured too."""
    plain = {row.seed: row.accuracy for row in rows if row.entry == PLAIN and row.accuracy is not None}
    return [100 * (row.accuracy - plain[row.seed]) for row in own if row.accuracy is not None and row.seed in plain]


def _average(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else None


def average_lines(by_dataset: Sequence[Sequence[Line]]) -> list[Line]:
    """A line per entry: its means over the datasets on which every other entry of its kind has the measure too."""
    means: dict[str, dict[str, float | None]] = {}
    for entry in dict.fromkeys(line.entry for lines in by_dataset for line in lines):
        kind = f"{entry.partition('-')[0]}-"
        alike = [{line.entry: line.values for line in lines if line.entry.startswith(kind)} for lines in by_dataset]
        names = next(of_dataset[entry] for of_dataset in alike if entry in of_dataset)
        means[entry] = {
            name: _average(
                of_dataset[entry][name]
                for of_dataset in alike
                if entry in of_dataset and all(values[name] is not None for values in of_dataset.values())
            )
            for name in names
        }
    return [Line(entry, values) for entry, values in means.items()]


def format_line(line: Line) -> tuple[str, ...]:
    """The cells of a line, in the order of HEAD."""
    values = line.values
    uplift, floor, n_bytes = (values[name] for name in ("uplift", "discriminative_floor", "n_bytes"))
    return (
        line.entry,
        format_percent(values["accuracy"], 1),
        "–" if uplift is None else format_signed(uplift),
        format_number(values["tstr_ratio"], 2),
        format_number(values["discriminative_score"], 2) + ("" if floor is None else f" ({format_number(floor, 2)})"),
        format_number(values["reconstruction"], 2),
        format_number(values["nearest_neighbour_ratio"], 2),
        format_number(values["membership_attack"], 2),
        format_number(values["series_per_second"], 0),
        format_number(values["classify_ms"], 2),
        format_number(None if n_bytes is None else n_bytes / 1e6, 1),
        format_number(values["cpu_seconds"], 0),
    )


def write_markdown(by_dataset: dict[str, list[Line]], described: dict[str, str], budget_seconds: float) -> str:
    """The whole file: every dataset's means first, then each dataset; `described` says what each is."""
    intro = f"Every family with its default options, within {budget_seconds:g} CPU seconds a fit, on one thread."
    parts = ["# Families, compared", "", intro, "", LEGEND, ""]
    if len(by_dataset) > 1:
        means = average_lines(list(by_dataset.values()))
        parts += [f"## Means over {len(by_dataset)} datasets", "", *_write_grid(means)]
        parts += ["", "A mean is over the datasets on which every family of the kind has the measure.", ""]
    for name, lines in by_dataset.items():
        parts += [f"## {name}", "", described[name], "", *_write_grid(lines), ""]
        parts += [f"- `{line.entry}`: {why}" for line in lines for why in line.ended]
        parts += [""] * any(line.ended for line in lines)
    return "\n".join(parts).rstrip() + "\n"


def _write_grid(lines: Sequence[Line]) -> list[str]:
    cells = [HEAD, ("---", *("--:" for _ in HEAD[1:])), *map(format_line, lines)]
    return [f"| {' | '.join(row)} |" for row in cells]
