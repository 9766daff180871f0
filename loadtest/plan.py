"""How long and how much: the full benchmark, and the quick one, which keeps the rounds and the targets' cells."""

from __future__ import annotations

from dataclasses import dataclass

CLIENTS = (1, 16, 64)


@dataclass(frozen=True)
class Plan:
    """Seconds are per cell; `curve_rates` in requests per second."""

    name: str
    rounds: int
    cell_seconds: int
    warm_up_seconds: int
    every_cell: bool
    """Whether cells that no target names are measured too."""
    limit_seconds: float
    bulk_requests: int
    sample_series: int
    sample_rounds: int
    overload_seconds: float
    overload_rounds: int
    starts: int
    curve_seconds: float
    curve_rates: tuple[int, ...]


FULL = Plan(
    name="full",
    rounds=3,
    cell_seconds=3,
    warm_up_seconds=1,
    every_cell=True,
    limit_seconds=0.5,
    bulk_requests=8,
    sample_series=100_000,
    sample_rounds=3,
    overload_seconds=8.0,
    overload_rounds=3,
    starts=3,
    curve_seconds=3.0,
    curve_rates=(500, 1000, 2000, 3000, 4000, 6000, 8000, 10_000, 12_000, 15_000),
)
QUICK = Plan(
    name="quick",
    rounds=3,
    cell_seconds=1,
    warm_up_seconds=0,
    every_cell=False,
    limit_seconds=0.1,
    bulk_requests=2,
    sample_series=5_000,
    sample_rounds=1,
    overload_seconds=2.0,
    overload_rounds=1,
    starts=2,
    curve_seconds=1.0,
    curve_rates=(1000, 3000, 6000, 10_000),
)
