"""A run's results as a picture: rates by server and wire, and the capacity curves."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from loadtest.plan import CLIENTS
from loadtest.results import Point, Results
from loadtest.targets import OURS, compute_median, group_by_cell

OUR_COLOURS = ("#9ecae1", "#4292c6", "#084594")
THEIR_COLOURS = ("#d9d9d9", "#969696", "#525252")


def draw_picture(results: Results, path: Path) -> None:
    """Write the picture."""
    figure, axes = plt.subplots(1, 3, figsize=(17, 6.5), width_ratios=[1.5, 1, 1], layout="constrained")
    _draw_rates(axes[0], results)
    _draw_curves(axes[1], axes[2], results.curve)
    figure.suptitle(f"One series per request: {results.machine['processor']}, {results.machine['cores']} cores")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_rates(axes: Axes, results: Results) -> None:
    cells = group_by_cell(results.outcomes)
    names = list(dict.fromkeys((server, wire) for server, wire, _ in cells))
    names.sort(key=lambda name: max(compute_median(cells.get((*name, n), []), "per_second") or 0 for n in CLIENTS))
    for index, (server, wire) in enumerate(names):
        colours = OUR_COLOURS if server.startswith(OURS) else THEIR_COLOURS
        for place, clients in enumerate(CLIENTS):
            rate = compute_median(cells.get((server, wire, clients), []), "per_second")
            if rate is not None:
                axes.barh(index + (place - 1) * 0.27, rate, 0.25, color=colours[place])
                axes.text(rate, index + (place - 1) * 0.27, f" {rate:.0f}", va="center", fontsize=7)
    axes.set_yticks(range(len(names)), [f"{server}\n{wire}" for server, wire in names], fontsize=8)
    axes.set_xlabel("requests per second; bottom to top: 1, 16, 64 clients")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_curves(throughput: Axes, latency: Axes, points: list[Point]) -> None:
    for name in dict.fromkeys((point.server, point.wire) for point in points):
        own = [point for point in points if (point.server, point.wire) == name]
        offered = [point.offered for point in own]
        (line,) = throughput.plot(offered, [p.answered for p in own], marker="o", ms=3, label=" ".join(name))
        latency.plot(offered, [p.p50_ms for p in own], color=line.get_color(), marker="o", ms=3)
        latency.plot(offered, [p.p99_ms for p in own], color=line.get_color(), marker="o", ms=3, ls="--")
    highest = max((point.offered for point in points), default=1)
    throughput.plot([0, highest], [0, highest], color="#bbbbbb", lw=1, zorder=0)
    throughput.set(xlabel="offered requests per second", ylabel="answered per second")
    if points:
        throughput.legend(fontsize=8)
    latency.set(xlabel="offered requests per second", ylabel="ms from when due: p50, dashed p99", yscale="log")
    for axes in (throughput, latency):
        axes.spines[["top", "right"]].set_visible(False)
