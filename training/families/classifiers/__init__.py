"""Classifiers, one file each: standardised series at the working length to a class.

A family is a module with

- `Settings`, a frozen dataclass derived from `FamilySettings`;
- `build(size, settings) -> nn.Module`: series `[n, n_channels, n_timepoints]` to logits `[n, n_classes]`;
- `fit(cases, settings, run) -> (nn.Module, History | None)`, trained, on the CPU, in evaluation mode. The cases are
  those of a policy: draw batches of them, or collect them all.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.export.exporting import Exportable
from training.families import find_module
from training.families.settings import FamilySettings, TrainedSettings
from training.learning.loop import History, Objective, train
from training.learning.policy_cases import PolicyCases
from training.learning.run import Run
from training.learning.scaling import Scaling

PARITY = 1e-4
"""Of class probabilities: a ridge's scores add up the rounding of thousands of features, which a temperature raises;
1.4e-5 was seen on Plane."""


class Classifier(nn.Module):
    """series `[n, n_channels, n_timepoints]` → class_probabilities `[n, n_classes]`."""

    def __init__(self, scaling: Scaling, classifier: nn.Module) -> None:
        super().__init__()
        self.scaling, self.classifier = scaling, classifier

    def forward(self, series: Tensor) -> Tensor:
        return torch.softmax(self.classifier(self.scaling.standardise(series)), dim=1)


def make_exportable(classifier: nn.Module, scaling: Scaling, series: np.ndarray) -> Exportable:
    """The graph of a classifier in original units; `series` `[n, n_channels, n_timepoints]` are examples."""
    graph = Classifier(scaling, classifier)
    return Exportable("classifier", graph, {"series": series}, ("class_probabilities",), {}, {}, parity=PARITY)


class PolicyObjective(Objective):
    """Cross-entropy on the batches that a policy draws, each case at its weight."""

    def __init__(self, network: nn.Module, cases: PolicyCases, run: Run) -> None:
        super().__init__(len(cases.real.series), run.seed, cases.real.series.device)
        self.network = network
        self._cases, self._precision = cases, run.precision

    def list_held(self) -> list[Tensor]:
        cases, chances = self._cases, self._cases.chances
        made = [cases.made.series, cases.made.class_index] if cases.made is not None else []
        return [cases.real.series, cases.real.class_index, *made, *([] if chances is None else [chances])]

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        batch = self._cases.draw_batch(index, progress, self.generator)
        kind = batch.series.device.type
        with torch.autocast(kind, torch.bfloat16, enabled=_is_halved(self._precision, kind)):
            logits = self.network(batch.series)
        losses = functional.cross_entropy(logits.float(), batch.class_index, reduction="none")
        loss = (losses * batch.weight).sum() / batch.weight.sum()
        return loss, {"loss": loss}


def _is_halved(precision: str, device_type: str) -> bool:
    """Whether the network computes in bf16; its weights, the loss and the optimiser's state are float32 either way."""
    in_hardware = device_type == "cpu" and bool(torch.cpu.get_capabilities().get("amx_bf16"))
    return precision == "bf16" or (precision == "auto" and in_hardware)


def fit_network(cases: PolicyCases, settings: TrainedSettings, run: Run) -> tuple[nn.Module, History]:
    """The network that the family of `settings` builds, trained on what a policy draws, on the CPU, and its losses.

    Equal seeds give equal initial weights and batches whatever the policy.
    """
    torch.manual_seed(run.seed)
    network: nn.Module = find_module(settings).build(cases.real.size, settings)
    if run.initial is not None:
        network.load_state_dict(run.initial.state_dict())
    objective = PolicyObjective(network, cases.to(run.device), run)
    history = train(run, objective, run.count_steps(settings.steps, len(cases.real.series)), settings)
    return network.cpu().eval(), history


def fit(cases: PolicyCases, settings: FamilySettings, run: Run) -> tuple[nn.Module, History | None]:
    """The classifier that the family of `settings` fits, on the CPU, and its losses, where it is trained in steps."""
    fitted: tuple[nn.Module, History | None] = find_module(settings).fit(cases, settings, run)
    return fitted
