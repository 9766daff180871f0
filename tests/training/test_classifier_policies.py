"""A policy's batches are what it says: real and synthetic cases at their weights, warps, at last real cases alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from bundle.generation.policy import PolicyName
from training.choosing.folds import fit_policy
from training.choosing.policies import fit_classifier, make_policy_cases
from training.configuration import FitConfiguration
from training.families.classifiers import PolicyObjective, fcn
from training.learning.cases import Pool, TrainingCases, standardise
from training.learning.generator import Generator
from training.learning.run import compute_fold_share, compute_growth, make_run, start_fabric

SETTINGS = FitConfiguration(clean_finish=0.4, synthetic_weight=0.25, policy_warp_probability=1.0)
FABRIC = start_fabric(SETTINGS)
EARLY, LATE = 0.59, 0.61


class Seen(nn.Module):
    """Remembers its batch; answers logits (0, 3) for every case."""

    def __init__(self) -> None:
        super().__init__()
        self.batch = torch.empty(0)

    def forward(self, series: Tensor) -> Tensor:
        self.batch = series
        return torch.tensor([[0.0, 3.0]]).repeat(len(series), 1)


REAL = Pool(torch.randn(20, 1, 16, generator=torch.Generator().manual_seed(0)), torch.tensor([0] * 18 + [1] * 2), 2)
MADE = Pool(100 + torch.randn(40, 1, 16, generator=torch.Generator().manual_seed(1)), torch.ones(40).long(), 2)
INDEX = torch.tensor([3, 1, 4, 1, 5])


def batch_of(policy: PolicyName, made: Pool | None, progress: float) -> tuple[Tensor, float]:
    network = Seen()
    cases = make_policy_cases(REAL, made, policy, SETTINGS)
    loss, _ = PolicyObjective(network, cases, make_run(FABRIC, SETTINGS, "test"))(INDEX, progress)
    return network.batch, float(loss)


@pytest.mark.parametrize("policy", ["latent", "latent+warps", "warps"])
def test_a_clean_finish_sees_the_real_cases_as_they_are(policy: PolicyName) -> None:
    made = None if policy == "warps" else MADE
    assert torch.equal(batch_of(policy, made, LATE)[0], REAL.series[INDEX])
    assert not torch.equal(batch_of(policy, made, EARLY)[0], REAL.series[INDEX])


def test_before_it_as_many_synthetic_cases_stand_beside_the_real_ones_at_their_weight() -> None:
    batch, loss = batch_of("latent", MADE, EARLY)
    assert torch.equal(batch[:5], REAL.series[INDEX])
    assert len(batch) == 10 and all((MADE.series == row).all(dim=(1, 2)).any() for row in batch[5:])
    wrong, right = torch.nn.functional.cross_entropy(torch.tensor([[0.0, 3.0]] * 2), torch.arange(2), reduction="none")
    assert loss == pytest.approx(float((5 * wrong + 5 * 0.25 * right) / 6.25))
    assert batch_of("latent", MADE, LATE)[1] == pytest.approx(float(wrong))


def test_warps_are_of_both_halves_and_of_no_other_policy() -> None:
    batch, _ = batch_of("latent+warps", MADE, EARLY)
    assert not any(torch.equal(row, REAL.series[index]) for row, index in zip(batch[:5], INDEX, strict=True))
    assert not any((MADE.series == row).all(dim=(1, 2)).any() for row in batch[5:])
    assert torch.equal(batch_of("none", None, EARLY)[0], REAL.series[INDEX])


@pytest.mark.parametrize(
    ("balanced", "balance", "share"), [(True, 1.0, 1 / 2), (True, 0.5, 1 / 4), (True, 0.0, 0.1), (False, 1.0, 0.1)]
)
def test_balanced_drawing_gives_rare_classes_more_than_their_share(
    balanced: bool, balance: float, share: float
) -> None:
    network = Seen()
    settings = replace(SETTINGS, balance=balance)
    cases = make_policy_cases(REAL, None, "none", settings, balanced)
    objective = PolicyObjective(network, cases, make_run(FABRIC, settings, "test"))
    rare = REAL.series[18:]
    objective(torch.arange(20).repeat(100), 0.0)
    found = (network.batch[:, None] == rare[None]).all(dim=(2, 3)).any(dim=1).float().mean()
    assert float(found) == pytest.approx(share, abs=0.05)


def test_without_a_policy_no_synthetic_case_is_asked_for(
    generator: Generator, cases: TrainingCases, settings: FitConfiguration
) -> None:
    fabric = start_fabric(settings)
    network, _ = fit_policy(fabric, cases, "none", generator, settings)
    assert network is generator.classifier
    real = standardise(cases, generator.scaling)
    alone, _ = fit_classifier(fabric, real, None, "none", settings)
    assert are_equal(alone, network)
    balanced, _ = fit_policy(fabric, cases, "none", generator, settings, balanced=True)
    assert not are_equal(balanced, network)


def test_a_policy_changes_the_classifier_and_equal_seeds_repeat_it(
    generator: Generator, cases: TrainingCases, settings: FitConfiguration
) -> None:
    assert generator.classifier is not None
    brief = replace(settings, classifier=fcn.Settings(steps=5))
    fabric = start_fabric(brief)
    networks = [fit_policy(fabric, cases, "latent", generator, brief)[0] for _ in range(2)]
    assert are_equal(*networks)
    real = standardise(cases, generator.scaling)
    assert not are_equal(networks[0], fit_classifier(fabric, real, None, "none", brief)[0])


def are_equal(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_in_bf16_a_classifier_learns_as_well_and_keeps_float32_weights(
    cases: TrainingCases, settings: FitConfiguration, generator: Generator
) -> None:
    real, found = standardise(cases, generator.scaling), []
    for precision in ("32", "bf16"):
        chosen = replace(settings, precision=precision)
        network, _ = fit_classifier(start_fabric(chosen), real, None, "none", chosen)
        assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
        with torch.no_grad():
            found.append(network(real.series))
        assert torch.equal(found[-1].argmax(dim=1), real.class_index)
    assert not torch.equal(*found)


@pytest.mark.parametrize(("n_kept", "n_cases"), [(20, 30), (80, 120), (200, 300), (2000, 3000)])
def test_in_a_fold_a_vae_sees_each_case_as_often_as_in_the_whole(n_kept: int, n_cases: int) -> None:
    whole = make_run(FABRIC, SETTINGS, "test")
    fold = replace(whole, share=compute_fold_share(n_kept, n_cases))
    for steps in (400, 500):
        passes = whole.count_steps(steps, n_cases) / n_cases
        assert fold.count_steps(steps, n_kept) / n_kept == pytest.approx(passes, rel=0.01)


@pytest.mark.parametrize(("n_cases", "n_grown"), [(30, 60), (60, 120), (300, 700), (2000, 9000)])
def test_on_cases_that_others_were_added_to_a_classifier_takes_as_many_steps_as_without(
    n_cases: int, n_grown: int
) -> None:
    whole = make_run(FABRIC, SETTINGS, "test")
    grown = replace(whole, share=compute_growth(n_cases) / compute_growth(n_grown))
    assert grown.count_steps(400, n_grown) == pytest.approx(whole.count_steps(400, n_cases), rel=0.01)


@pytest.mark.parametrize("policy", ["none", "warps", "latent", "latent+warps"])
def test_what_is_collected_at_once_weighs_as_a_policys_batches_do(policy: PolicyName) -> None:
    made = MADE if "latent" in policy else None
    cases = make_policy_cases(REAL, made, policy, SETTINGS)
    collected = cases.collect(seed=0)
    synthetic = collected.series.mean(dim=(1, 2)) > 50
    real_weight = float(collected.weight[~synthetic].sum())
    assert torch.equal(collected.series[:20], REAL.series)
    assert real_weight == pytest.approx(20)
    made_weight = float(collected.weight[synthetic].sum())
    clean = SETTINGS.clean_finish if "warps" in policy else 0.0
    assert made_weight == pytest.approx(20 * SETTINGS.synthetic_weight * (1 - clean) if made else 0)
    assert len(collected.series) == {"none": 20, "warps": 100, "latent": 60, "latent+warps": 260}[policy]


def test_what_is_collected_balances_classes_by_weight() -> None:
    weight = make_policy_cases(REAL, None, "none", replace(SETTINGS, balance=1.0), balanced=True).collect(0).weight
    assert float(weight[:18].sum()) == pytest.approx(float(weight[18:].sum()))
