"""Says where what makes synthetic cases was fitted on cases that a classifier may then be judged by."""

from __future__ import annotations

import warnings

from seriesmith.answers import TrainingOverlap
from seriesmith.errors import InvalidRequest

CHECKS = ("warn", "refuse", "off")


class LeakWarning(UserWarning):
    """What makes synthetic cases was fitted on cases that a classifier may be judged by."""


def require_check(check: str) -> None:
    """Raise `InvalidRequest` for a way of checking that there is not."""
    if check not in CHECKS:
        raise InvalidRequest(f"check is {check!r:.60}; pass one of {', '.join(CHECKS)}.", "check")


def check_overlap(overlap: TrainingOverlap | None, check: str) -> None:
    """Warn, or raise `InvalidRequest`, where a model was fitted on given cases and on others; None is not known."""
    if check == "off" or overlap is None or not overlap.partial:
        return
    if check == "refuse":
        raise InvalidRequest(f'{overlap.message} With check="warn" this is a warning.', "series")
    message = f'{overlap.message} With check="off" nothing is said, with "refuse" it is an error.'
    warnings.warn(message, LeakWarning, stacklevel=4)
