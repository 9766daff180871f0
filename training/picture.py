"""`python training/picture.py`: real series beside synthetic ones, class by class, as a PNG."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # before what takes seconds to import
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("picture")

import matplotlib
import numpy as np
import tyro

from bundle.engine.bundle import Bundle
from bundle.errors import SeriesmithError
from training import data as datasets


@dataclass(frozen=True)
class PictureConfiguration:
    """Draw training series of a dataset beside series sampled from its bundle."""

    bundle: Path
    """The bundle's directory."""
    out: Path
    """Where to write the PNG."""
    dataset: str
    """The dataset's name, as for fit.py."""
    data: Path | None = None
    """Its folder or file, as for fit.py."""
    channel: int = 0
    """The channel drawn."""
    n_series: int = 12
    """Series per class and side."""
    seed: int = 0
    """Seed of the synthetic ones."""


def draw(configuration: PictureConfiguration) -> None:
    """Write the picture."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    bundle = Bundle.load(configuration.bundle.resolve())
    train = datasets.load(configuration.dataset, configuration.data).train
    labels = bundle.manifest.labels
    own = np.array([labels.index(label) for label in train.labels or ("all",) * len(train.series)])
    size = (9, 1.9 * len(labels) + 0.4)
    figure, axes = pyplot.subplots(len(labels), 2, figsize=size, sharex=True, sharey="row", squeeze=False)
    for index, label in enumerate(labels):
        real = train.series[own == index][: configuration.n_series]
        made = bundle.sample(index, configuration.n_series, configuration.seed).series
        _draw_panel(axes[index, 0], real[:, configuration.channel], f"class {label}: real", "#1f4e79")
        _draw_panel(axes[index, 1], made[:, configuration.channel], f"class {label}: synthetic", "#b5541c")
    for axis in axes[-1]:
        axis.set_xlabel("timepoint")
    figure.tight_layout()
    configuration.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(configuration.out, dpi=90)


def _draw_panel(axis: Any, series: np.ndarray, title: str, colour: str) -> None:
    axis.plot(series.T, color=colour, linewidth=0.7, alpha=0.75)
    axis.set_title(title, fontsize=9, loc="left")
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=8)


def main(arguments: list[str] | None = None, prog: str = "picture.py") -> int:
    """The command line; answers the exit status."""
    try:
        draw(tyro.cli(PictureConfiguration, args=arguments, prog=prog))
    except (datasets.DatasetError, SeriesmithError, OSError) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 2
    return 0
