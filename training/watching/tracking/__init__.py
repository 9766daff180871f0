"""Trackers, one file each: where a fit's losses, settings, results and pictures are kept beside those of other fits.

A tracker is a module with

- `PACKAGES`, what it needs installed, which the extra of its name brings;
- `open_track(name, folder) -> Track`: a run called `name`, kept in `folder` unless the user's environment sends it
  elsewhere. It imports its packages there and not before.

It is found by its name; `--track NAME` chooses it.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TypeAlias

from PIL import Image

from bundle.finding import list_modules
from training.settings import ConfigurationError

Setting: TypeAlias = str | int | float | bool | None


class Track(Protocol):
    """One fit in a tracker. Names are paths such as `VAE/error`, of letters, digits and `_ - . /`."""

    place: str
    """Where to look at it, in words."""

    def log_settings(self, settings: Mapping[str, Setting]) -> None:
        """What is fitted, and how."""

    def log_numbers(self, stage: str, step: int, numbers: Mapping[str, float]) -> None:
        """What was measured at a step of a stage, by name within the stage."""

    def log_picture(self, name: str, step: int, picture: Image.Image) -> None:
        """What was seen at a step."""

    def log_results(self, results: Mapping[str, float]) -> None:
        """What the fit came to."""

    def close(self, succeeded: bool) -> None:
        """Nothing more comes; whether the fit published its bundle."""


def list_trackers() -> list[str]:
    """The trackers there are."""
    return list_modules(__name__)


def require_tracker(tracker: str) -> None:
    """Raise `ConfigurationError` for a tracker that is not known or not installed."""
    if tracker not in (known := list_trackers()):
        raise ConfigurationError(f"--track is {tracker!r}; it must be one or more of: {', '.join(known)}.")
    for package in importlib.import_module(f"{__name__}.{tracker}").PACKAGES:
        if find_spec(package) is None:
            raise ConfigurationError(
                f"--track {tracker} needs the package {package}, which is not installed. Install it with "
                f"pip install 'seriesmith[{tracker}]'."
            )


def open_track(tracker: str, name: str, folder: Path) -> Track:
    """Begin a run called `name`, of a tracker that is there; several keep theirs side by side in `folder`."""
    track: Track = importlib.import_module(f"{__name__}.{tracker}").open_track(name, folder / tracker)
    return track
