"""One job's training set, and all that is fitted on it, each at most once and only when a judge asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property

import numpy as np
from lightning_fabric import Fabric
from torch import nn

from bundle.evidence import Uplift
from bundle.generation.policy import PolicyName, find_source, is_latent
from training.choosing.balance import is_imbalanced
from training.choosing.cross_validation import CANDIDATES, CrossValidation, cross_validate
from training.choosing.folds import fit_policy, make_folds
from training.choosing.policies import compute_log_probabilities, fit_classifier
from training.configuration import FitConfiguration
from training.data import Cases
from training.data.partition import make_training_cases, order_labels
from training.evaluation import peers, policies
from training.families import make_settings
from training.families.settings import FamilySettings, TrainedSettings
from training.learning.augmenting import fit_maker, join_cases
from training.learning.cases import TrainingCases, standardise
from training.learning.maker import Maker
from training.learning.scaling import Scaling, make_resampling_matrix

SECOND_SEED = 2**31
"""Added to a seed for the second model of an averaged pair."""


def resample_cases(cases: Cases, working_timepoints: int) -> Cases:
    """Longer series resampled as the learner does it, so that every policy and every judge sees the same."""
    n_timepoints = cases.series.shape[2]
    if n_timepoints <= working_timepoints:
        return cases
    matrix = make_resampling_matrix(n_timepoints, working_timepoints).numpy()
    counted = None if cases.counted is None else cases.counted @ matrix > 0.5
    return replace(cases, series=cases.series @ matrix, counted=counted, lengths=None)


@dataclass
class Trial:
    """A training set, a test set, and the networks fitted on the former.

    balance: synthetic cases fill every class to the largest (imbalance curve); else each class is doubled.
    """

    fabric: Fabric
    learn: Cases
    measure: Cases
    configuration: FitConfiguration
    balance: bool
    _probabilities: dict[tuple[PolicyName, float, int, int], np.ndarray] = field(default_factory=dict)
    _added: dict[str, TrainingCases] = field(default_factory=dict)
    _concatenated: dict[tuple[str, FamilySettings], np.ndarray] = field(default_factory=dict)

    @cached_property
    def cases(self) -> TrainingCases:
        """The training set, classes numbered."""
        return make_training_cases(self.learn, order_labels(self.learn.labels))

    @cached_property
    def test(self) -> TrainingCases:
        """The test set, classes numbered as in training."""
        return make_training_cases(self.measure, order_labels(self.learn.labels))

    @cached_property
    def counts(self) -> np.ndarray:
        """How many cases of each class are added, `[n_classes]`."""
        own = np.bincount(self.cases.class_index, minlength=self.cases.n_classes)
        return own.max() - own if self.balance else own

    @cached_property
    def scaling(self) -> Scaling:
        """Of the real cases, for every network."""
        return Scaling(self.cases.series, self.configuration.working_timepoints)

    @cached_property
    def cross_validation(self) -> CrossValidation:
        """What auto does: cross-validation on the training set, and a generator of all of it."""
        folds = make_folds(self.learn, self.cases, self.configuration)
        result = cross_validate(self.cases, folds, self.configuration, CANDIDATES)
        if result.classifier:
            policy, rounds = result.uplift.policy, result.uplift.rounds
            self._probabilities[policy, self._balance(policy), 0, rounds] = self._predict_test(result.classifier[0])
        return result

    @property
    def uplift(self) -> Uplift:
        """What auto chose, and why."""
        return self.cross_validation.uplift

    @cached_property
    def generator(self) -> Maker:
        """What makes our synthetic cases, fitted in one round; auto's own where it is that."""
        known = "cross_validation" in self.__dict__ and self.uplift.rounds == 1
        if known:
            return self.cross_validation.generator
        return fit_maker(self.fabric, self.cases, self.configuration)

    @cached_property
    def chosen_without_latent(self) -> PolicyName:
        """What auto would have chosen from the candidates that are not latent: the lowest held-out NLL."""
        cards = [card for card in self.uplift.candidates if not is_latent(card.policy)]
        return min(cards, key=lambda card: card.nll).policy if cards else "none"

    def predict_chosen(self, policy: PolicyName) -> np.ndarray:
        """Of the test set, `[n, n_classes]`, by our classifier trained with a policy as `fit.py` does it."""
        rounds = self.uplift.rounds if policy == self.uplift.policy else 1
        return self.predict(policy, self._balance(policy), rounds=rounds)

    def _balance(self, policy: PolicyName) -> float:
        """How much more often `fit.py` draws rare classes; 0 where not."""
        return self.configuration.balance if policy != "none" and is_imbalanced(self.cases.class_index) else 0.0

    def predict(
        self, policy: PolicyName, balance: float | None = None, seed_shift: int = 0, rounds: int = 1
    ) -> np.ndarray:
        """Of the test set, `[n, n_classes]`, by our classifier trained with a policy of ours.

        `balance` None: as `fit.py` draws cases, but for warps alone, which leave the classes as they are.
        """
        if balance is None:
            balance = 0.0 if policy == "warps" else self._balance(policy)
        key = (policy, balance, seed_shift, rounds)
        if key not in self._probabilities:
            seed = (self.configuration.seed + seed_shift) % 2**32
            settings = replace(self.configuration, seed=seed, balance=balance)
            if find_source(policy) in ("none", "warps"):
                real = standardise(self.cases, self.scaling)
                network, _ = fit_classifier(self.fabric, real, None, policy, settings, balance > 0)
            else:
                generator = self.generator if rounds == 1 else self.cross_validation.generator
                network, _ = fit_policy(self.fabric, self.cases, policy, generator, settings, balance > 0)
            self._probabilities[key] = self._predict_test(network)
        return self._probabilities[key]

    def predict_with_added(self, policy: str, family: str | None = None) -> np.ndarray:
        """Of the test set, `[n, n_classes]`, by a classifier trained plainly on real and added cases, equal steps.

        It is ours, or of another `family` of networks, trained as long and as fast as ours. Class weights draw every
        class equally often.
        """
        policy = self._resolve(policy)
        settings = self.configuration if family is None else self._choose_family(family)
        if policy == "none" and family is None:
            return self.predict("none")
        key = (policy, settings.classifier)
        if key not in self._concatenated:
            weighed = policy == policies.CLASS_WEIGHTS
            grown = self.cases if weighed else join_cases(self.cases, self.make_added(policy))
            pool = standardise(grown, self.scaling)
            settings = replace(settings, balance=1.0) if weighed else settings
            network, _ = fit_classifier(
                self.fabric, pool, None, "none", settings, weighed, steps_for=len(self.cases.series)
            )
            self._concatenated[key] = self._predict_test(network)
        return self._concatenated[key]

    def _choose_family(self, family: str) -> FitConfiguration:
        """The configuration with a classifier of a family, which has what training says in common with ours."""
        own = self.configuration.classifier
        names = [own.name for own in fields(TrainedSettings)] if isinstance(own, TrainedSettings) else []
        shared = {name: getattr(own, name) for name in names}
        return replace(self.configuration, classifier=make_settings("classifier", family, shared))

    def _predict_test(self, network: nn.Module) -> np.ndarray:
        probabilities: np.ndarray = np.exp(compute_log_probabilities(network, self.scaling, self.test.series))
        return probabilities

    def make_added(self, policy: str) -> TrainingCases:
        """The synthetic cases of a policy alone; for auto what `/augment` returns, for none nothing."""
        policy = self._resolve(policy)
        if policy not in self._added:
            self._added[policy] = self._make(policy)
        return self._added[policy]

    def _resolve(self, policy: str) -> str:
        """What auto stands for where cases are added."""
        if policy == "auto":
            return self.uplift.advice.policy
        return self.chosen_without_latent if policy == "auto-without-latent" else policy

    def _make(self, policy: str) -> TrainingCases:
        n_real, ours = len(self.cases.series), policies.find_ours(policy)
        if ours == "none":
            return self.cases.select(np.arange(0))
        if ours:
            return self.generator.make(ours, self.cases, self.counts, self.configuration.seed)
        grown = peers.import_peer(policy).augment(self.cases, self.counts, self.configuration)
        return grown.select(np.arange(n_real, len(grown.series)))
