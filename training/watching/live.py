"""`--live`: a page that follows the fit, and stays as a file beside its report."""

from __future__ import annotations

import sys
from pathlib import Path

from bundle.manifest import Manifest
from training.learning.watcher import Look, Stage, Step
from training.watching.recording import Recording
from training.watching.server import PageServer, render_page
from training.watching.viewer import Subject

FILE = "live.html"


class LivePage:
    """A `Viewer` that serves what it is told of, and writes it into the report's directory at the end.

    A fit that publishes nothing leaves its page in `reports/<name>/stopped/`.
    """

    def __init__(self, port: int, reports: Path) -> None:
        self._port, self._reports = port, reports
        self._server: PageServer | None = None

    def begin_fit(self, subject: Subject) -> None:
        self._recording = Recording(subject)
        self._server = PageServer(self._recording, self._port)
        print(f"live: {self._server.address}", file=sys.stderr, flush=True)

    def begin_stage(self, stage: Stage) -> None:
        self._recording.begin_stage(stage)

    def report_step(self, stage: Stage, step: Step) -> None:
        self._recording.report_step(stage, step)

    def end_stage(self, stage: Stage) -> None:
        self._recording.end_stage(stage)

    def report_look(self, stage: Stage, look: Look) -> None:
        self._recording.report_look(stage, look)

    def end_fit(self, manifest: Manifest, directory: Path) -> None:
        accuracy = manifest.metrics.accuracy
        result = f"{manifest.name}/{manifest.version}" + (f", accuracy {accuracy:.3f}" if accuracy is not None else "")
        self._recording.end("finished", result=result)
        self._write(directory)

    def close(self, reason: str | None) -> None:
        if self._server is None:
            return
        if not self._recording.has_ended:
            self._recording.end("stopped", reason=reason)
            self._write(self._reports / self._recording.subject.name / "stopped")
        self._server.close()

    def _write(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        file = directory / FILE
        file.write_text(render_page(self._recording.describe_all()), encoding="utf-8")
        print(f"live: the page stays as {file}", file=sys.stderr, flush=True)
