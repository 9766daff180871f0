"""Cases become a generator: in rounds, a VAE, a mixture and a texture of them, and a classifier to be convinced."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from lightning_fabric import Fabric
from torch import nn

from training.choosing.policies import fit_classifier
from training.configuration import FitConfiguration
from training.families import generators, textures, vae
from training.families.generators import ClassGenerator
from training.families.settings import NO_FAMILY
from training.families.textures import Decoded
from training.families.vae import VAE
from training.learning.cases import Pool, TrainingCases, standardise
from training.learning.generator import Generator
from training.learning.learner import compute_posterior_means
from training.learning.loop import History
from training.learning.maker import Maker
from training.learning.mixture_fit import fit_mixture
from training.learning.noise_maker import NoiseMaker
from training.learning.run import make_run
from training.learning.scaling import Scaling


@dataclass(frozen=True)
class Initial:
    """Networks whose weights training starts from, where there are any."""

    vae: VAE | None = None
    generator: ClassGenerator | None = None
    classifier: nn.Module | None = None


NOTHING = Initial()


def fit_generator(
    fabric: Fabric,
    cases: TrainingCases,
    configuration: FitConfiguration,
    initial: Initial = NOTHING,
    rounds: int = 1,
    share: float = 1.0,
    textured: bool = True,
) -> Generator:
    """Learn `cases`; `initial` gives starting weights. VAE and texture take the `share` of the steps that are set.

    Without `textured` nothing will be made, and the texture takes one step.

    In every round after the first the VAE is fitted anew to the cases and as many samples of the round before, equally
    many of each class; the mixture and the texture are always those of the cases.
    """
    scaling = Scaling(cases.series, configuration.working_timepoints)
    real, learn = standardise(cases, scaling), cases
    classifier, histories = _fit_plain_classifier(fabric, real, configuration, initial)
    for number in range(1, rounds + 1):
        title = "VAE" if rounds == 1 else f"VAE, round {number}"
        run = make_run(fabric, configuration, title, share, initial.vae)
        model, losses = vae.fit(standardise(learn, scaling), configuration.vae, run)
        latent = compute_posterior_means(model, scaling, cases.series)
        mixture = fit_mixture(
            latent,
            cases.class_index,
            cases.n_classes,
            configuration.choose_most_components(cases.n_classes),
            configuration.seed,
        )
        decoded = Decoded(real.series, real.class_index, cases.n_classes, model, scaling)
        run = make_run(fabric, configuration, "texture", share if textured else 0.0)
        texture, texture_losses = textures.fit(decoded, configuration.texture, run)
        histories |= {"VAE": losses} | ({"texture": texture_losses} if texture_losses else {})
        generator = Generator(
            scaling=scaling,
            vae=model,
            mixture=mixture,
            texture=texture,
            classifier=classifier,
            configuration=configuration,
            histories=histories,
        )
        if number < rounds:
            counts = compute_equal_counts(cases, len(cases.series))
            learn = join_cases(cases, generator.sample(counts, configuration.seed + number))
    return generator


def fit_noise_maker(
    fabric: Fabric,
    cases: TrainingCases,
    configuration: FitConfiguration,
    initial: Initial = NOTHING,
    share: float = 1.0,
) -> NoiseMaker:
    """Learn `cases` by a generator without encoder, which takes the `share` of the steps that are set."""
    scaling = Scaling(cases.series, configuration.working_timepoints)
    real = standardise(cases, scaling)
    classifier, histories = _fit_plain_classifier(fabric, real, configuration, initial)
    run = make_run(fabric, configuration, "generator", share, initial.generator)
    network, losses = generators.fit(real, configuration.generator, run)
    histories |= {"generator": losses} if losses else {}
    return NoiseMaker(
        scaling=scaling, network=network, classifier=classifier, configuration=configuration, histories=histories
    )


def fit_maker(
    fabric: Fabric,
    cases: TrainingCases,
    configuration: FitConfiguration,
    initial: Initial = NOTHING,
    rounds: int = 1,
    share: float = 1.0,
    textured: bool = True,
) -> Maker:
    """Learn `cases` by the family of generators that is chosen, else by VAE, mixture and texture."""
    if configuration.generator != NO_FAMILY:
        return fit_noise_maker(fabric, cases, configuration, initial, share)
    return fit_generator(fabric, cases, configuration, initial, rounds, share, textured)


def _fit_plain_classifier(
    fabric: Fabric, real: Pool, configuration: FitConfiguration, initial: Initial
) -> tuple[nn.Module | None, dict[str, History]]:
    """A classifier trained without any policy, with its losses by title; None where there is one class."""
    if real.n_classes == 1:
        return None, {}
    classifier, losses = fit_classifier(fabric, real, None, "none", configuration, initial=initial.classifier)
    return classifier, {"classifier": losses} if losses else {}


def compute_equal_counts(cases: TrainingCases, total: int) -> np.ndarray:
    """About `total` over the classes that have cases, `[n_classes]`, at least two of each."""
    present = np.bincount(cases.class_index, minlength=cases.n_classes) > 0
    return np.where(present, max(2, round(total / present.sum())), 0)


def join_cases(cases: TrainingCases, others: TrainingCases) -> TrainingCases:
    """The cases of both, in order; every value of the others counts."""
    counted = cases.counted
    if counted is not None:
        counted = np.concatenate([counted, np.ones(others.series.shape, np.bool_)])
    return replace(
        cases,
        lengths=None,
        counted=counted,
        series=np.concatenate([cases.series, others.series]),
        class_index=np.concatenate([cases.class_index, others.class_index]),
    )
