"""What a viewer of a fit is told, and how several of them watch one fit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from bundle.manifest import Manifest
from training.configuration import FitConfiguration
from training.learning.watcher import Look, Stage, Step, Watcher

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subject:
    """A fit that begins, and the cases that its networks are looked at by.

    labels: of the classes, as text. class_index `[n_shown]` and is_learned `[n_shown]`: of the cases whose codes are
    shown, and whether they are trained on. drawn: indices of those of which series are drawn; series `[n_drawn,
    n_channels, n_timepoints]`: these, in original units, at the networks' working length. n_timepoints: of a series as
    it came. kind: what the cases that are not learned are, in words.
    """

    name: str
    dataset: str
    configuration: FitConfiguration
    labels: tuple[str, ...]
    is_labelled: bool
    class_index: np.ndarray
    is_learned: np.ndarray
    drawn: np.ndarray
    series: np.ndarray
    n_timepoints: int
    kind: str
    channel_names: tuple[str, ...]


class Viewer(Watcher, Protocol):
    """A watcher that is told of the whole fit, in the process that began it.

    `begin_fit` comes before any stage, `end_fit` after the bundle is published, and `close` at last, also where the fit
    failed; `reason` says why it ended early, None where it did not. Looks are told of the stages that learn all cases.
    """

    def begin_fit(self, subject: Subject) -> None:
        """A fit begins."""

    def report_look(self, stage: Stage, look: Look) -> None:
        """A network was looked at."""

    def begin_publishing(self, manifest: Manifest) -> None:
        """The fit is complete, and the bundle of this manifest is about to appear, or to be kept aside."""

    def end_fit(self, manifest: Manifest, directory: Path) -> None:
        """The bundle was published; what is shown of it goes into `directory`, its report's."""

    def close(self, reason: str | None) -> None:
        """Nothing more will be told."""


class Several:
    """A watcher and the viewers beside it, told one after the other; itself a `Viewer`.

    A viewer that fails is told no more, and the fit goes on without it. What it refuses at the beginning ends the fit.
    """

    def __init__(self, watcher: Watcher, viewers: Sequence[Viewer]) -> None:
        self.viewers = list(viewers)
        self._watcher = watcher

    def begin_stage(self, stage: Stage) -> None:
        self._watcher.begin_stage(stage)
        self._tell("begin_stage", stage)

    def report_step(self, stage: Stage, step: Step) -> None:
        self._watcher.report_step(stage, step)
        self._tell("report_step", stage, step)

    def end_stage(self, stage: Stage) -> None:
        self._watcher.end_stage(stage)
        self._tell("end_stage", stage)

    def begin_fit(self, subject: Subject) -> None:
        for viewer in self.viewers:
            viewer.begin_fit(subject)

    def report_look(self, stage: Stage, look: Look) -> None:
        self._tell("report_look", stage, look)

    def begin_publishing(self, manifest: Manifest) -> None:
        """Unlike the others, a viewer that cannot note this ends the fit: it would be published unnoticed."""
        for viewer in self.viewers:
            viewer.begin_publishing(manifest)

    def announce(self, make_manifest: Callable[[int], Manifest]) -> Callable[[int], Manifest]:
        """`make_manifest`, with each manifest told before it is used."""

        def make(version: int) -> Manifest:
            manifest = make_manifest(version)
            self.begin_publishing(manifest)
            return manifest

        return make

    def end_fit(self, manifest: Manifest, directory: Path) -> None:
        self._tell("end_fit", manifest, directory)

    def close(self, reason: str | None) -> None:
        self._tell("close", reason)

    def _tell(self, method: str, *arguments: object) -> None:
        for viewer in list(self.viewers):
            try:
                getattr(viewer, method)(*arguments)
            except Exception as error:
                self.viewers.remove(viewer)
                logger.warning("%s failed (%s); the fit goes on without it.", type(viewer).__name__, error)
