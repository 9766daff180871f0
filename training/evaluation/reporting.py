"""A folder of results becomes its table and its plots; a curve's folders, one more plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from training.evaluation import plots
from training.evaluation.comparison import Comparison, compare
from training.evaluation.results import CHOICES, FILE, QUALITY, Choice, Measured, Row, read
from training.evaluation.subsets import Curve, Level
from training.evaluation.table import write_markdown

XLABELS: dict[Curve, str] = {
    "low-data": "training cases per class",
    "imbalance": "cases of another class for one of the rare class",
}


def find_folder(out: Path, level: Level | None) -> Path:
    """Where the results of a level lie."""
    return out / level.name if level else out


def render(out: Path, levels: Sequence[Level | None]) -> list[Path]:
    """Write `table.md` and the plots of each level that has results; the tables."""
    tables = []
    found: dict[Level, list[Comparison]] = {}
    for level in levels:
        folder = find_folder(out, level)
        rows, choices = read(folder / FILE, Row), read(folder / CHOICES, Choice)
        measured = read(folder / QUALITY, Measured)
        if not rows:
            continue
        compared = compare(rows, "balanced_accuracy" if level else "accuracy")
        for comparison in compared:
            plots.draw_plots(comparison, folder)
        n_seeds = len({row.seed for row in rows})
        title = f"{level.name if level else 'Given training sets'}: {len({row.dataset for row in rows})} datasets"
        tables.append(folder / "table.md")
        tables[-1].write_text(
            write_markdown(f"{title}, {n_seeds} seeds", compared, choices, measured), encoding="utf-8"
        )
        if level:
            found[level] = compared
    _write_curves(out, found)
    return tables


def _write_curves(out: Path, found: dict[Level, list[Comparison]]) -> None:
    for curve, judge in {(level.curve, comparison.judge) for level, own in found.items() for comparison in own}:
        sizes = {
            level.size: comparison
            for level, own in found.items()
            for comparison in own
            if (level.curve, comparison.judge) == (curve, judge)
        }
        plots.draw_curve(sizes, XLABELS[curve], out / f"{curve}-{judge}.png")
