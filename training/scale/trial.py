"""A trial says, again and again while it is fitted, how well it knows training cases that it did not learn from.

Folds of the training set are held out one after the other; no test case is ever looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from bundle.generation.policy import PolicyName, find_source
from training.choosing.balance import is_imbalanced
from training.choosing.folds import Fold, fit_policy, make_folds
from training.choosing.policies import compute_log_probabilities, fit_classifier
from training.choosing.scoring import fit_tempered_nll
from training.configuration import FitConfiguration
from training.data import Cases
from training.data.partition import make_training_cases, order_labels
from training.families.classifiers import PolicyObjective
from training.learning.augmenting import fit_maker
from training.learning.cases import TrainingCases, standardise
from training.learning.run import compute_fold_share, start_fabric
from training.learning.scaling import Scaling
from training.learning.watcher import Stage, Step, Unwatched
from training.settings import ConfigurationError
from training.watching.looking import find_part, hold_still

LOOKS = 10
"""Reports of a fold: at even distances in the training of its classifier, the last once that is done."""


@dataclass(frozen=True)
class Report:
    """How a trial stands after `progress` of `LOOKS` times the folds: the mean, over the cases held out so far, of the
    negative log-likelihood, in nats, at the temperature that serves it best, and accuracy."""

    progress: int
    nll: float
    accuracy: float


Tell = Callable[[Report], None]


def check_tunable(learn: Cases, configuration: FitConfiguration) -> None:
    """Raise `ConfigurationError` where no case can be held out to judge by."""
    if learn.labels is None or len(set(learn.labels)) < 2:
        raise ConfigurationError(
            "a trial is judged by the classes of cases held out, and the dataset has fewer than two. Give labels."
        )
    if not count_folds(learn, configuration):
        raise ConfigurationError("no training case can be held out: give --folds 2 or more, and 2 cases of each class.")


def count_folds(learn: Cases, configuration: FitConfiguration) -> int:
    """How many folds are held out in turn: fewer than asked for where classes are too small, or none."""
    return len(make_folds(learn, _index(learn), configuration))


def choose_policy(configuration: FitConfiguration, kinds: Sequence[str]) -> PolicyName:
    """What a trial's classifier is trained with: the policy that is set, else none, or made series where what makes
    them is searched too."""
    if configuration.policy != "auto":
        return configuration.policy
    return "none" if set(kinds) == {"classifier"} else "latent"


def run_trial(learn: Cases, configuration: FitConfiguration, policy: PolicyName, tell: Tell) -> Report:
    """Fit every fold in turn, and report; the last report. Equal arguments, machine and threads give equal reports."""
    cases = _index(learn)
    balanced = is_imbalanced(cases.class_index) and policy != "none"
    standing = _Standing(tell, configuration.balance if balanced else 1.0)
    for fold in make_folds(learn, cases, configuration):
        log_probability = _fit_fold(fold, configuration, policy, balanced, standing)
        standing.end_fold(log_probability, fold.held_out.class_index)
    assert standing.last is not None, "check_tunable sees to it that there are folds"
    return standing.last


@dataclass
class _Standing:
    """What is known of the cases held out so far."""

    tell: Tell
    balance: float
    folds: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    last: Report | None = None

    def report(self, log_probability: np.ndarray, truth: np.ndarray, look: int) -> None:
        """Tell how the trial stands, with `log_probability` `[n, n_classes]` of the fold under way after a look."""
        judged = [*self.folds, (log_probability, truth)]
        every, classes = (np.concatenate(part) for part in zip(*judged, strict=True))
        self.last = Report(
            LOOKS * len(self.folds) + look,
            fit_tempered_nll(every, classes, self.balance),
            float((every.argmax(axis=1) == classes).mean()),
        )
        self.tell(self.last)

    def end_fold(self, log_probability: np.ndarray, truth: np.ndarray) -> None:
        """A fold is fitted."""
        self.report(log_probability, truth, LOOKS)
        self.folds.append((log_probability, truth))


class _Onlooker(Unwatched):
    """Looks at the classifier that a policy trains; see `training.learning.watcher.Onlooker`."""

    def __init__(self, fold: Fold, scaling: Scaling, policy: PolicyName, standing: _Standing) -> None:
        self._title, self._standing = f"classifier, {policy}", standing
        self._held_out = standardise(fold.held_out, scaling)

    @torch.no_grad()
    def offer_network(self, stage: Stage, step: Step, network: nn.Module) -> None:
        part, look = find_part(network), LOOKS * step.number // stage.steps
        is_due = max(0, LOOKS * (step.number - 1) // stage.steps) < look < LOOKS
        if stage.title != self._title or not isinstance(part, PolicyObjective) or not is_due:
            return
        device = next(part.parameters()).device
        with hold_still(part, device):
            logits = part.network(self._held_out.series.to(device))
        log_probability = torch.log_softmax(logits.double(), dim=1).cpu().numpy()
        self._standing.report(log_probability, self._held_out.class_index.numpy(), look)


def _fit_fold(
    fold: Fold, configuration: FitConfiguration, policy: PolicyName, balanced: bool, standing: _Standing
) -> np.ndarray:
    """Class log probabilities `[n, n_classes]` of the cases held out."""
    kept, n_held_out = fold.kept, len(fold.held_out.series)
    scaling = Scaling(kept.series, configuration.working_timepoints)
    fabric = start_fabric(configuration, _Onlooker(fold, scaling, policy, standing))
    if find_source(policy) in ("none", "warps"):  # nothing makes series
        real = standardise(kept, scaling)
        network, _ = fit_classifier(fabric, real, None, policy, configuration, balanced)
    else:
        share = compute_fold_share(len(kept.series), len(kept.series) + n_held_out)
        maker = fit_maker(fabric, kept, configuration, share=share)
        network, _ = fit_policy(fabric, kept, policy, maker, configuration, balanced)
    return compute_log_probabilities(network, scaling, fold.held_out.series)


def _index(learn: Cases) -> TrainingCases:
    return make_training_cases(learn, order_labels(learn.labels))
