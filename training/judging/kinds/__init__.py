"""Kinds of classifier that people train, one file each, found by their names, which stand in `bundle.evidence`.

A kind is a module with `REPEATS`, how often it judges with other seeds, and `judge(bench) -> Judgement`. A Judgement
answers, for an arm and a seed, scores `[n_asked, n_classes]` of the cases asked for; the highest score is the class.
None: the kind cannot do what the arm says.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, cast, get_args

import numpy as np

from bundle.evidence import JudgeKind
from training.judging.arms import Arm
from training.learning.cases import TrainingCases, standardise
from training.learning.maker import Maker
from training.learning.watcher import UNWATCHED, Watcher

Judgement = Callable[[Arm, int], np.ndarray | None]

Extent = Literal["full", "brief", "none"]


@dataclass(frozen=True)
class Bench:
    """Real cases to learn from, cases whose class is asked for, both in original units, and what was learned of the
    real ones; `known` are class log probabilities of the asked `[n_asked, n_classes]` by a network of the real cases
    alone, None where there is none yet."""

    real: TrainingCases
    asked: TrainingCases
    maker: Maker
    known: np.ndarray | None = None
    watcher: Watcher = UNWATCHED

    def standardise(self, cases: TrainingCases) -> np.ndarray:
        """Their series as networks see them, `[n_cases, n_channels, working_timepoints]`."""
        series: np.ndarray = standardise(cases, self.maker.scaling).series.numpy()
        return series

    def join_classes(self, arm: Arm) -> np.ndarray:
        """The classes of the real cases, then of those that the arm adds."""
        return np.concatenate([self.real.class_index, arm.added.class_index])


class Kind(Protocol):
    """A module of this package."""

    REPEATS: int

    def judge(self, bench: Bench) -> Judgement: ...


def choose_kinds(extent: Extent) -> tuple[JudgeKind, ...]:
    """The kinds that judge: all; in brief those that take tenths of a second; or none."""
    kinds: tuple[JudgeKind, ...] = get_args(JudgeKind)
    if extent == "brief":
        return tuple(kind for kind in kinds if import_kind(kind).REPEATS > 1)
    return kinds if extent == "full" else ()


def import_kind(name: JudgeKind) -> Kind:
    """The kind of that name."""
    return cast(Kind, importlib.import_module(f"{__name__}.{name}"))


def spread_scores(scores: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """Scores `[n]` of the second of two classes, or `[n, n_known]`, as `[n, n_classes]`; unknown ones are last."""
    own = np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores
    found = np.full((len(own), n_classes), own.min() - 1.0)
    found[:, classes] = own
    return found
