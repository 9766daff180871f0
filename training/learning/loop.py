"""The one training loop: so many gradient steps on data that lies on the device, resumed where it was killed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

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

    def build_optimizer(self, settings: TrainedSettings, steps: int) -> tuple[Optimizer, LRScheduler]:
        """What minimises the loss, and how its learning rate goes over so many gradient steps: AdamW, in one cycle."""
        optimizer = torch.optim.AdamW(
            self.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        return optimizer, OneCycleLR(optimizer, settings.learning_rate, total_steps=steps + 1)

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


@dataclass(frozen=True)
class Turn:
    """An objective with an optimiser of its own, and how many gradient steps it takes in each step of a loop."""

    objective: Objective
    count: int = 1


def train(run: Run, objective: Objective, steps: int, settings: TrainedSettings) -> History:
    """Minimise `objective` in place; see `train_in_turns`."""
    return train_in_turns(run, [Turn(objective)], steps, settings)


def train_in_turns(run: Run, turns: Sequence[Turn], steps: int, settings: TrainedSettings) -> History:
    """Minimise the objectives, of equally many cases, in place: each step takes the gradient steps of every turn, in
    their order, each on a batch of its own. Each device draws its own batches; the history is of this one's.

    With `run.checkpoints` a loop that was killed goes on, to the same result bit for bit. The watcher that `run.fabric`
    was started with is told of it, and is offered the last objective. Raises `TrainingError` when a loss or a weight is
    no finite number, and `Cancelled` when the watcher does.
    """
    fabric, objectives = run.fabric, [turn.objective for turn in turns]
    checkpoint = _open_checkpoint(run, turns, steps, settings)
    if (result := checkpoint.read_finished()) is not None:
        _restore_objectives(objectives, result)
        for objective in objectives:
            objective.eval()
        return _build_history(result)
    batches = _Batches(objectives[0].n_cases, settings.batch_size, run.seed + fabric.global_rank)
    moving = _Moving([_Player.of(turn, steps, run, settings) for turn in turns], batches)
    if (state := checkpoint.read_half_done()) is not None:
        moving.restore(state)
    tell = fabric.call if fabric.is_global_zero else _tell_nobody
    stage = Stage(run.title, steps, moving.step)
    epochs = settings.batch_size * sum(turn.count for turn in turns) / batches.n_cases
    tell("begin_stage", stage)
    tell("offer_network", stage, Step(moving.step, moving.step * epochs), objectives[-1])
    for step in range(moving.step, steps):
        if checkpoint.is_due:
            checkpoint.keep(moving.save_state(step))
        loss, parts = moving.take_step(step / steps, fabric)
        losses: dict[str, float] = {}
        if step % max(1, steps // RECORDED) == 0:
            losses = {name: float(part.detach()) for name, part in parts.items()}
            moving.recorded[step] = {name: part.detach() for name, part in parts.items()}
            _refuse_divergence(loss, step, steps, run.title, settings)
        taken = Step(step + 1, (step + 1) * epochs, losses)
        tell("report_step", stage, taken)
        tell("offer_network", stage, taken, objectives[-1])
    tell("end_stage", stage)
    for objective in objectives:
        for tensor in (*objective.parameters(), *objective.buffers()):
            _refuse_divergence(tensor.detach().sum(), steps, steps, run.title, settings)
        objective.eval()
    checkpoint.finish({**moving.record(), **_save_objectives(objectives), "random": torch.get_rng_state()})
    return _build_history(moving.record())


def _save_objectives(objectives: Sequence[Objective]) -> State:
    return {"objectives": {str(place): objective.state_dict() for place, objective in enumerate(objectives)}}


def _restore_objectives(objectives: Sequence[Objective], result: State) -> None:
    """What a finished loop left, of its objectives and of torch's random numbers."""
    for objective, state in zip(objectives, result["objectives"].values(), strict=True):
        objective.load_state_dict(state)
    torch.set_rng_state(result["random"])


def _tell_nobody(method: str, *arguments: object) -> None:
    """In place of `Fabric.call` on all devices but the first: one of them tells the watcher."""


def _open_checkpoint(run: Run, turns: Sequence[Turn], steps: int, settings: TrainedSettings) -> LoopCheckpoint:
    """Known by the kinds of objectives, their parameters and cases, the run, its steps and the settings."""
    if run.checkpoints is None:
        return LoopCheckpoint(None, "")
    objectives = [turn.objective for turn in turns]
    kinds = [f"{type(turn.objective).__qualname__} {turn.count}" for turn in turns]
    words = [*kinds, run.title, str(run.seed), str(steps), repr(settings), run.identity]
    held = [tensor for objective in objectives for tensor in objective.list_held()]
    return LoopCheckpoint(run.checkpoints, compute_key(words, _save_objectives(objectives), held))


def _refuse_divergence(loss: Tensor, step: int, steps: int, title: str, settings: TrainedSettings) -> None:
    """A loss that is once no finite number never is one again, so that to look now and then is enough."""
    if not torch.isfinite(loss):
        raise TrainingError(
            f"the training of {title} went astray: by step {step} of {steps} its loss was no finite number. Set a "
            f"lower --{find_kind(settings)}.learning-rate (it is {settings.learning_rate:g}), and look whether a few "
            "values of the series are very much larger than the rest."
        )


@dataclass(frozen=True)
class _Player:
    """An objective as the device runs it, with what minimises it."""

    objective: Objective
    module: Any
    optimizer: Any
    schedule: LRScheduler
    count: int

    @classmethod
    def of(cls, turn: Turn, steps: int, run: Run, settings: TrainedSettings) -> _Player:
        objective = turn.objective
        optimizer, schedule = objective.build_optimizer(settings, turn.count * steps)
        module, optimizer = run.fabric.setup(objective, optimizer)
        module.train()
        return cls(objective, module, optimizer, schedule, turn.count)

    def take_gradient_step(self, index: Tensor, progress: float, fabric: Fabric) -> tuple[Tensor, dict[str, Tensor]]:
        loss, parts = self.module(index, progress)
        fabric.backward(loss)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step", UserWarning)
            self.schedule.step()
        return loss.detach(), parts

    def save_state(self) -> State:
        return {"optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict()}

    def restore(self, state: State) -> None:
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])


@dataclass
class _Moving:
    """What moves in a loop."""

    players: list[_Player]
    batches: _Batches
    step: int = 0
    recorded: dict[int, dict[str, Tensor]] = field(default_factory=dict)

    def take_step(self, progress: float, fabric: Fabric) -> tuple[Tensor, dict[str, Tensor]]:
        """Let every player take its gradient steps; the sum of their last losses, and all parts of these."""
        losses: list[Tensor] = []
        found: dict[str, Tensor] = {}
        for player in self.players:
            for _ in range(player.count):
                loss, parts = player.take_gradient_step(self.batches.draw().to(fabric.device), progress, fabric)
            losses.append(loss)
            found |= parts
        return torch.stack(losses).sum(), found

    def save_state(self, step: int) -> State:
        """Everything, before `step`."""
        on_cuda = next(self.players[0].objective.parameters()).is_cuda
        return {
            **self.record(),
            **_save_objectives([player.objective for player in self.players]),
            "step": step,
            "players": [player.save_state() for player in self.players],
            "batches": self.batches.save_state(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state() if on_cuda else None,
        }

    def restore(self, state: State) -> None:
        """Go back to a state."""
        self.step = state["step"]
        _restore_objectives([player.objective for player in self.players], state)
        for player, own in zip(self.players, state["players"], strict=True):
            player.restore(own)
        self.batches.restore(state["batches"])
        if state["random_cuda"] is not None:
            torch.cuda.set_rng_state(state["random_cuda"])
        device = next(self.players[0].objective.parameters()).device
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
        self.n_cases, self._size = n_cases, batch_size
        self._generator = torch.Generator().manual_seed(seed)
        self._left = torch.empty(0, dtype=torch.long)

    def draw(self) -> Tensor:
        while len(self._left) < self._size:
            self._left = torch.cat([self._left, torch.randperm(self.n_cases, generator=self._generator)])
        batch, self._left = self._left[: self._size], self._left[self._size :]
        return batch

    def save_state(self) -> State:
        """Where in the pass."""
        return {"generator": self._generator.get_state(), "left": self._left.clone()}

    def restore(self, state: State) -> None:
        """Go back to a state."""
        self._generator.set_state(state["generator"])
        self._left = state["left"]
