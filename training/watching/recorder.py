"""`--live` and `--animate`: a page that follows the fit and stays as a file, and the latent as moving pictures."""

from __future__ import annotations

import sys
from pathlib import Path

from bundle.manifest import Manifest
from training.configuration import FitConfiguration
from training.figures import describe_held_out
from training.learning.watcher import Look, Stage, Step
from training.watching.animation import write_animations
from training.watching.recording import Recording
from training.watching.server import PageServer, render_page
from training.watching.viewer import Subject

FILE = "live.html"

NOT_ANIMATED = "no animation: less than two looks at a latent were taken"


class Recorder:
    """A `Viewer` that records what it is told and, at the end, writes what is asked for beside the report: the
    page, which it serves while the fit runs, and the animations.

    A fit that publishes nothing leaves its page in `reports/<name>/stopped/`.
    """

    def __init__(self, configuration: FitConfiguration, reports: Path) -> None:
        self._configuration, self._reports = configuration, reports
        self._recording: Recording | None = None
        self._server: PageServer | None = None

    @property
    def recording(self) -> Recording:
        """Of the fit that has begun."""
        assert self._recording is not None, "a fit begins before anything else is told of it"
        return self._recording

    def begin_fit(self, subject: Subject) -> None:
        self._recording = Recording(subject)
        if self._configuration.live:
            self._server = PageServer(self._recording, self._configuration.live_port)
            tell(self._server.address)

    def begin_stage(self, stage: Stage) -> None:
        self.recording.begin_stage(stage)

    def report_step(self, stage: Stage, step: Step) -> None:
        self.recording.report_step(stage, step)

    def end_stage(self, stage: Stage) -> None:
        self.recording.end_stage(stage)

    def report_look(self, stage: Stage, look: Look) -> None:
        self.recording.report_look(stage, look)

    def begin_publishing(self, manifest: Manifest) -> None:
        """Nothing."""

    def end_fit(self, manifest: Manifest, directory: Path) -> None:
        metrics = manifest.metrics
        accuracy = "" if metrics.accuracy is None else f", accuracy {describe_held_out(metrics)}"
        result = f"{manifest.name}/{manifest.version}{accuracy}"
        self.recording.end("finished", result=result)
        if self._configuration.live:
            self._write_page(directory)
        if self._configuration.animate:
            files = write_animations(self.recording, directory)
            tell(f"the latent moves in {', '.join(map(str, files))}" if files else NOT_ANIMATED)

    def close(self, reason: str | None) -> None:
        if self._server is None:
            return
        if not self.recording.has_ended:
            self.recording.end("stopped", reason=reason)
            self._write_page(self._reports / self.recording.subject.name / "stopped")
        self._server.close()

    def _write_page(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        file = directory / FILE
        file.write_text(render_page(self.recording.describe_all()), encoding="utf-8")
        tell(f"the page stays as {file}")


def tell(words: str) -> None:
    """Say where something is to be seen."""
    print(f"live: {words}", file=sys.stderr, flush=True)
