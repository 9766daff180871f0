"""What a family is given besides cases and settings: where to train, from which seed, for how long, from what start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from lightning_fabric import Fabric
from torch import nn

from training.configuration import ConfigurationError, FitConfiguration
from training.learning.memory import keep_freed_memory
from training.learning.watcher import UNWATCHED, Watcher

FULL_STEPS_CASES = 100
"""Training cases up to which the gradient steps are as set; with more they grow in proportion."""

MOST_TIMES = 10.0
"""What the gradient steps grow by at most."""


@dataclass(frozen=True)
class Run:
    """Where and how one family is fitted once.

    title: what is trained, for progress and messages.
    share: of the steps that the settings ask for, how many to take.
    initial: a module of the same family and shape, whose weights training starts from.
    checkpoints: the folder where training loops keep their states; identity: what else their results depend on.
    """

    fabric: Fabric
    seed: int
    title: str
    share: float = 1.0
    precision: Literal["auto", "32", "bf16"] = "auto"
    initial: nn.Module | None = None
    checkpoints: Path | None = None
    identity: str = ""

    def count_steps(self, set_steps: int, n_cases: int) -> int:
        """Gradient steps for so many cases: the share of those set, grown as `compute_growth` says; at least one."""
        return round(max(1, round(self.share * set_steps)) * compute_growth(n_cases))

    @property
    def device(self) -> torch.device:
        """Where tensors have to lie."""
        return self.fabric.device


def make_run(
    fabric: Fabric, configuration: FitConfiguration, title: str, share: float = 1.0, initial: nn.Module | None = None
) -> Run:
    """A run by the settings that all families have in common."""
    return Run(
        fabric,
        configuration.seed,
        title,
        share,
        configuration.precision,
        initial,
        configuration.checkpoints,
        repr(configuration.record()),
    )


def start_fabric(configuration: FitConfiguration, watcher: Watcher = UNWATCHED) -> Fabric:
    """The device or devices to train on, launched; `watcher` is told what is trained on them. Threads, determinism and
    what is kept of freed memory are set for the whole process.

    Raises `ConfigurationError` when CUDA is asked for and is not there.
    """
    cuda = torch.cuda.is_available()
    if configuration.device == "cuda" and not cuda:
        raise ConfigurationError("--device is cuda, but torch finds no GPU here; use --device auto or cpu.")
    torch.set_num_threads(configuration.threads)
    keep_freed_memory()
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Nothing here reads memory that it has not written, and filling it first, for determinism, costs a tenth of a fit.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    fabric = Fabric(
        accelerator="cuda" if cuda and configuration.device != "cpu" else "cpu",
        devices=configuration.devices,
        callbacks=[watcher],
    )
    fabric.launch()
    return fabric


def compute_growth(n_cases: int) -> float:
    """What the steps set are multiplied by for so many cases: 1 up to FULL_STEPS_CASES, then in proportion."""
    return min(max(1.0, n_cases / FULL_STEPS_CASES), MOST_TIMES)


def compute_fold_share(n_kept: int, n_cases: int) -> float:
    """The share of the steps by which a network sees `n_kept` of `n_cases` cases as often as in a fit to all."""
    return (n_kept / compute_growth(n_kept)) / (n_cases / compute_growth(n_cases))
