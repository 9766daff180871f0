"""`python training/walk.py`: series on the way between two classes, and along the latent axes that change most."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

if __name__ == "__main__":  # before what takes seconds to import
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("walk")

import matplotlib
import numpy as np
import tyro

from bundle.engine.bundle import Bundle
from bundle.errors import SeriesmithError, Unsupported
from bundle.generation.walks import Method, interpolate, traverse
from training.settings import Bounds, ConfigurationError, check_bounds

LARGEST_DEVIATION = 2.0
"""How far each axis is moved either way, in standard deviations of the class."""


@dataclass(frozen=True)
class WalkConfiguration:
    """Draw what a bundle decodes between its classes, and along its latent axes around the first of them."""

    bundle: Path
    """The bundle's directory."""
    out: Path
    """Where to write the PNG."""
    method: Method = "linear"
    """How the way between two classes goes."""
    channel: Annotated[int, Bounds(ge=0)] = 0
    """The channel drawn."""
    steps: Annotated[int, Bounds(ge=2)] = 9
    """Points on each way."""
    n_axes: Annotated[int, Bounds(ge=1)] = 5
    """How many axes are drawn: those along which the series change most."""

    def __post_init__(self) -> None:
        check_bounds(self)


def draw(configuration: WalkConfiguration) -> None:
    """Write the picture. Raises `Unsupported` where the bundle has no mixture, and so no place for its classes."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    bundle = Bundle.load(configuration.bundle.resolve())
    bundle.require("traverse")
    if configuration.channel >= bundle.manifest.series.n_channels:
        raise ConfigurationError(
            f"--channel is {configuration.channel}; the bundle has the channels 0 to "
            f"{bundle.manifest.series.n_channels - 1}."
        )
    panels = [*draw_ways(bundle, configuration), *draw_axes(bundle, configuration)]
    n_columns = min(3, len(panels))
    n_rows = -(-len(panels) // n_columns)
    figure, axes = pyplot.subplots(n_rows, n_columns, figsize=(4 * n_columns, 2.2 * n_rows), squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis, (title, series) in zip(axes.flat, panels, strict=False):
        _draw_panel(axis, series[:, configuration.channel], title)
    figure.tight_layout()
    configuration.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(configuration.out, dpi=90)


def draw_ways(bundle: Bundle, configuration: WalkConfiguration) -> list[tuple[str, np.ndarray]]:
    """Return the series `[steps, n_channels, n_timepoints]` on the way from each class to the next, with a title."""
    centres, labels = find_centres(bundle), bundle.manifest.labels
    positions = np.linspace(0, 1, configuration.steps)
    ways = interpolate(centres[:-1], centres[1:], positions, configuration.method).astype(np.float32)
    return [
        (f"class {labels[index]} to {labels[index + 1]}, {configuration.method}", bundle.decode(codes))
        for index, codes in enumerate(ways)
    ]


def draw_axes(bundle: Bundle, configuration: WalkConfiguration) -> list[tuple[str, np.ndarray]]:
    """Return the series along the axes that change them most around the first class, with a title."""
    positions = np.linspace(-LARGEST_DEVIATION, LARGEST_DEVIATION, configuration.steps)
    centre, every = find_centres(bundle)[:1], np.arange(bundle.latent_dim)
    assert bundle.mixture is not None
    (codes,) = traverse(centre, bundle.mixture.deviations[:1], every, positions)
    moved = [bundle.decode(along.astype(np.float32)) for along in codes]
    change = [float(np.std(series, axis=0).mean()) for series in moved]
    most = np.argsort(change)[::-1][: configuration.n_axes]
    label = bundle.manifest.labels[0]
    reach = f"±{LARGEST_DEVIATION:g} deviations"
    return [(f"class {label}, axis {axis}, {reach}", moved[axis]) for axis in most.tolist()]


def find_centres(bundle: Bundle) -> np.ndarray:
    """Return where each class lies, `[n_classes, latent_dim]`. Raises `Unsupported` without a mixture."""
    if bundle.mixture is None:
        raise Unsupported(
            f"model {bundle.manifest.name!r} has no mixture, so that its classes have no place to walk from."
        )
    return bundle.mixture.centres


def _draw_panel(axis: Any, series: np.ndarray, title: str) -> None:
    colours = matplotlib.colormaps["viridis"](np.linspace(0, 0.9, len(series)))
    for own, colour in zip(series, colours, strict=True):
        axis.plot(own, color=colour, linewidth=1.1)
    axis.set_title(title, fontsize=9, loc="left")
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=8)


def main(arguments: list[str] | None = None, prog: str = "walk.py") -> int:
    """The command line; answers the exit status."""
    try:
        draw(tyro.cli(WalkConfiguration, args=arguments, prog=prog))
    except (ConfigurationError, SeriesmithError, OSError) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 2
    return 0
