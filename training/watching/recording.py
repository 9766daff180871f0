"""What was seen of a fit so far, bounded, as plain values that a page can show."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from training.learning.watcher import Look, Stage, Step
from training.report.palette import make_key
from training.watching.plane import GRID, Frame, Plane, find_plane, fit_frame
from training.watching.viewer import Subject

MOST_KEPT = 400
"""Looks of a fit; of more, every second goes."""

MOST_POINTS = 96
"""Timepoints of a series as it is drawn."""

MOST_CHANNELS = 3

Json = dict[str, Any]


@dataclass
class StageRecord:
    """How far a stage came. seconds: since it began, in this start; values: `(step, value)` by name, of the parts of
    the loss and of what looks scored."""

    began: float
    last: Step
    seconds: float = 0.0
    has_ended: bool = False
    values: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def add(self, step: Step, values: Mapping[str, float]) -> None:
        """Note what was measured at a step."""
        for name, value in values.items():
            self.values.setdefault(name, []).append((step.number, float(f"{value:.4g}")))

    def describe(self, stage: Stage) -> Json:
        """For the page; `left` are the seconds to come at the speed so far, None before the first step."""
        taken = self.last.number - stage.done
        left = self.seconds / taken * (stage.steps - self.last.number) if taken else None
        return {
            "title": stage.title,
            "part": stage.part,
            "steps": stage.steps,
            "step": self.last.number,
            "epochs": round(self.last.epochs, 1),
            "seconds": round(self.seconds, 1),
            "left": None if left is None else round(left, 1),
            "ended": self.has_ended,
            "values": self.values,
        }


class Recording:
    """Stages and looks of one fit; one thread may read while another tells of more."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.looks: list[tuple[Stage, Look]] = []
        self.revision = 0
        self._stages: list[tuple[Stage, StageRecord]] = []
        self._running: dict[Stage, StageRecord] = {}
        self._ending: Json = {"status": "running"}
        self._began = time.monotonic()
        self._plane: Plane | None = None
        self._frame: Frame | None = None
        self._lock = threading.RLock()

    def begin_stage(self, stage: Stage) -> None:
        """Note that a stage begins."""
        with self._change():
            self._running[stage] = StageRecord(time.monotonic(), Step(stage.done, 0.0))
            self._stages.append((stage, self._running[stage]))

    def report_step(self, stage: Stage, step: Step) -> None:
        """Note a step."""
        with self._change():
            record = self._running[stage]
            record.last, record.seconds = step, time.monotonic() - record.began
            record.add(step, step.losses)

    def end_stage(self, stage: Stage) -> None:
        """Note the end of a stage."""
        with self._change():
            record = self._running.pop(stage)
            record.has_ended, record.seconds = True, time.monotonic() - record.began

    def report_look(self, stage: Stage, look: Look) -> None:
        """Note a look. Those with pictures are kept."""
        with self._change():
            self._running[stage].add(look.step, look.numbers)
            if look.series is None:
                return
            self.looks.append((stage, look))
            if len(self.looks) > MOST_KEPT:
                self.looks = self.looks[::-2][::-1]
            if look.latent is not None:
                self._plane, self._frame = find_plane(look.latent, self._plane), None

    def end(self, status: str, **facts: Any) -> None:
        """Note how the fit ended: "finished" or "stopped"."""
        with self._change():
            self._ending = {"status": status, "seconds": round(time.monotonic() - self._began, 1), **facts}

    @property
    def has_ended(self) -> bool:
        """Whether `end` was told."""
        return bool(self._ending["status"] != "running")

    @contextlib.contextmanager
    def _change(self) -> Iterator[None]:
        with self._lock:
            yield
            self.revision += 1

    def describe_subject(self) -> Json:
        """What does not change during the fit."""
        own = self.subject
        series, low, high = self._find_series_range()
        return {
            "name": own.name,
            "dataset": own.dataset,
            "labelled": own.is_labelled,
            "classes": [list(entry) for entry in make_key(list(own.labels)).entries],
            "kind": own.kind,
            "points": {"class": own.class_index.tolist(), "learned": own.is_learned.astype(int).tolist()},
            "drawn": {
                "class": own.class_index[own.drawn].tolist(),
                "learned": bool(own.is_learned[own.drawn].all()),
                "series": self._place_series(own.series),
                "channels": list(own.channel_names[: series.shape[1]]),
                "n_channels": own.series.shape[1],
                "low": [float(f"{value:.3g}") for value in low],
                "high": [float(f"{value:.3g}") for value in high],
                "n_timepoints": own.n_timepoints,
            },
        }

    def describe_state(self) -> Json:
        """How far the fit is."""
        with self._lock:
            return {
                "revision": self.revision,
                "seconds": round(time.monotonic() - self._began, 1),
                "looks": [
                    {
                        "stage": stage.title,
                        "step": look.step.number,
                        "epoch": round(look.step.epochs, 1),
                        **_round(look),
                    }
                    for stage, look in self.looks
                ],
                "stages": [record.describe(stage) for stage, record in self._stages],
                **self._ending,
            }

    def describe_look(self, number: int) -> Json:
        """The pictures of a look: `places` of all cases shown, None without codes, and `series` of those drawn.

        Places lie in the principal plane of the newest codes. Raises `IndexError` where there is no such look.
        """
        with self._lock:
            _, look = self.looks[number]
            assert look.series is not None, "only looks with pictures are kept"
            places = None if look.latent is None else self.place(look.latent).round().astype(int).tolist()
            return {"places": places, "series": self._place_series(look.series)}

    def describe_all(self) -> Json:
        """Everything, for a page that stands by itself."""
        with self._lock:
            looks = [self.describe_look(number) for number in range(len(self.looks))]
            return {"subject": self.describe_subject(), "state": self.describe_state(), "looks": looks}

    def place(self, latent: np.ndarray) -> np.ndarray:
        """Codes `[n, latent_dim]` in the plane of the newest, `[n, 2]`: 0 … GRID holds every look."""
        assert self._plane is not None, "a look with codes brings a plane"
        if self._frame is None:
            self._frame = fit_frame(
                [self._plane.project(look.latent) for _, look in self.looks if look.latent is not None]
            )
        return self._frame.place(self._plane.project(latent))

    def _place_series(self, series: np.ndarray) -> list[Any]:
        """Series `[n, n_channels, n_timepoints]` thinned out for drawing, 0 … GRID over the range of those given."""
        thinned, low, high = self._find_series_range(series)
        placed = GRID * (thinned - low[:, None]) / (high - low)[:, None]
        return np.clip(placed, -GRID, 2 * GRID).round().astype(int).tolist()  # type: ignore[no-any-return]

    def _find_series_range(self, series: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The first channels of `series`, thinned out, and the low and high `[n_channels]` of the cases drawn."""
        cases = self.subject.series[:, :MOST_CHANNELS].astype(np.float64)
        low, high = cases.min(axis=(0, 2)), cases.max(axis=(0, 2))
        margin = np.where(high > low, 0.08 * (high - low), 1.0)
        given = cases if series is None else series[:, :MOST_CHANNELS].astype(np.float64)
        index = np.linspace(0, given.shape[2] - 1, min(given.shape[2], MOST_POINTS)).round().astype(int)
        return given[:, :, index], low - margin, high + margin


def _round(look: Look) -> Json:
    return {"numbers": {name: float(f"{value:.4g}") for name, value in look.numbers.items()}}
