"""A fit makes the series that its bundle makes: what cross-validation judges is what is served."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.evidence import Metrics
from bundle.generation.blocks import cut_into_blocks, generate_blocks
from bundle.generation.policy import POLICIES, PolicyName
from bundle.generation.recipe import BLOCK_ROWS, Recipe
from bundle.generation.start import needs_codes, start_from
from bundle.publish import publish
from bundle.shape import SeriesShape
from tests.training.conftest import BRIEF
from training.configuration import FitConfiguration
from training.export.bundling import Origin, make_manifest_maker, pack
from training.families.textures import stored
from training.fitting import Fitted
from training.learning.augmenting import fit_generator
from training.learning.cases import TrainingCases
from training.learning.generator import Generator
from training.learning.run import start_fabric

ADDING = [policy for policy in POLICIES if policy != "none"]
SEED = 11
COUNT = BLOCK_ROWS + 5
EACH_KIND = pytest.mark.parametrize("kind", ["labelled", pytest.param("unlabelled", marks=pytest.mark.long)])


@dataclass(frozen=True)
class Pair:
    """The same fit twice: in torch, and as a bundle that was published and loaded."""

    cases: TrainingCases
    generator: Generator
    bundle: Bundle

    def check_alike(self, one: np.ndarray, other: np.ndarray) -> None:
        """Series of both agree within 1e-4 of a channel's standard deviation."""
        scale = self.cases.series.std(axis=(0, 2))[:, None]
        np.testing.assert_allclose(one / scale, other / scale, atol=1e-4, rtol=0)


@pytest.fixture(scope="module")
def labelled(cases: TrainingCases, generator: Generator, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Four classes, one of them without cases, and a texture that is followed in steps."""
    return _publish(cases, generator, generator.configuration, tmp_path_factory.mktemp("labelled"))


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """One class, no classifier, a texture that is run once, and a length that is resampled."""
    random = np.random.default_rng(0)
    series = np.sin(np.linspace(0, 6, 40) + random.uniform(0, 1, (14, 1, 1))) + 0.1 * random.normal(size=(14, 1, 40))
    settings = FitConfiguration(dataset="sines", **{**BRIEF, "texture": stored.Settings(), "working_timepoints": 24})
    cases = TrainingCases(series.astype(np.float32), np.zeros(14, np.int64), 1)
    return _publish(
        cases, fit_generator(start_fabric(settings), cases, settings), settings, tmp_path_factory.mktemp("unlabelled")
    )


def _publish(cases: TrainingCases, generator: Generator, settings: FitConfiguration, root: Path) -> Pair:
    labels = tuple(range(cases.n_classes))
    fitted = Fitted(labels, cases, generator, generator.classifier, None, None, {}, np.arange(len(cases.series)))
    packed = pack(fitted, settings)
    shape = SeriesShape(n_channels=cases.series.shape[1], n_timepoints=cases.series.shape[2])
    maker = make_manifest_maker("pair", fitted, packed, Metrics(), Origin("pair", "0" * 64, shape, settings, 1.0))
    return Pair(cases, generator, Bundle.load(publish(root, "pair", packed.files, maker), Runtime("cpu", 1)))


def _augment(bundle: Bundle, policy: PolicyName, cases: TrainingCases, counts: np.ndarray) -> np.ndarray:
    """Series as `/augment` makes them."""
    recipes = [
        Recipe(index, int(count), SEED, bundle.choose_expansion(None), policy)
        for index, count in enumerate(counts)
        if count
    ]
    started = start_from(recipes, cases.series, cases.class_index)
    if needs_codes(bundle, started):
        assert bundle.mixture is not None
        latent = np.concatenate([bundle.encode(block)[0][:rows] for block, rows in cut_into_blocks(cases.series)])
        mixture = bundle.mixture.adapt(latent.astype(np.float64), cases.class_index)
        started = start_from(recipes, cases.series, cases.class_index, latent, mixture)
    return np.concatenate([generate_blocks(bundle, recipe, recipe.list_blocks()).series for recipe in started])


@EACH_KIND
def test_samples_of_a_fit_are_those_of_its_bundle(kind: str, request: pytest.FixtureRequest) -> None:
    pair: Pair = request.getfixturevalue(kind)
    n_classes = pair.cases.n_classes
    made = pair.generator.sample(np.full(n_classes, COUNT), SEED)
    served = [pair.bundle.sample(index, COUNT, SEED).series for index in range(n_classes)]
    pair.check_alike(made.series, np.concatenate(served))


def test_series_that_are_drawn_again_are_the_same_too(labelled: Pair) -> None:
    recipe = Recipe(2, 3 * BLOCK_ROWS, SEED, 30.0)
    made, served = (generate_blocks(model, recipe, range(3)) for model in (labelled.generator.model, labelled.bundle))
    labelled.check_alike(made.series, served.series)
    np.testing.assert_allclose(made.log_density, served.log_density, atol=1e-3)
    assert made.n_proposals == served.n_proposals > len(made.series)


@pytest.mark.parametrize("policy", ADDING)
@EACH_KIND
def test_augmented_cases_of_a_fit_are_those_of_its_bundle(
    kind: str, policy: PolicyName, request: pytest.FixtureRequest
) -> None:
    pair: Pair = request.getfixturevalue(kind)
    counts = np.full(pair.cases.n_classes, COUNT)
    made = pair.generator.make(policy, pair.cases, counts, SEED)
    pair.check_alike(made.series, _augment(pair.bundle, policy, pair.cases, counts))
    assert np.array_equal(np.bincount(made.class_index), counts)


def test_a_fit_counts_proposals_and_fallbacks_as_its_bundle_does(labelled: Pair) -> None:
    classes = range(labelled.cases.n_classes)
    served = [labelled.bundle.sample(index, 48, SEED).acceptance for index in classes]
    assert [labelled.generator.measure_acceptance(index, 48, SEED) for index in classes] == pytest.approx(served)
    assert len(set(served)) > 1


def test_how_many_blocks_share_a_call_changes_nothing_that_is_made(
    labelled: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = np.array([70, 0, 33, 17])
    for policy in ("latent", "interpolation+warps", "guided"):
        together = labelled.generator.make(policy, labelled.cases, counts, SEED).series
        with monkeypatch.context() as patched:
            patched.setattr("training.learning.torch_model.TorchModel.blocks_at_once", 1)
            labelled.check_alike(together, labelled.generator.make(policy, labelled.cases, counts, SEED).series)


def test_what_need_not_convince_is_as_it_was_drawn_first(labelled: Pair) -> None:
    model = labelled.generator.model
    unsure = Recipe(2, 64, SEED, 30.0, convince=False)
    judged, drawn = (
        generate_blocks(model, recipe, recipe.list_blocks()) for recipe in (replace(unsure, convince=True), unsure)
    )
    convincing = model.classify(drawn.series).argmax(axis=1) == 2
    assert 0 < convincing.sum() < 64
    labelled.check_alike(judged.series[convincing], drawn.series[convincing])
    assert (np.abs(judged.series - drawn.series).max(axis=(1, 2)) > 0)[~convincing].any()
    assert (model.classify(judged.series).argmax(axis=1) == 2).sum() > convincing.sum()
