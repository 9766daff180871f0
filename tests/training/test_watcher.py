"""A watcher is told every stage and step of a fit, wherever it runs, and can end it."""

from __future__ import annotations

import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.training.test_fit import make_brief
from training.configuration import FitConfiguration
from training.families.settings import TrainedSettings
from training.fit import fit_and_publish
from training.learning.loop import Objective, train
from training.learning.progress import Bars, Lines, make_progress
from training.learning.run import Run, start_fabric
from training.learning.sharing import share_watcher
from training.learning.watcher import Cancelled, PartWatcher, Stage, Step


class _Distance(Objective):
    """The squared distance of a weight to eight cases, which are all 1."""

    def __init__(self) -> None:
        super().__init__(8, 0, torch.device("cpu"))
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def list_held(self) -> list[Tensor]:
        return []

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        loss = ((self.weight - 1) ** 2).mean()
        return loss, {"loss": loss}


@dataclass
class Diary:
    """A watcher that writes everything down, and cancels when it is told of so many steps of one part."""

    cancel_at: int | None = None
    told: list[tuple[str, Stage, Step | None]] = field(default_factory=list)

    def begin_stage(self, stage: Stage) -> None:
        self.told.append(("begin", stage, None))

    def report_step(self, stage: Stage, step: Step) -> None:
        self.told.append(("step", stage, step))
        if step.number == self.cancel_at:
            raise Cancelled("enough")

    def end_stage(self, stage: Stage) -> None:
        self.told.append(("end", stage, None))


class Terminal(io.StringIO):
    """Somebody looks on."""

    def isatty(self) -> bool:
        return True


def _make_run(watcher: Diary) -> Run:
    return Run(start_fabric(FitConfiguration(device="cpu"), watcher), seed=0, title="distance")


def test_a_loop_tells_its_stage_every_step_in_order_and_its_end() -> None:
    diary = Diary()
    train(_make_run(diary), _Distance(), 250, TrainedSettings(batch_size=4))
    (first, stage, _), *steps, (last, _, _) = diary.told
    assert (first, stage, last) == ("begin", Stage("distance", 250), "end")
    taken = [step for _, _, step in steps if step is not None]
    assert [step.number for step in taken] == list(range(1, 251)) and taken[-1].epochs == 250 * 4 / 8
    losses = [step.losses["loss"] for step in taken if step.losses]
    assert len(losses) == 125 and losses[0] == 1.0 and losses[-1] < 0.5


def test_a_cancelled_loop_stops_at_that_step() -> None:
    with pytest.raises(Cancelled, match="enough"):
        train(_make_run(Diary(3)), _Distance(), 9, TrainedSettings())


def _watch_two_stages(watcher: Bars | Lines) -> None:
    """A stage and, while it runs, one of the same title in another part."""
    stage, other = Stage("VAE", 4, done=1), Stage("VAE", 2, part="fold 1 of 2")
    watcher.begin_stage(stage)
    watcher.report_step(stage, Step(2, 0.5, {"error": 0.25}))
    watcher.begin_stage(other)
    watcher.report_step(other, Step(1, 1))
    watcher.report_step(other, Step(2, 2, {"error": 0.125}))
    watcher.end_stage(other)
    watcher.report_step(stage, Step(4, 1))
    watcher.end_stage(stage)


def test_a_log_has_one_line_for_each_stage() -> None:
    log = io.StringIO()
    progress = make_progress(log)
    assert isinstance(progress, Lines)
    _watch_two_stages(progress)
    first, second = log.getvalue().splitlines()
    assert first.startswith("fold 1 of 2: VAE: 2 steps (2 epochs) in 0.0 s") and first.endswith("error=0.1250")
    assert second.startswith("VAE: 3 steps (1 epochs) in 0.0 s") and second.endswith("error=0.2500")
    assert "\r" not in log.getvalue()


def test_a_terminal_has_a_bar_for_each_stage() -> None:
    terminal = Terminal()
    progress = make_progress(terminal)
    assert isinstance(progress, Bars)
    _watch_two_stages(progress)
    assert "fold 1 of 2: VAE: 100%" in terminal.getvalue() and "4/4" in terminal.getvalue()
    assert "error=0.2500" in terminal.getvalue()


def test_what_other_processes_tell_arrives_one_call_at_a_time_and_is_cancelled_there() -> None:
    diary = Diary(cancel_at=7)
    with share_watcher(diary) as shared, ThreadPoolExecutor() as pool:
        distant = [pickle.loads(pickle.dumps(PartWatcher(shared, part))) for part in "ab"]
        list(pool.map(lambda watcher: watcher.begin_stage(Stage("VAE", 9)), distant))
        list(pool.map(lambda watcher: watcher.report_step(Stage("VAE", 9), Step(1, 0.5, {"loss": 2.0})), distant))
        with pytest.raises(Cancelled, match="enough"):
            distant[0].report_step(Stage("VAE", 9), Step(7, 3.5, {"loss": 1.0}))
        distant[1].end_stage(Stage("VAE", 9))
    for part, last in (("a", ("step", Step(7, 3.5, {"loss": 1.0}))), ("b", ("end", None))):
        own = [(method, step) for method, stage, step in diary.told if stage == Stage("VAE", 9, part=part)]
        assert own == [("begin", None), ("step", Step(1, 0.5, {"loss": 2.0})), last]


def test_a_fit_cancelled_in_a_process_of_its_own_keeps_its_checkpoints_and_publishes_nothing(tmp_path: Path) -> None:
    diary = Diary(cancel_at=20)
    with pytest.raises(Cancelled, match="enough"):
        fit_and_publish(make_brief(dataset="sines", models=tmp_path, folds=2, workers=2), diary)
    assert [entry.name for entry in tmp_path.iterdir()] == [".fits"]
    assert {stage.part for _, stage, _ in diary.told} & {"fold 1 of 2", "fold 2 of 2"}
