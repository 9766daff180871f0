"""Every family keeps the contract of its kind. It is found here by itself: nothing is to be added for a new one."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest
import torch

from tests.conftest import ROOT
from training import families
from training.configuration import ConfigurationError, FitConfiguration
from training.data.discover import find_generator, list_generators
from training.export.exporting import BATCH_SIZES, Exportable, export
from training.families import classifiers, generators, textures, vae
from training.families.settings import FamilySettings, Size
from training.fit import parse_arguments
from training.learning.cases import TrainingCases, standardise
from training.learning.loop import History
from training.learning.policy_cases import PolicyCases
from training.learning.run import Run, start_fabric
from training.learning.scaling import Scaling
from training.settings import Bounds, name_flag

FAMILIES = [(kind, name) for kind in families.PACKAGES for name in families.list_names(kind)]
"""All that there are, as (kind, name)."""

SHAPES = {
    "univariate": (1, 24, 2),
    "multivariate": (3, 40, 3),
    "unlabelled": (1, 24, 1),
    "8 timepoints": (1, 8, 2),
    "2000 timepoints": (2, 2000, 2),
}
"""Channels, timepoints and classes of the data that every family takes."""

every_family = pytest.mark.parametrize(("kind", "name"), FAMILIES, ids=lambda part: str(part))
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)

WORKING_TIMEPOINTS = 128
RUN = Run(start_fabric(FitConfiguration(device="cpu")), seed=3, title="family")


class Cases:
    """Eight noisy waves, an equal number of each class, whose frequency it sets."""

    def __init__(self, n_channels: int, n_timepoints: int, n_classes: int) -> None:
        random = np.random.default_rng(0)
        class_index = np.arange(8) % n_classes
        time = np.linspace(0, 6, n_timepoints) * (1 + class_index[:, None, None])
        phase = 0.3 * np.arange(n_channels)[:, None] + random.uniform(0, 1, (8, 1, 1))
        series = 5 + 2 * np.sin(time + phase) + 0.1 * random.normal(size=(8, n_channels, n_timepoints))
        self.cases = TrainingCases(series.astype(np.float32), class_index, n_classes)
        self.scaling = Scaling(self.cases.series, WORKING_TIMEPOINTS)
        self.pool = standardise(self.cases, self.scaling)


class Codes(vae.VAE):
    """A VAE that keeps the first values of each channel and forgets the rest: enough for a texture to stand on."""

    latent_dim = 4

    def __init__(self, size: Size) -> None:
        super().__init__()
        self._shape = (size.n_channels, size.n_timepoints)

    def encode(self, series: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = series[:, 0, : self.latent_dim]
        return mean, torch.zeros_like(mean)

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        return latent.mean(dim=1)[:, None, None].expand(-1, *self._shape)


def make_brief(kind: str, name: str, steps: int = 2, **options: Any) -> Any:
    """The family's settings, of so few steps where it takes any."""
    known = families.list_options(kind, name)
    return families.make_settings(kind, name, {k: v for k, v in {"steps": steps, **options}.items() if k in known})


def _decode(data: Cases) -> textures.Decoded:
    pool = data.pool
    return textures.Decoded(pool.series, pool.class_index, pool.n_classes, Codes(pool.size), data.scaling)


def fit(kind: str, settings: Any, data: Cases, run: Run = RUN) -> tuple[Any, History | None]:
    """What the family makes of the cases, whatever its kind takes."""
    fits: dict[str, Callable[[], tuple[Any, History | None]]] = {
        "vae": lambda: vae.fit(data.pool, settings, run),
        "texture": lambda: textures.fit(_decode(data), settings, run),
        "classifier": lambda: classifiers.fit(PolicyCases(data.pool), settings, run),
        "generator": lambda: generators.fit(data.pool, settings, run),
    }
    return fits[kind]()


def answer(kind: str, module: Any, data: Cases) -> dict[str, tuple[torch.Tensor, tuple[int, ...]]]:
    """What the module answers about the cases, and the shape that its kind promises."""
    series, class_index = data.pool.series, data.pool.class_index
    if kind == "classifier":
        return {"logits": (module(series), (len(series), data.pool.n_classes))}
    if kind in ("texture", "generator"):
        noise = torch.randn(module.choose_noise_shape(len(series)), generator=torch.Generator().manual_seed(0))
        given = (series, class_index, noise) if kind == "texture" else (class_index, noise)
        return {"made": (module(*given), tuple(series.shape))}
    code = (len(series), module.latent_dim)
    reconstruction, latent, mean, log_variance = module(series, torch.zeros(code))
    shaped = {"latent": (latent, code), "mean": (mean, code), "log_variance": (log_variance, code)}
    return {"reconstruction": (reconstruction, tuple(series.shape)), **shaped}


def list_exportables(kind: str, module: Any, data: Cases) -> list[Exportable]:
    """The graphs that the module exports, with examples for the largest batch."""
    random, rows = np.random.default_rng(1), max(BATCH_SIZES)
    if kind == "vae":
        latent = random.standard_normal((rows, module.latent_dim)).astype(np.float32)
        return list(module.list_exportables(data.scaling, latent))
    series = np.resize(data.cases.series, (rows, *data.cases.series.shape[1:]))
    if kind == "classifier":
        return [classifiers.make_exportable(module, data.scaling, series)]
    noise = random.standard_normal(module.choose_noise_shape(rows), dtype=np.float32)
    class_index = np.resize(data.cases.class_index, rows)
    if kind == "generator":
        return list(module.list_exportables(data.scaling, class_index, noise))
    return [module.make_exportable(data.scaling, series, class_index, noise)]


def find_explained(settings: type) -> set[str]:
    """The fields of a dataclass that a docstring follows, which is their help."""
    found = set()
    for owner in settings.__mro__[:-1]:
        [body] = ast.parse(inspect.getsource(owner)).body
        assert isinstance(body, ast.ClassDef)
        for statement, after in pairwise(body.body):
            if isinstance(statement, ast.AnnAssign) and isinstance(after, ast.Expr):
                found.add(ast.unparse(statement.target))
    return found


@every_family
def test_its_options_are_flags_with_help_and_bounds_and_survive_their_record(
    kind: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = families.make_settings(kind, name)
    assert isinstance(settings, FamilySettings) and type(settings).__doc__
    assert families.read_settings(kind, families.record_settings(settings)) == settings
    with pytest.raises(SystemExit):
        parse_arguments([f"--{kind}", name, "--help"])
    words = capsys.readouterr().out
    hints, explained = get_type_hints(type(settings), include_extras=True), find_explained(type(settings))
    for field in fields(settings):
        assert name_flag(f"{kind}.{field.name}") in words and field.name in explained
        if isinstance(getattr(settings, field.name), float | int) and hints[field.name] is not bool:
            assert any(isinstance(part, Bounds) for part in hints[field.name].__metadata__), field.name


@every_shape
@every_family
@torch.no_grad()
def test_it_answers_in_the_shapes_of_its_kind_with_finite_losses_and_equal_seeds_give_equal_weights(
    kind: str, name: str, shape: tuple[int, int, int]
) -> None:
    data, settings = Cases(*shape), make_brief(kind, name)
    with torch.enable_grad():
        (module, history), (again, _) = (fit(kind, settings, data) for _ in range(2))
    for part, (tensor, expected) in answer(kind, module, data).items():
        assert tuple(tensor.shape) == expected and torch.isfinite(tensor).all(), part
    for losses in history.parts.values() if history else ():
        assert np.isfinite(losses).all()
    state, other = module.state_dict(), again.state_dict()
    assert state.keys() == other.keys() and all(torch.equal(tensor, other[key]) for key, tensor in state.items())


@every_family
@torch.no_grad()
def test_it_learns_eight_series_by_heart(kind: str, name: str) -> None:
    data = Cases(1, 24, 2)
    with torch.enable_grad():
        module, _ = fit(kind, make_brief(kind, name, steps=150), data)
    series, given = data.pool.series, answer(kind, module, data)
    if kind == "vae":
        assert (given["reconstruction"][0] - series).square().mean() < 0.3 * series.var()
    elif kind == "classifier":
        assert torch.equal(given["logits"][0].argmax(dim=1), data.pool.class_index)
    elif kind == "generator":
        class_index = data.pool.class_index.repeat(25)
        noise = torch.randn(module.choose_noise_shape(200), generator=torch.Generator().manual_seed(0))
        made = module(class_index, noise)
        for index in range(2):
            difference = made[class_index == index].mean(dim=0) - series[data.pool.class_index == index].mean(dim=0)
            assert difference.square().mean() < 0.1 * series.var()
        assert 0.5 < made.std() / series.std() < 1.5
    else:
        decoded = _decode(data)
        residual = series - decoded.model.decode(decoded.model.encode(series)[0])
        assert 0.5 < given["made"][0].std() / residual.std() < 2


@every_family
def test_its_graphs_answer_as_torch_does_at_every_batch_size(kind: str, name: str) -> None:
    check_graphs(kind, name, SHAPES["multivariate"])


@pytest.mark.reliability
@every_shape
@every_family
def test_its_graphs_answer_as_torch_does_for_series_of_every_shape(
    kind: str, name: str, shape: tuple[int, int, int]
) -> None:
    check_graphs(kind, name, shape)


def check_graphs(kind: str, name: str, shape: tuple[int, int, int]) -> None:
    """`export` compares each graph with torch at every batch size; no estimate exceeds what they really take."""
    data, settings = Cases(*shape), make_brief(kind, name)
    module, _ = fit(kind, settings, data)
    taken = sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())
    for item in list_exportables(kind, module, data):
        exported = export(item)
        taken += len(exported.content)
        assert exported.card.file == f"{item.name}.onnx"
    assert {1, 2, 7, 33} <= set(BATCH_SIZES)
    assert sum(size for size, _ in settings.estimate_parts(data.pool.size)) <= taken


@pytest.mark.parametrize("name", families.list_names("generator"))
def test_no_option_of_a_generator_is_also_one_of_a_generator_of_data(name: str) -> None:
    own = set(families.list_options("generator", name))
    for dataset in list_generators():
        generator = find_generator(dataset)
        assert generator is not None
        assert own.isdisjoint(field.name for field in fields(generator.Settings)), dataset


def test_what_no_family_is_called_and_what_it_has_no_option_for_is_refused_with_what_there_is() -> None:
    with pytest.raises(ConfigurationError, match="--vae is 'nope'; it must be one of: .*convolutional"):
        families.make_settings("vae", "nope")
    with pytest.raises(ConfigurationError, match="texture stored has no option 'steps'; it has: none"):
        families.make_settings("texture", "stored", {"steps": 3})
    with pytest.raises(ConfigurationError, match=r"--vae.kl-weight is -1.0; it must be at least 0\."):
        families.make_settings("vae", "convolutional", {"kl_weight": -1.0})


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The classifier of the families' README, put where the README says; its name."""
    text = (ROOT / "training" / "families" / "README.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "nearest_mean.py").write_text(code)
    monkeypatch.setattr(classifiers, "__path__", [*classifiers.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, f"{classifiers.__name__}.nearest_mean", raising=False)
    return "nearest_mean"


def test_the_recipe_for_a_family_followed_literally_makes_one(recipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = parse_arguments(["--classifier", recipe, "--classifier.sharpness=5"]).classifier
    assert families.record_settings(chosen) == {"family": recipe, "sharpness": 5.0}
    test_its_options_are_flags_with_help_and_bounds_and_survive_their_record("classifier", recipe, capsys)
    test_it_learns_eight_series_by_heart("classifier", recipe)
    check_graphs("classifier", recipe, SHAPES["multivariate"])
