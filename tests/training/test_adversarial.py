"""A generator and a critic learn in turns, go on where they were killed, and bounded weights stay bounded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.test_families import RUN, Cases, fit, make_brief
from tests.training.test_resuming import Killed
from training.families.adversaries import Critic
from training.families.generators import gan, wgan_gp
from training.families.generators.gan import LogOdds
from training.families.generators.wgan_gp import Wasserstein
from training.families.settings import TrainedSettings
from training.learning import checkpoints
from training.learning.adversarial import Table
from training.learning.loop import Objective, Turn, train_in_turns

DATA = Cases(1, 24, 2)


class Counting(Objective):
    """Pulls a parameter to 0 and counts how often it was asked to."""

    def __init__(self) -> None:
        super().__init__(4, 0, torch.device("cpu"))
        self.place, self.calls = torch.nn.Parameter(torch.ones(())), 0

    def forward(self, index: torch.Tensor, progress: float) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        self.calls += 1
        return self.place.square(), {"loss": self.place.square()}


def test_each_side_takes_the_gradient_steps_of_its_turn() -> None:
    one, other = Counting(), Counting()
    train_in_turns(RUN, [Turn(one, 3), Turn(other)], 5, TrainedSettings())
    assert (one.calls, other.calls) == (15, 5)
    assert 0 < one.place < other.place < 1


@pytest.mark.parametrize("name", ["gan", "wgan_gp", "flow"])
def test_a_generator_goes_on_from_any_of_its_states_to_the_same_weights(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_brief("generator", name, steps=12, spectral_norm=True)
    whole, _ = fit("generator", settings, DATA)
    monkeypatch.setattr(checkpoints, "SECONDS", 0.0)
    monkeypatch.setattr(checkpoints, "MOST_SHARE", float("inf"))
    keep, deaths = checkpoints.LoopCheckpoint.keep, 0

    def keep_and_die(self: checkpoints.LoopCheckpoint, state: checkpoints.State) -> None:
        nonlocal deaths
        keep(self, state)
        if state["step"] in (3, 7) and deaths < 2:
            deaths += 1
            raise Killed

    monkeypatch.setattr(checkpoints.LoopCheckpoint, "keep", keep_and_die)
    for _ in range(2):
        with pytest.raises(Killed):
            fit("generator", settings, DATA, replace(RUN, checkpoints=tmp_path))
    again, _ = fit("generator", settings, DATA, replace(RUN, checkpoints=tmp_path))
    other = again.state_dict()
    assert all(torch.equal(tensor, other[key]) for key, tensor in whole.state_dict().items())


def test_the_companions_of_a_case_are_all_the_cases_of_its_class() -> None:
    pool = Cases(1, 8, 3).pool
    settings = gan.Settings(width=4)
    networks = gan.build(pool.size, settings), Critic(pool.size, settings)
    table = Table(*networks, pool, LogOdds(1.0), packed=2)
    asked = torch.arange(3).repeat(50)
    found = table.draw_companions(asked, torch.Generator().manual_seed(0))
    assert torch.equal(pool.class_index[found], asked)
    assert set(found.tolist()) == set(range(8))


def test_spectral_norm_bounds_what_the_critic_makes_of_a_difference() -> None:
    size = DATA.pool.size
    torch.manual_seed(0)
    bounded = Critic(size, wgan_gp.Settings(spectral_norm=True))
    bounded.train()
    for _ in range(50):
        bounded(DATA.pool.series, DATA.pool.class_index)
    for layer in (bounded.features, bounded.score, *bounded.layers):
        largest = torch.linalg.matrix_norm(layer.weight.detach().flatten(1), ord=2)
        assert largest == pytest.approx(1, abs=0.05)


def test_the_penalties_are_those_of_a_linear_critic_known_by_hand() -> None:
    weight = torch.tensor([[[3.0, 4.0]]])
    real, made, mix = torch.ones(2, 1, 2), torch.zeros(2, 1, 2), torch.full((2, 1, 1), 0.5)

    def score(*sets: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple((series * weight).sum(dim=(1, 2)) for series in sets)

    of_wasserstein = Wasserstein(10.0).compute_critic_losses(score, real, made, mix)
    assert float(of_wasserstein["critic"].detach()) == pytest.approx(-7)
    assert float(of_wasserstein["penalty"].detach()) == pytest.approx(10 * (5 - 1) ** 2)
    of_log_odds = LogOdds(2.0).compute_critic_losses(score, real, made, mix)
    assert float(of_log_odds["penalty"].detach()) == pytest.approx(2 * 25 / 2)
