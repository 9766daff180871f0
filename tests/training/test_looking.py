"""Looks at a network in training show what it makes of chosen cases, and leave no trace in what is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import take_steps
from training.configuration import FitConfiguration
from training.families.classifiers import fcn
from training.families.generators import energy_score
from training.learning.augmenting import fit_maker
from training.learning.cases import TrainingCases
from training.learning.run import start_fabric
from training.learning.scaling import Scaling
from training.learning.sharing import SharedWatcher, share_watcher
from training.learning.watcher import Look, PartWatcher, Stage, Step
from training.watching.looking import MOST_LOOKS, Looking, Shown, choose_shown, is_due, spread_over_classes


@dataclass
class Album:
    """Keeps every look, by its stage's title."""

    looks: dict[str, list[Look]] = field(default_factory=dict)

    def begin_stage(self, stage: Stage) -> None:
        """Nothing."""

    def report_step(self, stage: Stage, step: Step) -> None:
        """Nothing."""

    def end_stage(self, stage: Stage) -> None:
        """Nothing."""

    def report_look(self, stage: Stage, look: Look) -> None:
        self.looks.setdefault(stage.name, []).append(look)


@pytest.fixture
def brief(settings: FitConfiguration) -> FitConfiguration:
    return replace(settings, **take_steps(30, 5, 30, euler_steps=4))


@pytest.fixture
def shown(cases: TrainingCases, brief: FitConfiguration) -> Shown:
    """All 24 cases, and the first six again as if they were held out."""
    return choose_shown(cases, cases.select(np.arange(6)), Scaling(cases.series, brief.working_timepoints))


@pytest.fixture
def album() -> Album:
    return Album()


@pytest.fixture
def shared(album: Album) -> Iterator[SharedWatcher]:
    with share_watcher(album) as shared:
        yield shared


def collect_weights(maker: Any) -> dict[str, torch.Tensor]:
    parts = {**maker.modules, "classifier": maker.classifier}
    return {f"{name}.{key}": value for name, part in parts.items() for key, value in part.state_dict().items()}


@pytest.mark.parametrize("family", ["vae", "generator"])
def test_a_fit_that_is_looked_at_has_the_weights_of_one_that_is_not(
    family: str, cases: TrainingCases, brief: FitConfiguration, shown: Shown, shared: SharedWatcher, album: Album
) -> None:
    configuration = replace(brief, generator=energy_score.Settings(steps=30)) if family == "generator" else brief
    alone = fit_maker(start_fabric(configuration), cases, configuration)
    watched = fit_maker(start_fabric(configuration, Looking(shared, shown)), cases, configuration)
    assert set(album.looks) >= {"classifier, none", "VAE" if family == "vae" else "generator"}
    for (name, weight), other in zip(collect_weights(alone).items(), collect_weights(watched).values(), strict=True):
        assert torch.equal(weight, other), name


def test_each_network_is_seen_before_its_first_step_after_epochs_and_at_its_end(
    cases: TrainingCases, brief: FitConfiguration, shown: Shown, shared: SharedWatcher, album: Album
) -> None:
    generator = fit_maker(start_fabric(brief, Looking(shared, shown)), cases, brief)
    looks = album.looks["VAE"]
    assert [look.step.number for look in looks] == list(range(31)), "a batch of 32 is more than an epoch of 24"
    last = looks[-1]
    assert last.latent is not None and last.latent.shape == (30, 16)
    assert last.series is not None and last.series.shape == (6, 2, 64)
    latent, _ = generator.model.encode(cases.series)
    np.testing.assert_allclose(last.latent[:24], latent, atol=1e-4)
    np.testing.assert_allclose(last.series, generator.model.decode(latent[shown.drawn - 24]), atol=1e-4)
    assert looks[0].numbers["held-out error"] > last.numbers["held-out error"]
    assert album.looks["classifier, none"][-1].numbers["held-out accuracy"] > 0.9


def test_a_generator_without_encoder_shows_a_sample_of_each_drawn_case_s_class_of_the_same_noise(
    cases: TrainingCases, brief: FitConfiguration, shown: Shown, shared: SharedWatcher, album: Album
) -> None:
    still: dict[str, Any] = {"steps": 2, "learning_rate": 1e-12, "weight_decay": 0.0}
    configuration = replace(brief, generator=energy_score.Settings(**still), classifier=fcn.Settings(**still))
    fit_maker(start_fabric(configuration, Looking(shared, shown)), cases, configuration)
    first, *_, last = album.looks["generator"]
    assert first.latent is None and first.series is not None and first.series.shape == (6, 2, 64)
    assert last.series is not None
    np.testing.assert_allclose(first.series, last.series, atol=1e-4)


def test_what_is_trained_in_a_fold_is_not_looked_at(
    cases: TrainingCases, brief: FitConfiguration, shown: Shown, shared: SharedWatcher, album: Album
) -> None:
    watcher = PartWatcher(Looking(shared, shown), "fold 1 of 2")
    fit_maker(start_fabric(brief, watcher), cases, replace(brief, **take_steps(1, 1, 1)))
    assert not album.looks


@given(st.integers(1, 3000), st.integers(1, 64), st.integers(1, 500), st.integers(0, 50))
def test_looks_are_even_bounded_and_include_the_first_and_the_last(
    steps: int, batch: int, n_cases: int, done: int
) -> None:
    stage = Stage("VAE", steps, min(done, steps))
    due = [number for number in range(stage.done, steps + 1) if is_due(stage, Step(number, number * batch / n_cases))]
    assert due[0] == stage.done and due[-1] == steps and len(due) <= MOST_LOOKS + 2
    epochs = steps * batch / n_cases
    if stage.done == 0 and n_cases >= batch and epochs <= MOST_LOOKS:
        ends = {-(-epoch * n_cases // batch) for epoch in range(1, int(epochs) + 1)}
        assert ends <= set(due), "no epoch is left out where they are few"


@given(st.lists(st.integers(0, 5), min_size=1, max_size=80), st.integers(1, 40))
def test_cases_are_chosen_evenly_over_classes(labels: list[int], most: int) -> None:
    class_index = np.array(labels)
    chosen = spread_over_classes(class_index, most)
    assert len(chosen) == min(most, len(labels)) and (np.diff(chosen) > 0).all()
    taken, there = np.bincount(class_index[chosen], minlength=6), np.bincount(class_index, minlength=6)
    short = taken < there
    assert not short.any() or taken.max() - taken[short].min() <= 1
