"""How good synthetic series are against held-out real ones; one family of measures per file."""

from __future__ import annotations

from training.quality.measuring import measure_quality

__all__ = ["measure_quality"]
