"""How a fit proceeds, on standard error: bars where somebody looks on, else one line a stage."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Never, TextIO

from tqdm import tqdm

from training.learning.watcher import Stage, Step, Watcher


def make_progress(stream: TextIO | None = None) -> Watcher:
    """Bars on a terminal, lines in a log; `stream` is standard error unless another is given."""
    stream = stream or sys.stderr
    return Bars(stream) if stream.isatty() else Lines(stream)


class Bars:
    """A bar for each stage that runs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bars: dict[Stage, tqdm[Never]] = {}

    def begin_stage(self, stage: Stage) -> None:
        self._bars[stage] = tqdm(
            desc=stage.name, total=stage.steps, initial=stage.done, mininterval=0.5, file=self._stream
        )

    def report_step(self, stage: Stage, step: Step) -> None:
        bar = self._bars[stage]
        if step.losses:
            bar.set_postfix_str(describe_losses(step.losses), refresh=False)
        bar.update(step.number - bar.n)

    def end_stage(self, stage: Stage) -> None:
        self._bars.pop(stage).close()


class Lines:
    """A line for each stage that has ended: its steps, seconds and last losses."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._began: dict[Stage, float] = {}
        self._last: dict[Stage, Step] = {}

    def begin_stage(self, stage: Stage) -> None:
        self._began[stage] = time.monotonic()

    def report_step(self, stage: Stage, step: Step) -> None:
        losses = step.losses or (self._last[stage].losses if stage in self._last else {})
        self._last[stage] = Step(step.number, step.epochs, losses)

    def end_stage(self, stage: Stage) -> None:
        seconds, last = time.monotonic() - self._began.pop(stage), self._last.pop(stage, None)
        epochs, losses = (f" ({last.epochs:.3g} epochs)", describe_losses(last.losses)) if last else ("", "")
        steps = f"{stage.steps - stage.done} steps{epochs} in {seconds:.1f} s"
        print(f"{stage.name}: {steps}{f', {losses}' if losses else ''}", file=self._stream, flush=True)


def describe_losses(losses: Mapping[str, float]) -> str:
    """`error=0.0123, kl=4.5678`."""
    return ", ".join(f"{name}={value:.4f}" for name, value in losses.items())
