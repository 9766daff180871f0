"""TensorBoard: event files that `tensorboard --logdir` shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from training.watching.tracking import Setting

PACKAGES = ("tensorboard",)


class TensorBoardTrack:
    """A folder of event files, one for each fit."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.place = f"tensorboard --logdir {folder.parent}"
        self._writer = SummaryWriter(str(folder))

    def log_settings(self, settings: Mapping[str, Setting]) -> None:
        self._writer.add_text("settings", f"```json\n{json.dumps(settings, indent=2)}\n```")

    def log_numbers(self, stage: str, step: int, numbers: Mapping[str, float]) -> None:
        for name, value in numbers.items():
            self._writer.add_scalar(f"{stage}/{name}", value, step)

    def log_picture(self, name: str, step: int, picture: Image.Image) -> None:
        self._writer.add_image(name, np.asarray(picture), step, dataformats="HWC")

    def log_results(self, results: Mapping[str, float]) -> None:
        self.log_numbers("results", 0, results)

    def close(self, succeeded: bool) -> None:
        self._writer.close()


def open_track(name: str, folder: Path) -> TensorBoardTrack:
    """See `training.watching.tracking`."""
    return TensorBoardTrack(folder / name)
