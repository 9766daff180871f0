"""`--track`: a fit's losses, settings, results and pictures go to the trackers that are named."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bundle.manifest import Manifest
from training.learning.watcher import Look, Stage, Step
from training.watching.pictures import draw_map, draw_series
from training.watching.plane import Plane, find_plane, fit_frame
from training.watching.tracking import Setting, Track, open_track, require_tracker
from training.watching.viewer import Subject

PICTURES = 10
"""Looks of a stage of which pictures are kept, besides the first."""


class Tracking:
    """A `Viewer` that tells trackers of the fit, each in words of its own; `folder` holds what they keep."""

    def __init__(self, trackers: Sequence[str], folder: Path) -> None:
        """Raises `ConfigurationError` for a tracker that is not known or not installed."""
        for tracker in trackers:
            require_tracker(tracker)
        self._trackers, self._folder = trackers, folder
        self._tracks: list[Track] = []
        self._counts: dict[str, int] = {}
        self._names: dict[Stage, str] = {}
        self._planes: dict[Stage, Plane] = {}
        self._pictured: dict[Stage, int] = {}
        self._succeeded = False

    def begin_fit(self, subject: Subject) -> None:
        self._subject = subject
        name = f"{subject.name}-{datetime.now():%Y%m%d-%H%M%S}"
        for tracker in self._trackers:
            self._tracks.append(track := open_track(tracker, name, self._folder))
            print(f"track: {track.place}", file=sys.stderr, flush=True)
            track.log_settings(dict(flatten(subject.configuration.record())))

    def begin_stage(self, stage: Stage) -> None:
        """Stages that are called alike are numbered: `VAE`, `VAE_2`."""
        name = make_name(stage)
        self._counts[name] = self._counts.get(name, 0) + 1
        self._names[stage] = name if self._counts[name] == 1 else f"{name}_{self._counts[name]}"

    def report_step(self, stage: Stage, step: Step) -> None:
        if step.losses:
            self._log_numbers(stage, step, step.losses)

    def end_stage(self, stage: Stage) -> None:
        """Nothing."""

    def report_look(self, stage: Stage, look: Look) -> None:
        if look.numbers:
            self._log_numbers(stage, look.step, look.numbers)
        due = PICTURES * look.step.number // stage.steps
        if look.series is None or due == self._pictured.get(stage):
            return
        self._pictured[stage] = due
        pictures = {"series": draw_series(self._subject, look)}
        if look.latent is not None:
            plane = self._planes[stage] = find_plane(look.latent, self._planes.get(stage))
            places = plane.project(look.latent)
            pictures["latent"] = draw_map(self._subject, fit_frame([places]).place(places))
        for track in self._tracks:
            for kind, picture in pictures.items():
                track.log_picture(f"{self._names[stage]}/{kind}", look.step.number, picture)

    def begin_publishing(self, manifest: Manifest) -> None:
        """Nothing."""

    def end_fit(self, manifest: Manifest, directory: Path) -> None:
        del directory
        self._succeeded = True
        results = dict(list_results(manifest))
        for track in self._tracks:
            track.log_results(results)

    def close(self, reason: str | None) -> None:
        for track in self._tracks:
            track.close(self._succeeded)

    def _log_numbers(self, stage: Stage, step: Step, numbers: Mapping[str, float]) -> None:
        named = {clean_name(name): value for name, value in numbers.items()}
        for track in self._tracks:
            track.log_numbers(self._names[stage], step.number, named)


def make_name(stage: Stage) -> str:
    """`fold_1_of_3/classifier_latent_warps`."""
    return "/".join(clean_name(words) for words in (stage.part, stage.title) if words)


def clean_name(words: str) -> str:
    """Letters, digits, `_`, `-` and `.`, as every tracker takes them; anything else becomes `_`."""
    return re.sub(r"[^\w.-]+", "_", words, flags=re.ASCII).strip("_")


def flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Setting]]:
    """`{"vae": {"steps": 500}}` → `vae.steps`, 500; lists as text."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value if isinstance(value, Setting) else str(value)


def list_results(manifest: Manifest) -> Iterator[tuple[str, float]]:
    """The numbers of the manifest's metrics, a policy's evidence by its name and round, and the fit's seconds."""
    metrics = manifest.metrics.model_dump()
    uplift = metrics.get("uplift") or {}
    for row in uplift.pop("candidates", []):
        uplift[f"{row.pop('policy')}.round_{row.pop('round')}"] = row
    for name, value in flatten(metrics):
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield clean_name(name), float(value)
    yield "fit_seconds", manifest.provenance.fit_seconds
