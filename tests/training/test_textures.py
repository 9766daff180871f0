"""Every texture keeps the contract of textures; what each keeps of the training cases is what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime, Session
from bundle.generation.texture import add_texture, check_texture, read_noise_shape
from training import families
from training.configuration import FitConfiguration
from training.export.bundling import list_exportables
from training.export.exporting import Exportable, export
from training.families import textures
from training.families.textures import Decoded, Texture
from training.families.textures.stored import StoredResiduals
from training.fitting import Fitted
from training.learning.cases import TrainingCases, standardise
from training.learning.generator import Generator
from training.learning.run import make_run, start_fabric

FAMILIES = families.list_names("texture")


def decode(generator: Generator, cases: TrainingCases) -> Decoded:
    real = standardise(cases, generator.scaling)
    return Decoded(real.series, real.class_index, cases.n_classes, generator.vae, generator.scaling)


def learn(
    family: str,
    generator: Generator,
    cases: TrainingCases,
    settings: FitConfiguration,
    steps: int = 20,
    **chosen: int,
) -> Texture:
    known = families.list_options("texture", family)
    options = {name: value for name, value in {"steps": steps}.items() if name in known} | chosen
    run = make_run(start_fabric(settings), settings, "texture")
    return textures.fit(decode(generator, cases), families.make_settings("texture", family, options), run)[0]


@pytest.fixture(scope="module", params=[*FAMILIES, "flow in Euler steps"])
def texture(
    request: pytest.FixtureRequest, generator: Generator, cases: TrainingCases, settings: FitConfiguration
) -> Texture:
    family, *euler = request.param.split(" in Euler steps")
    return learn(family, generator, cases, settings, **({"euler_steps": 4} if euler else {}))


@pytest.fixture(scope="module")
def smooth(generator: Generator) -> torch.Tensor:
    """Five decoded series, standardised."""
    latent = torch.randn(5, generator.vae.latent_dim, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return generator.vae.decode(latent)


def draw_noise(texture: Texture, n_cases: int, seed: int) -> torch.Tensor:
    return torch.randn(texture.choose_noise_shape(n_cases), generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def test_a_residual_is_a_function_of_the_series_its_class_and_its_noise(texture: Texture, smooth: torch.Tensor) -> None:
    class_index, noise = torch.tensor([0, 1, 2, 0, 1]), draw_noise(texture, 5, 0)
    residual = texture(smooth, class_index, noise)
    assert residual.shape == smooth.shape and torch.isfinite(residual).all() and residual.abs().max() > 0
    assert torch.equal(texture(smooth, class_index, noise), residual)
    assert not torch.allclose(texture(smooth, class_index, draw_noise(texture, 5, 1)), residual)
    alone = torch.cat([texture(smooth[i : i + 1], class_index[i : i + 1], noise[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(alone, residual, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("count", [1, 0])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_class_of_one_case_or_of_none_has_a_texture(
    family: str, count: int, generator: Generator, cases: TrainingCases, settings: FitConfiguration
) -> None:
    few = cases.select(np.r_[0:12, 20 : 20 + count])
    texture = learn(family, generator, few, settings, steps=2)
    with torch.no_grad():
        residual = texture(torch.zeros(7, 2, 64), torch.full((7,), 2), draw_noise(texture, 7, 0))
    assert residual.shape == (7, 2, 64) and torch.isfinite(residual).all()


@torch.no_grad()
def test_stored_residuals_are_those_of_training_cases_of_the_class(
    generator: Generator, cases: TrainingCases, settings: FitConfiguration
) -> None:
    texture = learn("stored", generator, cases, settings)
    found = decode(generator, cases)
    residuals = found.series - found.model.decode(found.model.encode(found.series)[0])
    for index in range(3):
        own = residuals[found.class_index == index]
        made = texture(torch.zeros(40, 2, 64), torch.full((40,), index), draw_noise(texture, 40, index))
        distance = (made[:, None] - own[None]).abs().amax(dim=(2, 3))
        assert (distance.amin(dim=1) == 0).all()
        assert len(set(distance.argmin(dim=1).tolist())) > 1


@pytest.mark.parametrize("sign", [1, -1])
def test_of_stored_residuals_the_very_nearest_is_taken_where_all_are_nearly_as_near(sign: int) -> None:
    """As after a few epochs, when a decoder makes nearly the same of all; noise sets no case aside, or all of them."""
    generator = torch.Generator().manual_seed(0)
    smooth = torch.ones(8, 1, 40) + 1e-3 * torch.randn(8, 1, 40, generator=generator)
    own, other = torch.zeros(8, dtype=torch.long), torch.ones(8, dtype=torch.long)
    residuals = torch.arange(16.0)[:, None, None].expand(16, 1, 40)
    texture = StoredResiduals(torch.cat([smooth, torch.ones(8, 1, 40)]), residuals, torch.cat([own, other]))
    series = torch.ones(256, 1, 40) + 1e-3 * torch.randn(256, 1, 40, generator=generator)
    noise = torch.full((256, 16), float(sign))
    wanted = (series.double() - smooth[:, 0].double()).square().sum(dim=2).argmin(dim=1)
    class_index = torch.zeros(256, dtype=torch.long)
    assert torch.equal(texture(series, class_index, noise)[:, 0, 0], wanted.float())
    given = {"series": series.numpy(), "class_index": class_index.numpy(), "residual_noise": noise.numpy()}
    export(Exportable("texture", texture, given, ("residual",), {}, {}))  # and onnxruntime takes the same


def test_a_flow_keeps_as_much_of_few_cases_as_of_many_and_stored_residuals_grow_with_them(
    generator: Generator, cases: TrainingCases, settings: FitConfiguration
) -> None:
    def kept(family: str, count: int) -> dict[str, tuple[int, ...]]:
        state = learn(family, generator, cases.select(np.arange(count)), settings, steps=1).state_dict()
        return {name: tuple(tensor.shape) for name, tensor in state.items()}

    assert kept("flow", 12) == kept("flow", 24)
    assert kept("stored", 12) != kept("stored", 24)


def test_no_array_of_a_flow_is_a_training_case_or_its_residual(
    generator: Generator, cases: TrainingCases, settings: FitConfiguration
) -> None:
    real = decode(generator, cases)
    with torch.no_grad():
        residuals = real.series - real.model.decode(real.model.encode(real.series)[0])
    private = torch.cat([real.series, residuals]).flatten(0, 1)

    def likeness(family: str) -> float:
        """The highest correlation of a row that the texture keeps with a channel of a case, or of its residual."""
        state = learn(family, generator, cases, settings).state_dict().values()
        rows = torch.cat([part.reshape(-1, 64).float() for part in state if part.numel() % 64 == 0 and part.numel()])
        both = [part - part.mean(1, keepdim=True) for part in (rows, private)]
        unit = [part / part.norm(dim=1, keepdim=True).clamp_min(1e-9) for part in both]
        return float((unit[0] @ unit[1].T).abs().max())

    assert likeness("flow") < 0.95 < 0.9999 < likeness("stored")


def test_an_exported_texture_looped_by_the_runtime_is_the_one_of_torch(
    texture: Texture, generator: Generator, cases: TrainingCases, sines: Bundle
) -> None:
    configuration, scaling = generator.configuration, generator.scaling
    learned_all = Fitted((0, 1, 2, 3), cases, replace(generator, texture=texture), None, None, None, {}, np.arange(9))
    [item] = [item for item in list_exportables(learned_all, configuration) if item.name == "texture"]
    exported = export(item)
    manifest = sines.manifest.model_copy(update={"graphs": {"texture": exported.card}, "texture_steps": texture.steps})
    check_texture(manifest)
    series = cases.series[:6]
    session = Session(exported.content, Runtime("cpu", 1))
    noise = np.random.default_rng(3).standard_normal((6, *read_noise_shape(manifest)), dtype=np.float32)
    made = add_texture(session, texture.steps, series, 1, noise)
    with torch.no_grad():
        inward = scaling.standardise(torch.as_tensor(series))
        expected = inward + texture(inward, torch.ones(6, dtype=torch.long), torch.as_tensor(noise))
        assert float((scaling.standardise(torch.as_tensor(made)) - expected).abs().max()) < 1e-4
    assert np.abs(made - series).max() > 0
