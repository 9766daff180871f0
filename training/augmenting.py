"""A generator: what is learned of cases so that more of their kind can be made, in every way that a policy names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from models.generation import WARP_PROBABILITY
from models.given import GivenCases, given_by_class
from models.mixture import MixtureParameters
from models.policy import PolicyName, possible, source, warps
from models.recipe import MAX_REDRAWS
from models.warps import warped
from training import textures
from training.configuration import FitConfiguration
from training.learner import Pool, TrainingCases, fit_vae, posterior_means, standardised
from training.loop import History
from training.mixture_fit import fit_mixture
from training.policies import class_log_probabilities, fit_classifier
from training.scaling import Scaling
from training.synthesis import accepted, draw
from training.textures import Decoded, Texture
from training.vae import VAE


@dataclass(frozen=True)
class Initial:
    """Networks whose weights training starts from, where there are any."""

    vae: VAE | None = None
    classifier: nn.Module | None = None


NOTHING = Initial()


@dataclass(frozen=True)
class Generator:
    """The scaling, VAE, mixture and texture of some cases, and a classifier of them, trained without any policy, that
    decoded series have to convince; None where there is one class."""

    scaling: Scaling
    vae: VAE
    mixture: MixtureParameters
    texture: Texture
    classifier: nn.Module | None
    configuration: FitConfiguration
    histories: dict[str, History]

    def pool(self, policy: PolicyName, cases: TrainingCases, counts: np.ndarray, seed: int) -> Pool:
        """What `made` answers, as networks see it, before any warp: training warps as it goes."""
        return standardised(self.made(source(policy), cases, counts, seed), self.scaling)

    def made(self, policy: PolicyName, cases: TrainingCases, counts: np.ndarray, seed: int) -> TrainingCases:
        """Synthetic cases in original units, `counts` `[n_classes]` of each class, by the laws of serving.

        Equal seeds give equal cases. `cases` are those that are warped or interpolated.
        """
        random = np.random.default_rng(seed)
        codes = posterior_means(self.vae, self.scaling, cases.series).astype(np.float32)
        given = given_by_class(cases.series, cases.class_index, codes)
        parts = [
            self._of_class(policy, index, int(counts[index]), given.get(index), random)
            for index in np.flatnonzero(counts).tolist()
        ]
        series = np.concatenate(parts) if parts else cases.series[:0]
        return TrainingCases(series, np.repeat(np.arange(len(counts)), counts), cases.n_classes)

    def acceptance(self, index: int, count: int, random: np.random.Generator) -> float:
        """The share of `count` proposals that no rival class explains better and the classifier gives to the class."""
        latent = draw(self.mixture, index, count, self.configuration.expansion, random)
        kept = latent[self.mixture.class_log_density(latent).argmax(axis=1) == index]
        if self.classifier is None or not len(kept):
            return len(kept) / count
        _, convincing = self._judged(self._decoded(kept, index, random), index)
        return float(convincing.sum() / count)

    def _of_class(
        self, policy: PolicyName, index: int, count: int, given: GivenCases | None, random: np.random.Generator
    ) -> np.ndarray:
        used = possible(policy, len(given.series) if given else 0)
        if given and source(used) in ("warps", "guided"):
            return given.warped(count, random) if used == "warps" else given.guided(count, random)

        def codes(wanted: int) -> np.ndarray:
            if given and source(used) == "interpolation":
                return given.between(wanted, random)
            return accepted(self.mixture, index, wanted, self.configuration.expansion, random)

        series = self._convincing(codes, index, count, random)
        return warped(series, WARP_PROBABILITY, random) if warps(used) else series

    def _convincing(
        self, codes: Callable[[int], np.ndarray], index: int, count: int, random: np.random.Generator
    ) -> np.ndarray:
        """Decoded series that the classifier gives to their own class; after MAX_REDRAWS the likeliest stands in."""
        series = self._decoded(codes(count), index, random)
        if self.classifier is None:
            return series
        best, convincing = self._judged(series, index)
        for _ in range(MAX_REDRAWS):
            redo = np.flatnonzero(~convincing)
            if not len(redo):
                break
            again = self._decoded(codes(len(redo)), index, random)
            probability, own = self._judged(again, index)
            better = probability > best[redo]
            series[redo[better]], best[redo[better]] = again[better], probability[better]
            convincing[redo] |= own
        return series

    def _judged(self, series: np.ndarray, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Log probability of the class `[n]`, and whether it is the likeliest `[n]`."""
        assert self.classifier is not None
        found = class_log_probabilities(self.classifier, self.scaling, series)
        return found[:, index], found.argmax(axis=1) == index

    @torch.no_grad()
    def _decoded(self, latent: np.ndarray, index: int, random: np.random.Generator) -> np.ndarray:
        class_index = torch.full((len(latent),), index)
        decoded = self.scaling.outward(self.vae.decode(torch.as_tensor(latent, dtype=torch.float32)))
        noise = random.standard_normal(self.texture.noise_shape(len(latent)), dtype=np.float32)
        residual = self.texture(self.scaling.inward(decoded), class_index, torch.as_tensor(noise))
        series: np.ndarray = (decoded + self.scaling.difference_outward(residual)).numpy()
        return series


def fit_generator(
    fabric: Fabric,
    cases: TrainingCases,
    configuration: FitConfiguration,
    initial: Initial = NOTHING,
    rounds: int = 1,
) -> Generator:
    """Learn `cases`; `initial` gives starting weights.

    In every round after the first the VAE is fitted anew to the cases and as many samples of the round before, equally
    many of each class; the mixture and the texture are always those of the cases.
    """
    scaling = Scaling(cases.series, configuration.working_timepoints)
    real, learn, classifier = standardised(cases, scaling), cases, None
    histories: dict[str, History] = {}
    if cases.n_classes > 1:
        classifier, histories["classifier"] = fit_classifier(
            fabric, real, None, "none", configuration, initial=initial.classifier
        )
    for number in range(1, rounds + 1):
        title = "VAE" if rounds == 1 else f"VAE, round {number}"
        model, losses = fit_vae(fabric, learn, scaling, configuration, title, initial.vae)
        latent = posterior_means(model, scaling, cases.series)
        mixture = fit_mixture(
            latent, cases.class_index, cases.n_classes, configuration.max_components, configuration.seed
        )
        decoded = Decoded(real.series, real.class_index, cases.n_classes, model, scaling)
        texture, texture_losses = textures.fit(configuration.texture, decoded, configuration, fabric)
        histories |= {"VAE": losses} | ({"texture": texture_losses} if texture_losses else {})
        generator = Generator(scaling, model, mixture, texture, classifier, configuration, histories)
        if number < rounds:
            counts = equal_counts(cases, len(cases.series))
            learn = joined(cases, generator.made("latent", cases, counts, configuration.seed + number))
    return generator


def equal_counts(cases: TrainingCases, total: int) -> np.ndarray:
    """About `total` over the classes that have cases, `[n_classes]`, at least two of each."""
    present = np.bincount(cases.class_index, minlength=cases.n_classes) > 0
    return np.where(present, max(2, round(total / present.sum())), 0)


def joined(cases: TrainingCases, others: TrainingCases) -> TrainingCases:
    """The cases of both, in order."""
    return replace(
        cases,
        series=np.concatenate([cases.series, others.series]),
        class_index=np.concatenate([cases.class_index, others.class_index]),
    )
