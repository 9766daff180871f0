"""The fit's own kind of network, trained plainly on all cases together, in as many steps as without those added."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.choosing.policies import compute_log_probabilities, fit_classifier
from training.judging.arms import Arm
from training.judging.kinds import Bench, Judgement
from training.learning.augmenting import join_cases
from training.learning.cases import TrainingCases, standardise
from training.learning.run import start_fabric

REPEATS = 1
"""It takes seconds."""

COPIES = ("random oversampling",)
"""Copies weigh a class as class weights do, which are judged."""

N_SHARES = 8
"""Parts that a case is in where it is of several classes."""


def judge(bench: Bench) -> Judgement:
    """See `training.judging.kinds`."""
    maker = bench.maker
    fabric = start_fabric(maker.configuration, bench.watcher)

    def judgement(arm: Arm, seed: int) -> np.ndarray | None:
        if arm.name in COPIES:
            return None
        if arm.name == "none" and bench.known is not None:
            return bench.known
        # Weighted, every class is drawn equally often.
        configuration = replace(maker.configuration, seed=seed, balance=1.0)
        learned = join_cases(bench.real, arm.added) if arm.shares is None else _copy_by_shares(bench.real, arm)
        pool = standardise(learned, maker.scaling)
        network, _ = fit_classifier(
            fabric, pool, None, "none", configuration, balanced=arm.weighted, steps_for=len(bench.real.series)
        )
        return compute_log_probabilities(network, maker.scaling, bench.asked.series)

    return judgement


def _copy_by_shares(real: TrainingCases, arm: Arm) -> TrainingCases:
    """Each case N_SHARES times, of an added one as many of a class as its share is: over the batches the loss is the
    cross-entropy of soft labels."""
    assert arm.shares is not None
    places = (np.arange(N_SHARES) + 0.5) / N_SHARES
    bounds = arm.shares.cumsum(axis=1)[:, None, :-1]
    class_index = (bounds < places[:, None]).sum(axis=2).reshape(-1)
    added = arm.added.select(np.repeat(np.arange(len(arm.added.series)), N_SHARES))
    copies = real.select(np.repeat(np.arange(len(real.series)), N_SHARES))
    return join_cases(copies, replace(added, class_index=class_index))
