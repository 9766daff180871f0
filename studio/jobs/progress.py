"""How far a fit is, estimated from the training loops that it has told of.

Nobody knows beforehand how many loops there will be. Folds have equally many, so that the one which is furthest says
how many to expect of the others; before that, what a fit with such options usually has is expected.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

USUAL_FOLDS = 3
FINISHING = 2.0
"""Loops that what comes after the last takes as long as: exports, measuring, publishing."""

MOST_SHARE = 0.99


class Progress:
    """Follows the events of one start of a fit. `options` are those of the job."""

    def __init__(self, options: Json) -> None:
        folds = options.get("folds", USUAL_FOLDS)
        self._folds = folds if isinstance(folds, int) and not isinstance(folds, bool) else USUAL_FOLDS
        self._usual = 2 if options.get("generator") else 3
        if options.get("policy", "auto") == "auto" and self._folds:
            self._usual += 3
        self._begun: dict[str, list[str]] = {}
        self._shares: dict[tuple[str, str], float] = {}
        self._current: Json | None = None
        self._first: tuple[float, float] | None = None
        self._share = 0.0
        self._last = 0.0

    def follow(self, event: Json) -> None:
        """Take an event up."""
        kind = event["event"]
        if kind not in ("stage", "step", "stage_end"):
            return
        part, stage, steps = event.get("part", ""), event["stage"], max(1, event.get("steps", 1))
        step = event.get("step", event.get("done", 0)) if kind != "stage_end" else steps
        if kind == "stage":
            self._begun.setdefault(part, []).append(stage)
        self._shares[part, stage] = min(1.0, step / steps)
        self._current = {"stage": stage, "step": step, "steps": event.get("steps", 1)}
        self._last = event.get("time", 0.0)
        self._share = max(self._share, min(MOST_SHARE, self._estimate()))
        if self._first is None:
            self._first = self._last, self._share

    def describe(self, time: float) -> Json | None:
        """The contract's progress at a time, in seconds since 1970; None before the first loop.

        Where it takes longer than was estimated, nobody knows how many seconds are left.
        """
        if self._current is None or self._first is None:
            return None
        began, share = self._first
        done = self._share - share
        left = None
        if done > 0.02:
            left = (self._last - began) / done * (1 - self._share) - (time - self._last)
        return {
            **self._current,
            "share": round(self._share, 3),
            "seconds_left": None if left is None or left < 1 else round(left),
        }

    def _estimate(self) -> float:
        done = sum(self._shares.values())
        last = len(self._begun.get("", ()))
        in_folds = max([self._usual, *(len(stages) for part, stages in self._begun.items() if part)])
        expected = self._folds * in_folds + max(last, min(in_folds, 4)) + FINISHING
        return done / expected
