"""What one series of a bundle is: its axes, and what else a bundle takes: other lengths, gaps, times."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bundle.strict import Positive, Share, Strict, Text

MOST_VALUES = 2**20
"""Of one series: channels times timepoints. Warming up takes 64 series."""

LengthPolicy = Literal["fixed", "resample", "pad"]
GapPolicy = Literal["refuse", "interpolate", "mask"]


Range = Annotated[list[float], Field(min_length=2, max_length=2)]


class SeriesShape(Strict):
    """What one series is: `[n_channels, n_timepoints]`, original units; the graphs' grid.

    `length_policy` says how a series of another length comes onto the grid, see `bundle/grid.py`; `shortest` and
    `longest` bound it. `gap_policy` says what becomes of missing values; of a series' length, `longest_gap` is the
    longest run, and `most_missing` the most of its values, that may be missing. `timed`: the training series came
    with times, and each spans the grid from its first to its last. By channel, low and high, in original units:
    `value_range` holds 98 % of the training values, `spread` the standard deviations of 98 % of the training series.
    `class_lengths`: quantiles of the training lengths, by class index.
    """

    n_channels: Positive
    n_timepoints: Positive
    dtype: Literal["float32"] = "float32"
    channel_names: list[Text] | None = None
    sampling_interval: Text | None = None
    units: list[Text] | None = None
    length_policy: LengthPolicy = "fixed"
    shortest: Positive | None = None
    longest: Positive | None = None
    gap_policy: GapPolicy = "refuse"
    longest_gap: Share | None = None
    most_missing: Share | None = None
    timed: bool = False
    value_range: list[Range] | None = None
    spread: list[Range] | None = None
    class_lengths: list[Annotated[list[Positive], Field(min_length=2, max_length=101)]] | None = None

    @property
    def size(self) -> int:
        """Values of one series on the grid."""
        return self.n_channels * self.n_timepoints

    @property
    def largest(self) -> int:
        """Values of the largest series that a caller may send."""
        return self.n_channels * max(self.n_timepoints, self.longest or 0)

    @property
    def is_fixed(self) -> bool:
        """Whether every series has `n_timepoints`."""
        return self.length_policy == "fixed"

    @property
    def takes_times(self) -> Literal[True] | None:
        """Whether series may come with times: True, or None where there are none."""
        return True if self.length_policy == "resample" else None

    @model_validator(mode="after")
    def _is_bounded(self) -> SeriesShape:
        if self.largest > MOST_VALUES:
            raise ValueError(
                f"a series of {self.n_channels} channels and {self.largest // self.n_channels} timepoints has more "
                f"than {MOST_VALUES} values"
            )
        return self

    @model_validator(mode="after")
    def _states_its_bounds(self) -> SeriesShape:
        bounds = (self.shortest, self.longest)
        if self.is_fixed != (bounds == (None, None)):
            raise ValueError("shortest and longest are there where length_policy is not 'fixed', and only there")
        if self.shortest is not None and self.longest is not None and not 2 <= self.shortest <= self.longest:
            raise ValueError(f"shortest is {self.shortest} and longest {self.longest}; 2 ≤ shortest ≤ longest")
        if self.length_policy == "pad" and self.longest != self.n_timepoints:
            raise ValueError("longest is n_timepoints where length_policy is 'pad'")
        if (self.gap_policy == "refuse") != (self.longest_gap is None and self.most_missing is None):
            raise ValueError("longest_gap and most_missing are there where gap_policy is not 'refuse', and only there")
        for name in ("value_range", "spread"):
            if getattr(self, name) is not None and len(getattr(self, name)) != self.n_channels:
                raise ValueError(f"{name} has {len(getattr(self, name))} entries; there is one for each channel")
        if self.gap_policy != "refuse" and (self.longest_gap is None or self.most_missing is None):
            raise ValueError("longest_gap and most_missing belong together")
        return self
