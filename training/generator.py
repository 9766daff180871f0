"""A generator: what is learned of cases so that more of their kind can be made, in every way that a policy names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from models.generation import WARP_PROBABILITY
from models.given import GivenCases, given_by_class
from models.mixture import MixtureParameters
from models.policy import PolicyName, possible, source, warps
from models.recipe import MAX_REDRAWS
from models.warps import warped
from training.configuration import FitConfiguration
from training.learner import Pool, TrainingCases, posterior_means, standardised
from training.loop import History
from training.policies import class_log_probabilities
from training.scaling import Scaling
from training.synthesis import accepted, draw
from training.textures import Texture
from training.vae import VAE


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
        """Cases for a classifier to train on, as networks see it, before any warp: training warps as it goes.

        They spread wider than what `made` answers, and need not convince: at their lower weight, and with real cases
        at the end, variety helps more than it harms.
        """
        settings = replace(self.configuration, expansion=self.configuration.pool_expansion)
        wider = replace(self, classifier=None, configuration=settings)
        own = source(policy)
        made = wider.sampled(counts, seed) if own == "latent" else wider.made(own, cases, counts, seed)
        return standardised(made, self.scaling)

    def sampled(self, counts: np.ndarray, seed: int) -> TrainingCases:
        """Cases of the class mixtures in original units, `counts` `[n_classes]` of each class, as `/sample` makes them.

        Equal seeds give equal cases.
        """
        return self._all("latent", {}, counts, seed)

    def made(self, policy: PolicyName, cases: TrainingCases, counts: np.ndarray, seed: int) -> TrainingCases:
        """Synthetic cases in original units, `counts` `[n_classes]` of each class, as `/augment` makes them of `cases`.

        Equal seeds give equal cases.
        """
        codes = posterior_means(self.vae, self.scaling, cases.series).astype(np.float32)
        return self._all(policy, given_by_class(cases.series, cases.class_index, codes), counts, seed)

    def _all(self, policy: PolicyName, given: dict[int, GivenCases], counts: np.ndarray, seed: int) -> TrainingCases:
        random = np.random.default_rng(seed)
        parts = [
            self._of_class(policy, index, int(counts[index]), given.get(index), random)
            for index in np.flatnonzero(counts).tolist()
        ]
        nothing = np.empty((0, len(self.scaling.mean), self.scaling.native_timepoints), np.float32)
        series = np.concatenate(parts) if parts else nothing
        return TrainingCases(series, np.repeat(np.arange(len(counts)), counts), len(counts))

    def acceptance(self, index: int, count: int, random: np.random.Generator) -> float:
        """The share of `count` proposals that no rival class explains better and the classifier gives to the class."""
        latent = draw(self.mixture, index, count, self.configuration.expansion, random)
        kept = latent[self.mixture.class_log_density(latent).argmax(axis=1) == index]
        if self.classifier is None or not len(kept):
            return len(kept) / count
        _, convincing = self._judged(self._textured(kept, index, random), index)
        return float(convincing.sum() / count)

    def _of_class(
        self, policy: PolicyName, index: int, count: int, given: GivenCases | None, random: np.random.Generator
    ) -> np.ndarray:
        used = possible(policy, len(given.series) if given else 0)
        if given and source(used) in ("warps", "guided"):
            return given.warped(count, random) if used == "warps" else given.guided(count, random)

        def propose(wanted: int) -> np.ndarray:
            if given and source(used) == "interpolation":
                return given.between(wanted, random).decoded(self._plain)
            codes = accepted(self.mixture, index, wanted, self.configuration.expansion, random)
            if given:
                return given.towards(codes.astype(np.float32), random).decoded(self._plain)
            return self._textured(codes, index, random)

        series = self._convincing(propose, index, count)
        return warped(series, WARP_PROBABILITY, random) if warps(used) else series

    def _convincing(self, propose: Callable[[int], np.ndarray], index: int, count: int) -> np.ndarray:
        """Decoded series that the classifier gives to their own class; after MAX_REDRAWS the likeliest stands in."""
        series = propose(count)
        if self.classifier is None:
            return series
        best, convincing = self._judged(series, index)
        for _ in range(MAX_REDRAWS):
            redo = np.flatnonzero(~convincing)
            if not len(redo):
                break
            again = propose(len(redo))
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
    def _plain(self, latent: np.ndarray) -> np.ndarray:
        """Decoded, in original units, without texture."""
        decoded = self.vae.decode(torch.as_tensor(latent, dtype=torch.float32))
        series: np.ndarray = self.scaling.outward(decoded).numpy()
        return series

    @torch.no_grad()
    def _textured(self, latent: np.ndarray, index: int, random: np.random.Generator) -> np.ndarray:
        class_index = torch.full((len(latent),), index)
        decoded = torch.as_tensor(self._plain(latent))
        noise = random.standard_normal(self.texture.noise_shape(len(latent)), dtype=np.float32)
        residual = self.texture(self.scaling.inward(decoded), class_index, torch.as_tensor(noise))
        series: np.ndarray = (decoded + self.scaling.difference_outward(residual)).numpy()
        return series
