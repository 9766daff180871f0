"""A generator: what is learned of cases so that more of their kind can be made, in every way that a policy names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from bundle.generation.blocks import WARP_PROBABILITY
from bundle.generation.given import GivenCases, group_by_class
from bundle.generation.mixture import MixtureParameters
from bundle.generation.policy import PolicyName, choose_possible, does_warp, find_source
from bundle.generation.recipe import MAX_REDRAWS
from bundle.generation.warps import warp
from training.choosing.policies import compute_log_probabilities
from training.configuration import FitConfiguration
from training.families.textures import Texture
from training.families.vae import VAE
from training.learning.cases import Pool, TrainingCases, standardise
from training.learning.learner import compute_posterior_means
from training.learning.loop import History
from training.learning.scaling import Scaling
from training.learning.synthesis import draw, draw_accepted


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

    def make_pool(self, policy: PolicyName, cases: TrainingCases, counts: np.ndarray, seed: int) -> Pool:
        """Cases for a classifier to train on, as networks see it, before any warp: training warps as it goes.

        They spread wider than what `made` answers, and need not convince: at their lower weight, and with real cases
        at the end, variety helps more than it harms.
        """
        settings = replace(self.configuration, expansion=self.configuration.pool_expansion)
        wider = replace(self, classifier=None, configuration=settings)
        own = find_source(policy)
        made = wider.sample(counts, seed) if own == "latent" else wider.make(own, cases, counts, seed)
        return standardise(made, self.scaling)

    def sample(self, counts: np.ndarray, seed: int) -> TrainingCases:
        """Cases of the class mixtures in original units, `counts` `[n_classes]` of each class, as `/sample` makes them.

        Equal seeds give equal cases.
        """
        return self._make_all("latent", {}, counts, seed)

    def make(self, policy: PolicyName, cases: TrainingCases, counts: np.ndarray, seed: int) -> TrainingCases:
        """Synthetic cases in original units, `counts` `[n_classes]` of each class, as `/augment` makes them of `cases`.

        Equal seeds give equal cases.
        """
        codes = compute_posterior_means(self.vae, self.scaling, cases.series).astype(np.float32)
        return self._make_all(policy, group_by_class(cases.series, cases.class_index, codes), counts, seed)

    def _make_all(
        self, policy: PolicyName, given: dict[int, GivenCases], counts: np.ndarray, seed: int
    ) -> TrainingCases:
        random = np.random.default_rng(seed)
        parts = [
            self._make_class(policy, index, int(counts[index]), given.get(index), random)
            for index in np.flatnonzero(counts).tolist()
        ]
        nothing = np.empty((0, len(self.scaling.mean), self.scaling.native_timepoints), np.float32)
        series = np.concatenate(parts) if parts else nothing
        return TrainingCases(series, np.repeat(np.arange(len(counts)), counts), len(counts))

    def estimate_acceptance(self, index: int, count: int, random: np.random.Generator) -> float:
        """The share of `count` proposals that no rival class explains better and the classifier gives to the class."""
        latent = draw(self.mixture, index, count, self.configuration.expansion, random)
        kept = latent[self.mixture.compute_class_log_density(latent).argmax(axis=1) == index]
        if self.classifier is None or not len(kept):
            return len(kept) / count
        _, convincing = self._judge(self._decode_textured(kept, index, random), index)
        return float(convincing.sum() / count)

    def _make_class(
        self, policy: PolicyName, index: int, count: int, given: GivenCases | None, random: np.random.Generator
    ) -> np.ndarray:
        used = choose_possible(policy, len(given.series) if given else 0)
        if given and find_source(used) in ("warps", "guided"):
            return given.warp(count, random) if used == "warps" else given.warp_guided(count, random)

        def propose(wanted: int) -> np.ndarray:
            if given and find_source(used) == "interpolation":
                return given.move_between(wanted, random).decode(self._decode_plain)
            codes = draw_accepted(self.mixture, index, wanted, self.configuration.expansion, random)
            if given:
                return given.move_towards(codes.astype(np.float32), random).decode(self._decode_plain)
            return self._decode_textured(codes, index, random)

        series = self._make_convincing(propose, index, count)
        return warp(series, WARP_PROBABILITY, random) if does_warp(used) else series

    def _make_convincing(self, propose: Callable[[int], np.ndarray], index: int, count: int) -> np.ndarray:
        """Decoded series that the classifier gives to their own class; after MAX_REDRAWS the likeliest stands in."""
        series = propose(count)
        if self.classifier is None:
            return series
        best, convincing = self._judge(series, index)
        for _ in range(MAX_REDRAWS):
            redo = np.flatnonzero(~convincing)
            if not len(redo):
                break
            again = propose(len(redo))
            probability, own = self._judge(again, index)
            better = probability > best[redo]
            series[redo[better]], best[redo[better]] = again[better], probability[better]
            convincing[redo] |= own
        return series

    def _judge(self, series: np.ndarray, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Log probability of the class `[n]`, and whether it is the likeliest `[n]`."""
        assert self.classifier is not None
        found = compute_log_probabilities(self.classifier, self.scaling, series)
        return found[:, index], found.argmax(axis=1) == index

    @torch.no_grad()
    def _decode_plain(self, latent: np.ndarray) -> np.ndarray:
        """Decoded, in original units, without texture."""
        decoded = self.vae.decode(torch.as_tensor(latent, dtype=torch.float32))
        series: np.ndarray = self.scaling.restore(decoded).numpy()
        return series

    @torch.no_grad()
    def _decode_textured(self, latent: np.ndarray, index: int, random: np.random.Generator) -> np.ndarray:
        class_index = torch.full((len(latent),), index)
        decoded = torch.as_tensor(self._decode_plain(latent))
        noise = random.standard_normal(self.texture.choose_noise_shape(len(latent)), dtype=np.float32)
        residual = self.texture(self.scaling.standardise(decoded), class_index, torch.as_tensor(noise))
        series: np.ndarray = (decoded + self.scaling.restore_difference(residual)).numpy()
        return series
