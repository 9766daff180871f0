"""What a comparison of families is asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from training.settings import Bounds, check_bounds


@dataclass(frozen=True)
class FamiliesConfiguration:
    """Fit every family to the same datasets, serve what comes of it, and write a table and a page. Run again, it goes
    on where it was stopped. What is not listed here goes to fit.py: --dataset, --data, --label …"""

    out: Path
    """Folder of results.csv, table.md, comparison.html, pictures/, and of the bundles and reports."""
    plan: Path | None = None
    """TOML file with a table [datasets]: a name, and the flags by which fit.py reads it."""
    families: tuple[str, ...] = ()
    """Entries such as vae-dense or generator-flow, or kinds: vae, generator, classifier (default: everything)."""
    seeds: Annotated[int, Bounds(ge=1)] = 1
    """Each dataset is fitted with the seeds 0 … seeds − 1."""
    budget_seconds: Annotated[float, Bounds(gt=0)] = 180.0
    """CPU seconds after which a fit is ended, and the table says so."""
    workers: Annotated[int, Bounds(ge=1)] = field(default_factory=lambda: os.cpu_count() or 1)
    """Fits side by side, one thread each."""
    serve: bool = True
    """Measure series a second through a server, too."""

    def __post_init__(self) -> None:
        check_bounds(self)
