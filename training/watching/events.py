"""`--events`: what happens in a fit is appended to a file, one JSON object a line, for a process that follows it.

`event` says what a line is, `begin`, `stage`, `step`, `look`, `stage_end`, `publishing`, `published` or `end`, and
`time` when that was, in seconds since 1970. A fit that goes on after it was killed appends to the same file; each
start has its `begin`.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from bundle.manifest import Manifest, write_manifest
from training.learning.watcher import Look, Stage, Step
from training.watching.plane import Plane, find_plane
from training.watching.viewer import Subject

STEP_SECONDS, LOOK_SECONDS = 0.2, 0.25
"""Between two steps, and two looks, that are written; what comes sooner is written with the next one, or at the end."""

MOST_POINTS = 128
"""Timepoints of a series as it is drawn."""

MOST_CHANNELS = 3

DIGITS = 4


class Events:
    """A `Viewer` that writes each event at once, so that nothing is lost when the process is killed."""

    def __init__(self, file: Path) -> None:
        """Raises `OSError` where the file cannot be written."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file.open("ab", buffering=0)
        if self._file.tell():
            self._file.write(b"\n")  # what was killed may have left half a line
        self._subject: Subject | None = None
        self._steps: dict[Stage, Step] = {}
        self._looks: dict[Stage, Look] = {}
        self._told_step = self._told_look = 0.0
        self._plane: Plane | None = None

    def begin_fit(self, subject: Subject) -> None:
        self._subject = subject
        self._write("begin", name=subject.name, dataset=subject.dataset, labels=subject.labels)

    def begin_stage(self, stage: Stage) -> None:
        self._write("stage", **_describe(stage), done=stage.done)

    def report_step(self, stage: Stage, step: Step) -> None:
        self._hold(stage, step, step.losses)

    def end_stage(self, stage: Stage) -> None:
        self._tell_step(stage)
        self._tell_look(stage)
        self._write("stage_end", **_describe(stage))

    def report_look(self, stage: Stage, look: Look) -> None:
        if look.series is None:
            return self._hold(stage, look.step, look.numbers)
        self._looks[stage] = look
        if time.monotonic() - self._told_look >= LOOK_SECONDS:
            self._tell_look(stage)
        return None

    def begin_publishing(self, manifest: Manifest) -> None:
        """Write which bundle is about to appear, to the disk: who finds a bundle of this digest knows that it is of
        this fit, whatever was killed in between. Raises `OSError`."""
        digest = hashlib.sha256(write_manifest(manifest)).hexdigest()
        objections = list(manifest.metrics.objections)
        self._write("publishing", name=manifest.name, version=manifest.version, sha256=digest, objections=objections)
        os.fsync(self._file.fileno())

    def end_fit(self, manifest: Manifest, directory: Path) -> None:
        del directory
        self._write("published", name=manifest.name, version=manifest.version)

    def close(self, reason: str | None) -> None:
        self._write("end", reason=reason)
        self._file.close()

    def _hold(self, stage: Stage, step: Step, numbers: Mapping[str, float]) -> None:
        """Add to what is told of a stage next, which is now where it is time."""
        held = self._steps.get(stage)
        self._steps[stage] = Step(step.number, step.epochs, {**(held.losses if held else {}), **numbers})
        if time.monotonic() - self._told_step >= STEP_SECONDS:
            self._tell_step(stage)

    def _tell_step(self, stage: Stage) -> None:
        if (step := self._steps.pop(stage, None)) is not None:
            self._told_step = time.monotonic()
            losses = {name: _round(value) for name, value in step.losses.items()}
            self._write("step", **_describe(stage), step=step.number, epochs=round(step.epochs, 2), losses=losses)

    def _tell_look(self, stage: Stage) -> None:
        if (look := self._looks.pop(stage, None)) is None:
            return
        self._told_look = time.monotonic()
        own = self._subject
        assert own is not None, "a fit begins before anything is looked at"
        assert look.series is not None, "only looks with series are held"
        points = None
        if look.latent is not None:
            self._plane = find_plane(look.latent, self._plane)
            points = _round(self._plane.project(look.latent))
        self._write(
            "look",
            **_describe(stage),
            step=look.step.number,
            epochs=round(look.step.epochs, 2),
            numbers={name: _round(value) for name, value in look.numbers.items()},
            points=points,
            class_index=own.class_index,
            learned=own.is_learned,
            labels=own.labels,
            drawn=own.drawn,
            channels=own.channel_names[:MOST_CHANNELS],
            series=_thin(own.series),
            reconstructions=_thin(look.series),
        )

    def _write(self, event: str, **facts: Any) -> None:
        line = {"event": event, "time": round(time.time(), 3), **facts}
        self._file.write(orjson.dumps(line, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE))


def _describe(stage: Stage) -> dict[str, Any]:
    return {"stage": stage.name, "title": stage.title, "part": stage.part, "steps": stage.steps}


def _thin(series: np.ndarray) -> Any:
    """Series `[n, n_channels, n_timepoints]` as they are drawn: few channels, and of many timepoints an even choice."""
    index = np.linspace(0, series.shape[2] - 1, min(series.shape[2], MOST_POINTS)).round().astype(int)
    return _round(series[:, :MOST_CHANNELS, index])


def _round(values: Any) -> Any:
    """Numbers of few digits, as plain lists; JSON's null for those that are not finite."""
    array = np.asarray(values, np.float64)
    with np.errstate(all="ignore"):
        size = np.where(array == 0, 1.0, np.abs(array))
        unit = 10.0 ** (DIGITS - 1 - np.floor(np.log10(size)))
        rounded = np.round(array * unit) / unit
    return np.where(np.isfinite(rounded), rounded, np.nan).tolist()
