"""Judges, one file each, found by name (a hyphen in a name is an underscore in the file's).

A judge is a module with `takes(policy) -> bool` and `judge(trial) -> Judgement`, where a Judgement answers the test
set's class probabilities `[n, n_classes]` under a policy. Judges that only name a class set `ODDS = False`: their
probabilities are 0 and 1, and no likelihood is reported.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Protocol, cast

import numpy as np

from bundle.finding import list_modules
from training.evaluation.trial import Trial

Judgement = Callable[[str], np.ndarray]

OURS = ("fcn", "served")
"""Judges of what a fit trains itself; to the others a policy is cases put beside the real ones."""


class Judge(Protocol):
    """A module of this package."""

    ODDS: bool

    def takes(self, policy: str) -> bool: ...

    def judge(self, trial: Trial) -> Judgement: ...


def list_known() -> tuple[str, ...]:
    """Every judge's name, our own first."""
    found = [name.replace("_", "-") for name in list_modules(__name__)]
    return tuple(sorted(found, key=lambda name: (not name.startswith("fcn"), name)))


def import_judge(name: str) -> Judge:
    """The judge of that name."""
    return cast(Judge, importlib.import_module(f"{__name__}.{name.replace('-', '_')}"))
