"""`python -m training.evaluation.completing_picture`: test cases of which values were hidden, and their completions.

What was observed, what was hidden, some completions and the interval that holds nine tenths of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bundle.engine.bundle import Bundle
from bundle.generation.completing import Completer, Wish, run
from bundle.generation.partial import PartialCase
from training import data as datasets
from training.evaluation.gaps import MASKS

OURS, TRUTH = "#4c78a8", "#e45756"
N_COMPLETIONS = 4


@dataclass(frozen=True)
class PictureConfiguration:
    """Draw a test case of each bundle's dataset, one that aeon has, completed."""

    out: Path
    bundles: tuple[Path, ...] = (Path("models/gunpoint/1"), Path("models/basicmotions/1"))
    case: int = 0
    """Which test case."""


def draw_completions(cases: Sequence[tuple[str, np.ndarray, Completer]], file: Path) -> None:
    """Draw the first channel of each case, a row by its name, under each way of hiding values, a column."""
    figure = Figure(figsize=(11, 2.3 * len(cases)), dpi=90, layout="constrained")
    axes = figure.subplots(len(cases), len(MASKS), squeeze=False)
    for row, (name, series, completer) in zip(axes, cases, strict=True):
        for panel, (hidden, hide) in zip(row, MASKS.items(), strict=True):
            missing = hide(series.shape[1], np.random.default_rng(1))
            _draw(panel, series, missing, completer)
            panel.set_title(f"{name}, hidden: {hidden}", fontsize=9)
    axes[0, 0].legend(fontsize=7, frameon=False)
    figure.savefig(file)


def _draw(panel: Axes, series: np.ndarray, missing: np.ndarray, completer: Completer) -> None:
    time = np.arange(len(missing))
    case = PartialCase(np.where(missing, np.nan, series).astype(np.float32), time.astype(np.float64))
    completion = run(completer.complete(case, Wish(N_COMPLETIONS, 0.9, 0)))
    near = np.convolve(missing, [1, 1, 1], "same") > 0  # lines that reach the values on both sides
    panel.fill_between(time, completion.lower[0], completion.upper[0], color=OURS, alpha=0.25, lw=0, label="90 %")
    for place, drawn in enumerate(completion.completions[:, 0]):
        panel.plot(time, np.where(near, drawn, np.nan), color=OURS, lw=0.7, label="completions" if place == 0 else None)
    panel.plot(time, np.where(near, series[0], np.nan), "--", color=TRUTH, lw=1.3, label="hidden")
    panel.plot(time, case.values[0], color="black", lw=1.5, label="observed")
    panel.tick_params(labelsize=7)
    panel.spines[["top", "right"]].set_visible(False)


def main(arguments: list[str] | None = None) -> int:
    """The command line; answers the exit status."""
    configuration = tyro.cli(PictureConfiguration, args=arguments, prog="completing_picture")
    rows = []
    for directory in configuration.bundles:
        bundle = Bundle.load(directory.resolve())
        dataset = datasets.load(bundle.manifest.provenance.dataset)
        assert dataset.test is not None, "these datasets have test cases"
        rows.append((dataset.name, dataset.test.series[configuration.case], bundle.completer))
    draw_completions(rows, configuration.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
