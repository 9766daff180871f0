"""The comparison as Markdown: a table of what every family makes of all datasets, and one for each dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
the series who was trained on; .5 is chance. **Series/s**: `/sample` through a server, one client. **Fit**: with export,
measures and report."""


@dataclass(frozen=True)
class Line:
    """A family's measures on one dataset, the means over seeds; `seeds` are those with a bundle."""

    entry: str
    uplift: float | None
    served: float | None
    values: dict[str, float | None]
    floor: float | None
    ended: tuple[str, ...]


MEASURES = (
    "accuracy",
    "tstr_ratio",
    "discriminative_score",
    "reconstruction",
    "nearest_neighbour_ratio",
    "membership_attack",
    "n_bytes",
    "cpu_seconds",
)


def build_lines(rows: Sequence[Row], served: Sequence[Served]) -> list[Line]:
    """A line per entry of one dataset, in the order of the rows."""
    return [_build_line(entry, rows, served) for entry in dict.fromkeys(row.entry for row in rows)]


def _build_line(entry: str, rows: Sequence[Row], served: Sequence[Served]) -> Line:
    own = [row for row in rows if row.entry == entry and not row.ended]
    plain = {row.seed: row.accuracy for row in rows if row.entry == PLAIN}
    gains = [
        100 * (row.accuracy - base)
        for row in own
        if row.accuracy is not None and (base := plain.get(row.seed)) is not None and entry != PLAIN
    ]
    return Line(
        entry,
        _average(gains),
        _average(each.series_per_second for each in served if each.entry == entry),
        {name: _average(getattr(row, name) for row in own) for name in MEASURES},
        _average(row.discriminative_floor for row in own),
        tuple(dict.fromkeys(row.ended for row in rows if row.entry == entry and row.ended)),
    )


def _average(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else None


def average_lines(by_dataset: Sequence[Sequence[Line]]) -> list[Line]:
    """A line per entry: its means over the datasets on which every other entry of its kind has the measure too."""
    entries = dict.fromkeys(line.entry for lines in by_dataset for line in lines)
    return [_average_entry(entry, by_dataset) for entry in entries]


def _average_entry(entry: str, by_dataset: Sequence[Sequence[Line]]) -> Line:
    kind = entry.partition("-")[0]

    def average(measure: Callable[[Line], float | None]) -> float | None:
        return _average(
            measure(line)
            for lines in by_dataset
            if all(measure(other) is not None for other in lines if other.entry.partition("-")[0] == kind)
            for line in lines
            if line.entry == entry
        )

    values = {name: average(lambda line, name=name: line.values[name]) for name in MEASURES}  # type: ignore[misc]
    return Line(
        entry,
        average(lambda line: line.uplift),
        average(lambda line: line.served),
        values,
        average(lambda line: line.floor),
        (),
    )


def format_line(line: Line) -> tuple[str, ...]:
    """The cells of a line, in the order of HEAD."""
    values = line.values
    score = format_number(values["discriminative_score"], 2)
    floor = "" if line.floor is None else f" ({format_number(line.floor, 2)})"
    return (
        line.entry,
        format_percent(values["accuracy"], 1),
        "–" if line.uplift is None else format_signed(line.uplift),
        format_number(values["tstr_ratio"], 2),
        score + floor,
        format_number(values["reconstruction"], 2),
        format_number(values["nearest_neighbour_ratio"], 2),
        format_number(values["membership_attack"], 2),
        format_number(line.served, 0),
        "–" if values["n_bytes"] is None else f"{values['n_bytes'] / 1e6:.1f}",
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
