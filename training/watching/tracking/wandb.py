"""Weights & Biases: a run of the project `seriesmith`; offline, until `wandb sync`, where nobody is logged in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from training.watching.tracking import Setting

PACKAGES = ("wandb",)
PROJECT = "seriesmith"


class WandbTrack:
    """A run whose numbers have their stage's steps on the axis."""

    def __init__(self, run: Any) -> None:
        self._run = run
        self._stages: set[str] = set()
        self.place = f"wandb sync {Path(run.dir).parent}" if run.offline else run.url

    def log_settings(self, settings: Mapping[str, Setting]) -> None:
        self._run.config.update(dict(settings))

    def log_numbers(self, stage: str, step: int, numbers: Mapping[str, float]) -> None:
        self._log(stage, step, {f"{stage}/{name}": value for name, value in numbers.items()})

    def log_picture(self, name: str, step: int, picture: Image.Image) -> None:
        import wandb

        self._log(name.rpartition("/")[0], step, {name: wandb.Image(picture)})

    def _log(self, stage: str, step: int, values: Mapping[str, Any]) -> None:
        axis = f"{stage}/step"
        if stage not in self._stages:
            self._stages.add(stage)
            self._run.define_metric(axis, hidden=True)
            self._run.define_metric(f"{stage}/*", step_metric=axis)
        self._run.log({axis: step, **values})

    def log_results(self, results: Mapping[str, float]) -> None:
        self._run.summary.update({f"results/{name}": value for name, value in results.items()})

    def close(self, succeeded: bool) -> None:
        self._run.finish(exit_code=0 if succeeded else 1)


def open_track(name: str, folder: Path) -> WandbTrack:
    """See `training.watching.tracking`."""
    import wandb

    folder.mkdir(parents=True, exist_ok=True)
    settings = wandb.Settings(silent=True, console="off", x_disable_stats=True, disable_git=True, disable_code=True)
    if not os.environ.get("WANDB_MODE") and not wandb.login(prompt=False, verify=False):
        settings.mode = "offline"
    place = None if os.environ.get("WANDB_DIR") else str(folder)
    return WandbTrack(wandb.init(project=PROJECT, name=name, dir=place, settings=settings))
