"""A flow followed on the circle: exact for Gaussian targets of the noise's variance, of second order for others."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from training.families.circle import Predict, follow_circle

NOISE = torch.linspace(-2.5, 2.5, 41, dtype=torch.float64)


def predict_gaussian(mean: float, deviation: float) -> Predict:
    """What to expect of normal targets behind a state of the line."""

    def predict(state: Tensor, time: float) -> Tensor:
        gain = time * deviation**2 / ((1 - time) ** 2 + (time * deviation) ** 2)
        return mean + gain * (state - time * mean)

    return predict


def predict_either(level: float, deviation: float) -> Predict:
    """What to expect of targets that lie about `level` or about its negative, equally often."""

    def predict(state: Tensor, time: float) -> Tensor:
        variance = (1 - time) ** 2 + (time * deviation) ** 2
        upper = torch.sigmoid(2 * state * time * level / variance)
        return upper * predict_gaussian(level, deviation)(state, time) + (1 - upper) * predict_gaussian(
            -level, deviation
        )(state, time)

    return predict


@pytest.mark.parametrize("evaluations", [2, 3, 5])
def test_noise_of_the_law_of_the_targets_is_its_own_answer(evaluations: int) -> None:
    made = follow_circle(predict_gaussian(0, 1), NOISE, evaluations)
    torch.testing.assert_close(made, NOISE)


def test_normal_targets_are_reached_from_the_noise_that_is_as_likely() -> None:
    mean, deviation = 0.4, 0.7
    made = follow_circle(predict_gaussian(mean, deviation), NOISE, 200)
    torch.testing.assert_close(made, mean + deviation * NOISE, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("predict", [predict_gaussian(0.4, 0.7), predict_either(0.8, 0.5)])
def test_twice_the_evaluations_leave_a_quarter_of_the_error(predict: Predict) -> None:
    exact = follow_circle(predict, NOISE, 4000)
    errors = [float((follow_circle(predict, NOISE, times) - exact).abs().mean()) for times in (16, 32, 64)]
    for coarse, fine in itertools.pairwise(errors):
        assert math.log2(coarse / fine) == pytest.approx(2, abs=0.35)


def test_few_evaluations_keep_more_of_the_variance_than_many_euler_steps() -> None:
    predict = predict_either(0.8, 0.5)
    state, steps = NOISE, 8
    for step in range(steps):
        state = state + (predict(state, step / steps) - state) / (steps - step)
    exact, few = follow_circle(predict, NOISE, 4000), follow_circle(predict, NOISE, 2)
    assert float(state.var()) < float(few.var()) < 1.1 * float(exact.var())
    assert abs(float(few.var() / exact.var()) - 1) < abs(float(state.var() / exact.var()) - 1)
