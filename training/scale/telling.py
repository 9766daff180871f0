"""Trials are told of while they run: a line each when they end, and to the trackers that are named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ray.tune import Callback

from training.scale.space import describe_chosen
from training.watching.tracking import Track, open_track


class Teller(Callback):
    """Tells of a sweep of `trials`; Ray keeps it with the sweep, without the runs that are open at the time."""

    def __init__(self, name: str, trackers: tuple[str, ...], folder: Path, trials: int) -> None:
        self._name, self._trackers, self._folder, self._trials = name, trackers, folder, trials
        self._open: dict[str, list[Track]] = {}
        self._ended = 0

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """A trial has reported."""
        numbers = {name: float(result[name]) for name in ("nll", "accuracy")}
        for track in self._find(trial):
            track.log_numbers("held_out", int(result["progress"]), numbers)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """A trial has ended, or was given up."""
        last = trial.last_result
        for track in self._find(trial):
            track.log_results({name: float(last[name]) for name in ("nll", "accuracy", "progress")})
        self._close(trial, True)
        self._ended += 1
        print(
            f"{self._ended} of {self._trials}: nll {last['nll']:.4f}, accuracy {last['accuracy']:.3f} after "
            f"{last['progress']} reports with {describe_chosen(trial.config)}",
            file=sys.stderr,
            flush=True,
        )

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """A trial has failed for good."""
        self._close(trial, False)

    def _find(self, trial: Any) -> list[Track]:
        if trial.trial_id not in self._open:
            name = f"{self._name}-trial-{trial.trial_id}"
            self._open[trial.trial_id] = tracks = [open_track(own, name, self._folder) for own in self._trackers]
            for track in tracks:
                track.log_settings(dict(trial.config))
        return self._open[trial.trial_id]

    def _close(self, trial: Any, succeeded: bool) -> None:
        for track in self._open.pop(trial.trial_id, []):
            track.close(succeeded)
