"""The fit's own kind of network, trained plainly on all cases together, in as many steps as without those added."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.choosing.policies import compute_log_probabilities, fit_classifier
from training.judging.arms import Arm
from training.judging.kinds import Bench, Judgement
from training.learning.augmenting import join_cases
from training.learning.cases import standardise
from training.learning.run import start_fabric

REPEATS = 1
"""It takes seconds."""

COPIES = ("random oversampling",)
"""Copies weigh a class as class weights do, which are judged."""


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
        pool = standardise(join_cases(bench.real, arm.added), maker.scaling)
        network, _ = fit_classifier(
            fabric, pool, None, "none", configuration, balanced=arm.weighted, steps_for=len(bench.real.series)
        )
        return compute_log_probabilities(network, maker.scaling, bench.asked.series)

    return judgement
