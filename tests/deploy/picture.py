"""The dashboard as a picture, without Grafana: its panels, places, titles, units and legends, drawn by matplotlib."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter, PercentFormatter

COLUMNS = 24
"""Grafana's grid."""

SECONDS_OF_A_DAY = 86_400
"""matplotlib counts time in days."""

FORMATS = {
    "s": EngFormatter("s"),
    "bytes": FuncFormatter(lambda value, _: f"{value / 2**20:,.0f} MiB"),
    "percentunit": PercentFormatter(1),
}


def draw_dashboard(client: httpx.Client, dashboard: Path, begin: float, end: float, file: Path) -> None:
    """Draw each panel of `dashboard` as Prometheus knows it from `begin` to `end` (seconds since 1970)."""
    panels = json.loads(dashboard.read_text())["panels"]
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    figure = Figure(figsize=(18, rows * 0.4), layout="constrained")
    grid = figure.add_gridspec(rows, COLUMNS)
    for panel in panels:
        x, y, width, height = (panel["gridPos"][key] for key in "xywh")
        axes = figure.add_subplot(grid[y : y + height, x : x + width])
        for target in panel["targets"]:
            for series in ask_range(client, target["expr"], begin, end):
                draw_series(axes, series, target["legendFormat"])
        finish(axes, panel)
    figure.savefig(file, dpi=80)


def ask_range(client: httpx.Client, expression: str, begin: float, end: float) -> list[Any]:
    """Return the series of a range query, with the variables that Grafana would fill."""
    query = expression.replace("$__rate_interval", "5s").replace("$model", ".*")
    asked: Mapping[str, str | float] = {"query": query, "start": begin, "end": end, "step": 1}
    series: list[Any] = client.get("query_range", params=dict(asked)).raise_for_status().json()["data"]["result"]
    return series


def draw_series(axes: Axes, series: Any, legend: str) -> None:
    name = re.sub(r"{{(\w+)}}", lambda found: series["metric"].get(found[1], ""), legend)
    times = [time / SECONDS_OF_A_DAY for time, _ in series["values"]]
    axes.plot(times, [float(value) for _, value in series["values"]], label=name, linewidth=1.2)


def finish(axes: Axes, panel: Any) -> None:
    axes.set_title(panel["title"], fontsize=10, loc="left")
    if form := FORMATS.get(panel["fieldConfig"]["defaults"].get("unit", "")):
        axes.yaxis.set_major_formatter(form)
    axes.set_ylim(0, 1.3 * axes.get_ylim()[1])  # room for the legend
    axes.tick_params(labelsize=7)
    axes.xaxis_date()
    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=5))
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M:%S"))
    axes.grid(alpha=0.25)
    axes.legend(fontsize=6, ncols=2, loc="upper left", framealpha=0.7)
