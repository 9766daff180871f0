"""How a classifier uses a policy: real and synthetic cases in one batch, warps on the fly, a clean finish."""

from __future__ import annotations

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from bundle.generation.policy import PolicyName, does_warp
from training.configuration import FitConfiguration
from training.families import classifiers
from training.learning.learner import Pool
from training.learning.loop import History, Objective, Schedule, train
from training.learning.scaling import Scaling
from training.learning.warps import warp_series


class PolicyObjective(Objective):
    """Cross-entropy on a batch of real cases, and as many from the pool if there is one; at last on real cases alone.

    A real case has weight 1, a synthetic one `synthetic_weight`. With `balanced` the chances of a class to be drawn
    grow with its number of real cases to the power of 1 less `balance` (square-root sampling: Kang et al., 2020).
    """

    def __init__(
        self,
        network: nn.Module,
        real: Pool,
        made: Pool | None,
        policy: PolicyName,
        configuration: FitConfiguration,
        balanced: bool,
    ) -> None:
        super().__init__(len(real.series), configuration.seed, real.series.device)
        self.network = network
        self._real, self._made, self._warps = real, made, does_warp(policy)
        self._configuration = configuration
        counts = torch.bincount(real.class_index)[real.class_index]
        self._chances = counts**-configuration.balance if balanced else None

    def list_held(self) -> list[Tensor]:
        made = [self._made.series, self._made.class_index] if self._made is not None else []
        return [self._real.series, self._real.class_index, *made, *([] if self._chances is None else [self._chances])]

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        if self._chances is not None:
            index = torch.multinomial(self._chances, len(index), replacement=True, generator=self.generator)
        finishing = progress >= 1 - self._configuration.clean_finish
        made = None if finishing else self._made
        n_real = len(index)
        series, class_index = self._real.series[index], self._real.class_index[index]
        if made is not None:
            drawn = torch.randint(len(made.series), (n_real,), generator=self.generator, device=index.device)
            series = torch.cat([series, made.series[drawn]])
            class_index = torch.cat([class_index, made.class_index[drawn]])
        if self._warps and not finishing:
            series = warp_series(series, self._configuration.warp_probability, self.generator)
        with torch.autocast(series.device.type, torch.bfloat16, enabled=_is_halved(self._configuration, series.device)):
            logits = self.network(series)
        losses = functional.cross_entropy(logits.float(), class_index, reduction="none")
        weight = torch.ones_like(losses)
        weight[n_real:] = self._configuration.synthetic_weight
        loss = (losses * weight).sum() / weight.sum()
        return loss, {"loss": loss}


def _is_halved(configuration: FitConfiguration, device: torch.device) -> bool:
    """Whether the network computes in bf16; its weights, the loss and the optimiser's state are float32 either way."""
    in_hardware = device.type == "cpu" and bool(torch.cpu.get_capabilities().get("amx_bf16"))
    return configuration.precision == "bf16" or (configuration.precision == "auto" and in_hardware)


def fit_classifier(
    fabric: Fabric,
    real: Pool,
    made: Pool | None,
    policy: PolicyName,
    configuration: FitConfiguration,
    balanced: bool = False,
    initial: nn.Module | None = None,
) -> tuple[nn.Module, History]:
    """A classifier trained on `real` cases as `policy` says, on the CPU, and its losses; `made` are the cases that the
    policy adds.

    Equal seeds give equal initial weights and batches whatever the policy; `initial` gives other starting weights.
    """
    torch.manual_seed(configuration.seed)
    _, n_channels, n_timepoints = real.series.shape
    network = classifiers.build(configuration.classifier, n_channels, n_timepoints, real.n_classes)
    if initial is not None:
        network.load_state_dict(initial.state_dict())
    made = made.to(fabric.device) if made is not None else None
    objective = PolicyObjective(network, real.to(fabric.device), made, policy, configuration, balanced)
    steps = configuration.choose_steps(configuration.classifier_steps, len(real.series))
    schedule = Schedule(steps, f"classifier, {policy}", configuration.seed)
    history = train(fabric, objective, schedule, configuration)
    return network.cpu().eval(), history


@torch.no_grad()
def compute_log_probabilities(network: nn.Module, scaling: Scaling, series: np.ndarray) -> np.ndarray:
    """Log of class_probabilities `[n, n_classes]`, float64, of series in original units."""
    logits = network(scaling.standardise(torch.as_tensor(series)))
    return torch.log_softmax(logits.double(), dim=1).numpy()
