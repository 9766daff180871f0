"""The one training loop: a fixed number of AdamW steps on data that lies on the device, resumed where it was killed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training.families import find_kind
from training.families.settings import TrainedSettings
from training.learning.checkpoints import LoopCheckpoint, State, compute_key
from training.learning.run import Run
from training.learning.watcher import Stage, Step

RECORDED = 100
"""About how many steps a history holds, and of how many a watcher is told the losses."""

NO_ROWS = torch.empty(0, 0)


class TrainingError(RuntimeError):
    """Training went astray; the message says where, and what to do."""


class Objective(nn.Module):
    """A loss over cases that it holds: `forward(index, progress)` answers it, and its parts for the history."""

    def __init__(self, n_cases: int, seed: int, device: torch.device) -> None:
        super().__init__()
        self.n_cases = n_cases
        self.generator = torch.Generator(device).manual_seed(seed)

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        """`index` `[batch]` into the cases; `progress` 0 … 1 of the steps."""
        raise TypeError(f"{type(self).__name__} has no loss")

    def list_held(self) -> Iterable[Tensor]:
        """The tensors that the loss depends on besides parameters and buffers: its cases."""
        raise TypeError(f"{type(self).__name__} holds no cases")

    def group_parameters(self, settings: TrainedSettings) -> list[dict[str, Any]]:
        """The parameters, in groups as torch's optimisers take them, and the peak learning rate `lr` of each."""
        return [{"params": list(self.parameters()), "lr": settings.learning_rate}]

    def get_extra_state(self) -> State:
        """What changes besides parameters and buffers; torch makes it part of `state_dict`."""
        return {"generator": self.generator.get_state()}

    def set_extra_state(self, state: State) -> None:
        """Go back to what `get_extra_state` answered."""
        self.generator.set_state(state["generator"])


@dataclass(frozen=True)
class History:
    """The losses of a training run, one batch at a time: steps `[n]`, about `RECORDED` of them, and each part `[n]`."""

    steps: np.ndarray
    parts: dict[str, np.ndarray]


def train(run: Run, objective: Objective, steps: int, settings: TrainedSettings) -> History:
    """Minimise `objective` in place. Each device draws its own batches; the history is of this one's.

    With `run.checkpoints` a loop that was killed goes on, to the same result bit for bit. The watcher that `run.fabric`
    was started with is told of it. Raises `TrainingError` when the loss or a weight is no finite number, and
    `Cancelled` when the watcher does.
    """
    fabric = run.fabric
    checkpoint = _open_checkpoint(run, objective, steps, settings)
    if (result := checkpoint.read_finished()) is not None:
        objective.load_state_dict(result["objective"])
        torch.set_rng_state(result["random"])
        objective.eval()
        return _build_history(result)
    groups = objective.group_parameters(settings)
    optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay, fused=True)
    peaks = [group["lr"] for group in groups]
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, peaks, total_steps=steps + 1)
    module, optimizer = fabric.setup(objective, optimizer)
    module.train()
    batches = _Batches(objective.n_cases, settings.batch_size, run.seed + fabric.global_rank)
    moving = _Moving(objective, optimizer, cycle, batches)
    if (state := checkpoint.read_half_done()) is not None:
        moving.restore(state)
    tell = fabric.call if fabric.is_global_zero else _tell_nobody
    stage = Stage(run.title, steps, moving.step)
    epochs = settings.batch_size / objective.n_cases
    tell("begin_stage", stage)
    tell("offer_network", stage, Step(moving.step, moving.step * epochs), objective)
    for step in range(moving.step, steps):
        if checkpoint.is_due:
            checkpoint.keep(moving.save_state(step))
        loss, parts = module(batches.draw().to(fabric.device), step / steps)
        fabric.backward(loss)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step", UserWarning)
            cycle.step()
        losses: dict[str, float] = {}
        if step % max(1, steps // RECORDED) == 0:
            losses = {name: float(part.detach()) for name, part in parts.items()}
            moving.recorded[step] = {name: part.detach() for name, part in parts.items()}
            _refuse_divergence(loss, step, steps, run.title, settings)
        taken = Step(step + 1, (step + 1) * epochs, losses)
        tell("report_step", stage, taken)
        tell("offer_network", stage, taken, objective)
    tell("end_stage", stage)
    for tensor in (*objective.parameters(), *objective.buffers()):
        _refuse_divergence(tensor.detach().sum(), steps, steps, run.title, settings)
    objective.eval()
    checkpoint.finish({**moving.record(), "objective": objective.state_dict(), "random": torch.get_rng_state()})
    return _build_history(moving.record())


def _tell_nobody(method: str, *arguments: object) -> None:
    """In place of `Fabric.call` on all devices but the first: one of them tells the watcher."""


def _open_checkpoint(run: Run, objective: Objective, steps: int, settings: TrainedSettings) -> LoopCheckpoint:
    """Known by the kind of objective, its parameters and cases, the run, its steps and the settings."""
    if run.checkpoints is None:
        return LoopCheckpoint(None, "")
    words = [type(objective).__qualname__, run.title, str(run.seed), str(steps), repr(settings), run.identity]
    return LoopCheckpoint(run.checkpoints, compute_key(words, objective.state_dict(), objective.list_held()))


def _refuse_divergence(loss: Tensor, step: int, steps: int, title: str, settings: TrainedSettings) -> None:
    """A loss that is once no finite number never is one again, so that to look now and then is enough."""
    if not torch.isfinite(loss):
        raise TrainingError(
            f"the training of {title} went astray: by step {step} of {steps} its loss was no finite number. Set a "
            f"lower --{find_kind(settings)}.learning-rate (it is {settings.learning_rate:g}), and look whether a few "
            "values of the series are very much larger than the rest."
        )


@dataclass
class _Moving:
    """What moves in a loop."""

    objective: Objective
    optimizer: Any
    cycle: torch.optim.lr_scheduler.OneCycleLR
    batches: _Batches
    step: int = 0
    recorded: dict[int, dict[str, Tensor]] = field(default_factory=dict)

    def save_state(self, step: int) -> State:
        """Everything, before `step`."""
        on_cuda = next(self.objective.parameters()).is_cuda
        return {
            **self.record(),
            "step": step,
            "objective": self.objective.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "cycle": self.cycle.state_dict(),
            "batches": self.batches.save_state(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state() if on_cuda else None,
        }

    def restore(self, state: State) -> None:
        """Go back to a state."""
        self.step = state["step"]
        self.objective.load_state_dict(state["objective"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.cycle.load_state_dict(state["cycle"])
        self.batches.restore(state["batches"])
        torch.set_rng_state(state["random"])
        if state["random_cuda"] is not None:
            torch.cuda.set_rng_state(state["random_cuda"])
        device = next(self.objective.parameters()).device
        table = state["table"].to(device)
        for row, step in zip(table, state["steps"], strict=True):
            self.recorded[step] = dict(zip(state["names"], row, strict=True))

    def record(self) -> State:
        """The losses recorded so far, with one copy from the device for all of it."""
        names = list(next(iter(self.recorded.values()), {}))
        rows = [torch.stack([parts[name] for name in names]) for parts in self.recorded.values()]
        return {"steps": list(self.recorded), "names": names, "table": torch.stack(rows).cpu() if rows else NO_ROWS}


def _build_history(record: State) -> History:
    columns = record["table"].numpy().T
    return History(np.array(record["steps"]), dict(zip(record["names"], columns, strict=True)))


class _Batches:
    """Indices without end: every case once per pass, in a new order each time; full batches, also of few cases."""

    def __init__(self, n_cases: int, batch_size: int, seed: int) -> None:
        self._n_cases, self._size = n_cases, batch_size
        self._generator = torch.Generator().manual_seed(seed)
        self._left = torch.empty(0, dtype=torch.long)

    def draw(self) -> Tensor:
        while len(self._left) < self._size:
            self._left = torch.cat([self._left, torch.randperm(self._n_cases, generator=self._generator)])
        batch, self._left = self._left[: self._size], self._left[self._size :]
        return batch

    def save_state(self) -> State:
        """Where in the pass."""
        return {"generator": self._generator.get_state(), "left": self._left.clone()}

    def restore(self, state: State) -> None:
        """Go back to a state."""
        self._generator.set_state(state["generator"])
        self._left = state["left"]
