"""A classifier is trained with a policy, and asked for its probabilities."""

from __future__ import annotations

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from bundle.generation.policy import PolicyName, does_warp
from training.configuration import FitConfiguration
from training.families import classifiers
from training.learning.cases import Pool
from training.learning.loop import History
from training.learning.policy_cases import PolicyCases
from training.learning.run import compute_growth, make_run
from training.learning.scaling import Scaling


def make_policy_cases(
    real: Pool, made: Pool | None, policy: PolicyName, configuration: FitConfiguration, balanced: bool = False
) -> PolicyCases:
    """What a classifier learns from under `policy`; `made` are the cases that it adds."""
    return PolicyCases(
        real,
        made,
        configuration.synthetic_weight,
        configuration.clean_finish,
        configuration.policy_warp_probability if does_warp(policy) else 0.0,
        configuration.balance if balanced else None,
    )


def fit_classifier(
    fabric: Fabric,
    real: Pool,
    made: Pool | None,
    policy: PolicyName,
    configuration: FitConfiguration,
    balanced: bool = False,
    initial: nn.Module | None = None,
    steps_for: int | None = None,
) -> tuple[nn.Module, History | None]:
    """A classifier trained on `real` cases as `policy` says, on the CPU, and its losses, where it is trained in steps.

    `initial` gives starting weights. It takes as many steps as for `steps_for` cases (default: as there are).
    """
    share = compute_growth(steps_for) / compute_growth(len(real.series)) if steps_for else 1.0
    run = make_run(fabric, configuration, f"classifier, {policy}", share, initial)
    cases = make_policy_cases(real, made, policy, configuration, balanced)
    return classifiers.fit(cases, configuration.classifier, run)


@torch.no_grad()
def compute_log_probabilities(network: nn.Module, scaling: Scaling, series: np.ndarray) -> np.ndarray:
    """Log of class_probabilities `[n, n_classes]`, float64, of series in original units."""
    logits = network(scaling.standardise(torch.as_tensor(series)))
    return torch.log_softmax(logits.double(), dim=1).numpy()
