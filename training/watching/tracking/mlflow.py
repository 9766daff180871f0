"""MLflow: a run of the experiment `seriesmith` at MLFLOW_TRACKING_URI, else in a SQLite file of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from training.watching.tracking import Setting

PACKAGES = ("mlflow", "sqlalchemy")
EXPERIMENT = "seriesmith"

MOST_CHARACTERS = 6000
"""Of a setting's value, as MLflow takes it."""

MOST_SETTINGS, MOST_NUMBERS = 100, 1000
"""Settings and numbers that MLflow takes in one call."""

PAUSE_SECONDS = 2.0
"""Between two calls with numbers, each of which takes as long as several gradient steps."""


class MlflowTrack:
    """A run, reached through a client of its own, so that a run that the process has open stays what it is."""

    def __init__(self, client: Any, experiment: str, name: str) -> None:
        self._client, self._run = client, client.create_run(experiment, run_name=name).info.run_id
        self._waiting: list[Any] = []
        self._sent = time.monotonic()
        self.place = f"mlflow ui --backend-store-uri {client.tracking_uri}"

    def log_settings(self, settings: Mapping[str, Setting]) -> None:
        from mlflow.entities import Param

        params = [Param(name, str(value)[:MOST_CHARACTERS]) for name, value in settings.items()]
        for start in range(0, len(params), MOST_SETTINGS):
            self._client.log_batch(self._run, params=params[start : start + MOST_SETTINGS])

    def log_numbers(self, stage: str, step: int, numbers: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now = round(1000 * time.time())
        self._waiting += [Metric(f"{stage}/{name}", value, now, step) for name, value in numbers.items()]
        if time.monotonic() - self._sent >= PAUSE_SECONDS:
            self._send()

    def _send(self) -> None:
        for start in range(0, len(self._waiting), MOST_NUMBERS):
            self._client.log_batch(self._run, metrics=self._waiting[start : start + MOST_NUMBERS])
        self._waiting, self._sent = [], time.monotonic()

    def log_picture(self, name: str, step: int, picture: Image.Image) -> None:
        self._client.log_image(self._run, picture, artifact_file=f"{name}/{step:06d}.png")

    def log_results(self, results: Mapping[str, float]) -> None:
        self.log_numbers("results", 0, results)

    def close(self, succeeded: bool) -> None:
        self._send()
        self._client.set_terminated(self._run, "FINISHED" if succeeded else "FAILED")


def open_track(name: str, folder: Path) -> MlflowTrack:
    """See `training.watching.tracking`."""
    from mlflow import MlflowClient

    if os.environ.get("MLFLOW_TRACKING_URI"):
        client, artifacts = MlflowClient(), None
    else:
        folder.mkdir(parents=True, exist_ok=True)
        client, artifacts = (
            MlflowClient(f"sqlite:///{folder.resolve()}/mlflow.db"),
            (folder / "files").resolve().as_uri(),
        )
    found = client.get_experiment_by_name(EXPERIMENT)
    experiment = found.experiment_id if found else client.create_experiment(EXPERIMENT, artifact_location=artifacts)
    return MlflowTrack(client, experiment, name)
