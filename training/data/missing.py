"""Values that stand for a missing one become NaN, and are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from training.data.raw import Raw, Series
from training.data.text import is_number


def mark_missing(raw: Raw, codes: Sequence[str]) -> Raw:
    """`raw` with NaN for each value that equals one of `codes`; a code that is no number is the reader's to find."""
    numbers = [float(code) for code in codes if is_number(code)]
    if not numbers:
        return raw
    if isinstance(raw.series, np.ndarray):
        found = np.isin(raw.series, numbers)
        series: Series = np.where(found, np.nan, raw.series) if found.any() else raw.series
        count = int(found.sum())
    else:
        marks = [[np.isin(channel, numbers) for channel in case] for case in raw.series]
        count = sum(int(mark.sum()) for case in marks for mark in case)
        series = [
            [np.where(mark, np.nan, channel) for channel, mark in zip(case, of_case, strict=True)]
            for case, of_case in zip(raw.series, marks, strict=True)
        ]
    if count == 0:
        return raw
    return replace(
        raw, series=series, notes=(*raw.notes, f"values taken for missing ones ({', '.join(codes)}): {count}")
    )
