"""What a bundle can do follows from its graphs; what it cannot is refused in a sentence that says what it can."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.errors import Unsupported
from bundle.generation.given import GivenCases
from bundle.generation.policy import PolicyName
from bundle.generation.recipe import BLOCK_ROWS
from tests.plain import LABELS, N_CHANNELS, N_TIMEPOINTS, OPERATIONS, Generate, publish_plain

Load = Callable[[str], Bundle]


@pytest.fixture(scope="module")
def load(plain_repository: Path) -> Load:
    return lambda name: Bundle.load(plain_repository / name / "1", Runtime("cpu", 1))


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_bundle_can_do_what_its_graphs_make_and_runs(load: Load, name: str):
    bundle = load(name)
    assert bundle.operations == OPERATIONS[name]
    assert [operation for operation in OPERATIONS["generator"] if bundle.can(operation)] == [
        operation for operation in OPERATIONS["generator"] if operation in OPERATIONS[name]
    ]
    bundle.warm_up()


REFUSALS = {
    ("generator", "encode"): "cannot encode: it has no encoder; it can sample, augment, classify.",
    ("generator", "reconstruct"): "cannot reconstruct: it has no encoder or decoder; it can sample",
    ("generator", "typicality"): "cannot judge typicality: it has no encoder or density; it can sample",
    ("dreamer", "classify"): "it has no classifier, since it was fitted on unlabelled data; it can sample, augment.",
    ("judge", "sample"): "it has no decoder or mixture, and no generate graph; it can classify.",
    ("coder", "reconstruct"): "it has no decoder; it can encode.",
    (
        "autoencoder",
        "sample",
    ): "it has no mixture, and no generate graph; it can encode, reconstruct, augment, decode, interpolate, traverse.",
}


@pytest.mark.parametrize(("name", "operation"), REFUSALS)
def test_what_it_cannot_do_is_refused_with_what_it_can(load: Load, name: str, operation: str):
    bundle = load(name)
    assert not bundle.can(operation)
    with pytest.raises(Unsupported) as caught:
        bundle.require(operation)
    assert caught.value.message.startswith(f"model '{name}' cannot ")
    assert REFUSALS[name, operation] in caught.value.message


def test_a_policy_without_its_graphs_is_refused_with_those_that_can_be_followed(load: Load):
    with pytest.raises(Unsupported, match="no encoder or decoder; it can follow warps, guided, latent, latent.warps"):
        load("generator").require_policy("interpolation")
    with pytest.raises(Unsupported, match="has no mixture, and no generate graph; it can follow warps, guided, inter"):
        load("autoencoder").require_policy("latent+warps")
    assert load("judge").policies == load("coder").policies == []


def test_an_expansion_is_refused_where_it_would_have_no_effect(load: Load, sines: Bundle):
    assert sines.choose_expansion(2.0) == 2.0
    assert load("generator").choose_expansion(None) == 1.0
    with pytest.raises(Unsupported, match="'generator' has no mixture; leave it out"):
        load("generator").sample(0, 1, seed=0, expansion=2.0)


@pytest.mark.parametrize("index", range(len(LABELS)))
def test_a_generator_makes_series_of_their_class_and_counts_what_it_drew_again(load: Load, index: int):
    bundle = load("generator")
    made = bundle.sample(index, 200, seed=3)
    own = bundle.classify(made.series).argmax(axis=1) == index
    assert made.series.shape == (200, N_CHANNELS, N_TIMEPOINTS) and np.isnan(made.log_density).all()
    assert own.sum() == 200 - made.n_fallbacks
    assert 200 < made.n_proposals < 1000


@pytest.mark.parametrize("count", [1, BLOCK_ROWS - 1, BLOCK_ROWS + 1, 3 * BLOCK_ROWS])
def test_fewer_series_of_a_generator_are_the_start_of_more(load: Load, count: int):
    bundle = load("generator")
    more = bundle.sample(1, 4 * BLOCK_ROWS, seed=5).series
    assert np.array_equal(bundle.sample(1, count, seed=5).series, more[:count])
    assert not np.array_equal(bundle.sample(1, count, seed=6).series, more[:count])


def test_every_input_of_noise_moves_the_series(load: Load):
    bundle = load("dreamer")
    shapes = bundle.noise_shapes
    assert list(shapes.items()) == [("noise", (4,)), ("drift", ())]
    quiet = {name: np.zeros((2, *shape), np.float32) for name, shape in shapes.items()}
    for name, shape in shapes.items():
        loud = quiet | {name: np.ones((2, *shape), np.float32)}
        assert not np.allclose(bundle.generate(0, quiet), bundle.generate(0, loud))


def test_the_graph_makes_what_its_network_makes(load: Load):
    noise = {"noise": np.ones((5, 4), np.float32), "drift": np.arange(5, dtype=np.float32)}
    series = Generate()(torch.full((5,), 2), *map(torch.as_tensor, noise.values()))
    np.testing.assert_allclose(load("generator").generate(2, noise), series.numpy(), atol=1e-5)


@pytest.mark.parametrize("policy", ["latent", "latent+warps", "warps", "guided"])
def test_a_generator_augments_from_given_cases_or_beside_them(load: Load, policy: PolicyName):
    bundle = load("generator")
    given = GivenCases(bundle.sample(0, 5, seed=1).series)
    made = bundle.sample(0, 40, seed=2, policy=policy, given=given).series
    assert made.shape == (40, N_CHANNELS, N_TIMEPOINTS) and np.isfinite(made).all()
    new = np.array_equal(made, bundle.sample(0, 40, seed=2).series)
    assert new == (policy == "latent"), "without an encoder, latent series are new ones"


def test_an_autoencoder_interpolates_between_given_cases(load: Load):
    bundle, waves = load("autoencoder"), load("generator").sample(0, 5, seed=1).series
    given = GivenCases(waves, bundle.encode(waves)[0])
    made = bundle.sample(0, 40, seed=2, policy="interpolation", given=given).series
    assert np.isfinite(made).all() and len(np.unique(made.round(4), axis=0)) == 40


def test_a_graph_of_a_role_that_nobody_knows_is_verified_and_not_offered(plain_repository: Path, tmp_path: Path):
    directory = publish_plain(tmp_path, "later", "classifier", labelled=True, forecast="decoder")
    bundle = Bundle.load(directory, Runtime("cpu", 1))
    assert "forecast" in bundle.manifest.graphs and not bundle.has("forecast")
    assert bundle.operations == ["classify"]
