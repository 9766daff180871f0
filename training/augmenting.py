"""A generator: what is learned of cases so that more of their kind can be made, in every way that a policy names."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from lightning_fabric import Fabric

from models.mixture import MixtureParameters
from models.policy import PolicyName, source, warps
from models.warps import guided_warp
from training import textures
from training.configuration import FitConfiguration
from training.learner import Pool, TrainingCases, fit_vae, posterior_means, standardised
from training.loop import History
from training.mixture_fit import fit_mixture
from training.scaling import Scaling
from training.synthesis import accepted
from training.textures import Decoded, Texture
from training.vae import VAE
from training.warps import warped


@dataclass(frozen=True)
class Generator:
    """The scaling, VAE, mixture and texture of some cases."""

    scaling: Scaling
    vae: VAE
    mixture: MixtureParameters
    texture: Texture
    configuration: FitConfiguration
    histories: dict[str, History]

    def made(self, policy: PolicyName, cases: TrainingCases, counts: np.ndarray, seed: int) -> TrainingCases:
        """Synthetic cases in original units, `counts` `[n_classes]` of each class; equal seeds give equal cases."""
        pool = self.pool(policy, cases, counts, seed)
        with torch.no_grad():
            series = self.scaling.outward(pool.series).numpy()
        return TrainingCases(series, pool.class_index.numpy(), cases.n_classes)

    @torch.no_grad()
    def pool(self, policy: PolicyName, cases: TrainingCases, counts: np.ndarray, seed: int) -> Pool:
        """The same as networks see them. A class without cases, which cannot be warped or interpolated, is sampled."""
        random = np.random.default_rng(seed)
        noise = torch.Generator().manual_seed(seed)
        wanted = np.repeat(np.arange(len(counts)), counts)
        class_index = torch.as_tensor(wanted)
        real = standardised(cases, self.scaling)
        if source(policy) in ("warps", "guided"):
            series = real.series[_of_own_class(wanted, cases.class_index, random)]
            if source(policy) == "guided":
                teachers = real.series[_of_own_class(wanted, cases.class_index, random)]
                series = torch.as_tensor(guided_warp(series.numpy(), teachers.numpy()))
        else:
            codes = posterior_means(self.vae, self.scaling, cases.series)
            interpolate = source(policy) == "interpolation"
            latent = self._between(wanted, cases, codes, random) if interpolate else self._drawn(counts, random)
            series = self._decoded(latent, class_index, noise)
        if warps(policy):
            series = warped(series, self.configuration.warp_probability, noise)
        return Pool(series, class_index, cases.n_classes)

    def _drawn(self, counts: np.ndarray, random: np.random.Generator) -> np.ndarray:
        expansion = self.configuration.expansion
        return np.concatenate(
            [accepted(self.mixture, index, int(count), expansion, random) for index, count in enumerate(counts)]
        )

    def _between(
        self, wanted: np.ndarray, cases: TrainingCases, codes: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Latent codes at uniform shares of the way between two cases of the class wanted."""
        one, other = (codes[_of_own_class(wanted, cases.class_index, random)] for _ in range(2))
        between: np.ndarray = one + random.random((len(wanted), 1)) * (other - one)
        return between

    def _decoded(self, latent: np.ndarray, class_index: torch.Tensor, noise: torch.Generator) -> torch.Tensor:
        decoded = self.vae.decode(torch.as_tensor(latent, dtype=torch.float32))
        shape = self.texture.noise_shape(len(decoded))
        seen = self.scaling.inward(self.scaling.outward(decoded))
        residual: torch.Tensor = self.texture(seen, class_index, torch.randn(shape, generator=noise))
        return decoded + residual


def _of_own_class(wanted: np.ndarray, class_index: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The index of a random case of each class wanted."""
    order = np.argsort(class_index, kind="stable")
    first = np.searchsorted(class_index[order], wanted)
    many = np.bincount(class_index, minlength=wanted.max(initial=0) + 1)[wanted]
    own: np.ndarray = order[first + (random.random(len(wanted)) * many).astype(np.intp)]
    return own


def fit_generator(
    fabric: Fabric,
    cases: TrainingCases,
    configuration: FitConfiguration,
    initial: VAE | None = None,
    rounds: int = 1,
) -> Generator:
    """Learn `cases`; `initial` gives the VAE's starting weights.

    In every round after the first the VAE is fitted anew to the cases and as many samples of the round before, equally
    many of each class; the mixture and the texture are always those of the cases.
    """
    scaling = Scaling(cases.series, configuration.working_timepoints)
    learn = cases
    for number in range(1, rounds + 1):
        title = "VAE" if rounds == 1 else f"VAE, round {number}"
        model, losses = fit_vae(fabric, learn, scaling, configuration, title, initial)
        latent = posterior_means(model, scaling, cases.series)
        mixture = fit_mixture(
            latent, cases.class_index, cases.n_classes, configuration.max_components, configuration.seed
        )
        real = standardised(cases, scaling)
        decoded = Decoded(real.series, real.class_index, cases.n_classes, model, scaling)
        texture, texture_losses = textures.fit(configuration.texture, decoded, configuration, fabric)
        histories = {"VAE": losses} | ({"texture": texture_losses} if texture_losses else {})
        generator = Generator(scaling, model, mixture, texture, configuration, histories)
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
