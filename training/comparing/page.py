"""The comparison as one page: for each dataset a picture of all families side by side, and its table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from training.comparing.table import HEAD, LEGEND, Line, average_lines, format_line
from training.report.drawing import make_picture
from training.report.page import write_page
from training.report.parts import Note, Part, Section, Table

FILE = "comparison.html"
NUMBERS = frozenset(range(1, len(HEAD)))


def write_comparison(file: Path, sections: Sequence[Section], lines: Sequence[Sequence[Line]]) -> Path:
    """Write the page of the datasets' `sections`, their means first where there are several."""
    means = []
    if len(sections) > 1:
        look_for = f"Means over {len(sections)} datasets, of those on which every family of the kind has the measure."
        means = [Section("means", "Means", look_for, (_make_table(average_lines(lines)),))]
    legend = Section("legend", "What is measured", LEGEND.replace("**", "").replace("`", ""))
    subtitle = "What each family makes of the same datasets. It shows real series: keep it where they may be seen."
    return write_page(file, "Families, compared", subtitle, [*means, *sections, legend])


def make_section(name: str, described: str, lines: Sequence[Line], figure: Figure | None) -> Section:
    """A dataset's section."""
    parts: list[Part] = []
    if figure is not None:
        said = f"Real series of {name}, and samples, a reconstruction and codes of each family."
        parts.append(make_picture(figure, said))
    parts.append(_make_table(lines))
    parts += [Note(f"{line.entry}: {why}") for line in lines for why in line.ended]
    return Section(name, name, described, tuple(parts))


def _make_table(lines: Sequence[Line]) -> Table:
    return Table(HEAD, tuple(map(format_line, lines)), NUMBERS)
