"""A watcher is told how a fit proceeds, stage by stage and step by step, and may end it; bars and logs are watchers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from torch import nn


class Cancelled(Exception):
    """Raised by a watcher to end a fit as an interruption does: checkpoints stay, nothing is published."""


@dataclass(frozen=True)
class Stage:
    """One training loop. `steps` counts from its very beginning, `done` those of an earlier start of the same fit.

    Stages of one part follow each other; parts, such as the folds, may run at the same time.
    """

    title: str
    steps: int
    done: int = 0
    part: str = ""

    @property
    def name(self) -> str:
        """Title and part, as people read them."""
        return f"{self.part}: {self.title}" if self.part else self.title


@dataclass(frozen=True)
class Step:
    """A gradient step that was taken. `number` counts from 1, `epochs` is how often the stage has seen every case so
    far, `losses` are the parts of the loss; they are read about a hundred times a stage and empty in between."""

    number: int
    epochs: float
    losses: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """What a network made of the cases that are shown (`training.watching.looking.Shown`) after `step`.

    numbers: what it scored on cases that it does not learn, by name.
    latent: their posterior means `[n_shown, latent_dim]`; None where nothing encodes.
    series: `[n_drawn, n_channels, n_timepoints]` in original units: reconstructions of the cases that are drawn, or
    samples of their classes where nothing encodes; None where the network makes no series.
    """

    step: Step
    numbers: Mapping[str, float] = field(default_factory=dict)
    latent: np.ndarray | None = None
    series: np.ndarray | None = None


class Watcher(Protocol):
    """Each method may raise `Cancelled`. Calls come one at a time, also from the stages of other processes."""

    def begin_stage(self, stage: Stage) -> None:
        """A stage begins."""

    def report_step(self, stage: Stage, step: Step) -> None:
        """A step was taken."""

    def end_stage(self, stage: Stage) -> None:
        """All steps were taken; a stage that fails has no end."""


class Onlooker(Watcher, Protocol):
    """A watcher that is also shown, where a stage is trained, what is trained there."""

    def offer_network(self, stage: Stage, step: Step, network: nn.Module) -> None:
        """`network` before the first step, and after each. It is in the midst of training: leave its weights, its
        modes and all random numbers as they are."""


@dataclass(frozen=True)
class PartWatcher:
    """Tells a watcher of the stages of one part."""

    watcher: Watcher
    part: str

    def begin_stage(self, stage: Stage) -> None:
        self.watcher.begin_stage(replace(stage, part=self.part))

    def report_step(self, stage: Stage, step: Step) -> None:
        self.watcher.report_step(replace(stage, part=self.part), step)

    def end_stage(self, stage: Stage) -> None:
        self.watcher.end_stage(replace(stage, part=self.part))


class Unwatched:
    """Nobody watches."""

    def begin_stage(self, stage: Stage) -> None:
        """Nothing."""

    def report_step(self, stage: Stage, step: Step) -> None:
        """Nothing."""

    def end_stage(self, stage: Stage) -> None:
        """Nothing."""


UNWATCHED = Unwatched()
