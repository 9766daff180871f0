"""A policy's cases, and a classifier trained with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from aeon.distances import dtw_alignment_path
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from models.evidence import Advice, Candidate, Interval, Uplift
from models.mixture import MixtureParameters
from models.policy import PolicyName, is_latent, source, warps
from training import classifiers
from training.configuration import FitConfiguration
from training.datasets import Cases
from training.datasets.split import fold_indices
from training.fitting import class_labels, training_cases
from training.learner import Pool, TrainingCases, fit_vae, posterior_means, residuals, standardised
from training.loop import Objective, Schedule, train
from training.mixture_fit import fit_mixture
from training.scaling import Scaling
from training.synthesis import POOL_SIZE, draw
from training.texture import Texture, fit_texture
from training.vae import VAE
from training.warps import warped

FOLDS = 3
CLEAN_FINISH = 0.4
SYNTHETIC_WEIGHT = 0.5
WARP_PROBABILITY = 0.5


@dataclass(frozen=True)
class Generator:
    """What makes cases of a class."""

    scaling: Scaling
    vae: VAE
    mixture: MixtureParameters
    texture: Texture
    expansion: float = 2.0

    def made(self, policy: PolicyName, cases: TrainingCases, counts: np.ndarray, seed: int) -> TrainingCases:
        """`counts` `[n_classes]` cases of each class, by class, in original units."""
        random = np.random.default_rng(seed)
        parts = [
            self._of_class(policy, cases, index, int(count), random) for index, count in enumerate(counts) if count
        ]
        class_index = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
        if not parts:
            return cases.subset(np.arange(0))
        inside = torch.cat(parts)
        if warps(policy):
            inside = warped(inside, WARP_PROBABILITY, torch.Generator().manual_seed(seed))
        return TrainingCases(self.scaling.outward(inside).numpy().astype(np.float32), class_index, cases.n_classes)

    @torch.no_grad()
    def _of_class(
        self, policy: PolicyName, cases: TrainingCases, index: int, count: int, random: np.random.Generator
    ) -> Tensor:
        own = np.flatnonzero(cases.class_index == index)
        first, second = random.choice(own, count), random.choice(own, count)
        real = self.scaling.inward(torch.as_tensor(cases.series[first]))
        if source(policy) == "guided":
            guides = self.scaling.inward(torch.as_tensor(cases.series[second]))
            return torch.stack([_guided(a, b) for a, b in zip(real, guides, strict=True)])
        if not is_latent(policy):
            return real
        if source(policy) == "latent":
            latent = draw(self.mixture, index, count, self.expansion, random)
        else:
            share = random.uniform(size=(count, 1))
            codes = posterior_means(self.vae, self.scaling, cases.series)
            latent = share * codes[first] + (1 - share) * codes[second]
        decoded = self.vae.decode(torch.as_tensor(latent, dtype=torch.float32))
        noise = random.standard_normal((count, decoded.shape[1], self.texture.n_noise), dtype=np.float32)
        texture: Tensor = self.texture(torch.full((count,), index), torch.as_tensor(noise))
        return decoded + texture


def _guided(series: Tensor, guide: Tensor) -> Tensor:
    path = np.array(dtw_alignment_path(guide.numpy(), series.numpy())[0])
    position = [path[path[:, 0] == timepoint, 1].mean() for timepoint in range(series.shape[1])]
    grid = np.arange(series.shape[1])
    return torch.tensor(np.stack([np.interp(position, grid, channel) for channel in series.numpy()])).float()


class _PolicyObjective(Objective):
    def __init__(
        self, network: nn.Module, real: Pool, made: Pool | None, warp: bool, balanced: bool, seed: int
    ) -> None:
        super().__init__(len(real.series), seed, real.series.device)
        self.network = network
        self._real, self._made, self._warp = real, made, warp
        weight = 1 / torch.bincount(real.class_index)[real.class_index].double()
        self._chance = weight / weight.sum() if balanced else None

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        if self._chance is not None:
            index = torch.multinomial(self._chance, len(index), replacement=True, generator=self.generator)
        series, class_index = self._real.series[index], self._real.class_index[index]
        weight = torch.ones(len(index))
        if progress < 1 - CLEAN_FINISH:
            if self._made is not None:
                chosen = torch.randint(len(self._made.series), (len(index),), generator=self.generator)
                series = torch.cat([series, self._made.series[chosen]])
                class_index = torch.cat([class_index, self._made.class_index[chosen]])
                weight = torch.cat([weight, torch.full((len(index),), SYNTHETIC_WEIGHT)])
            if self._warp:
                series = warped(series, WARP_PROBABILITY, self.generator)
        losses = functional.cross_entropy(self.network(series), class_index, reduction="none")
        loss = (losses * weight).sum() / weight.sum()
        return loss, {"loss": loss}


def fit_generator(fabric: Fabric, cases: TrainingCases, configuration: FitConfiguration) -> Generator:
    scaling = Scaling(cases.series, configuration.working_timepoints)
    vae = fit_vae(fabric, cases, scaling, configuration, "VAE")
    latent = posterior_means(vae, scaling, cases.series)
    mixture = fit_mixture(latent, cases.class_index, cases.n_classes, configuration.max_components, configuration.seed)
    texture = fit_texture(residuals(vae, scaling, cases.series), cases.class_index, cases.n_classes)
    return Generator(scaling, vae, mixture, texture, configuration.expansion)


def fit_policy(
    fabric: Fabric,
    cases: TrainingCases,
    policy: PolicyName,
    generator: Generator | None,
    configuration: FitConfiguration,
    balanced: bool = False,
) -> nn.Module:
    scaling = generator.scaling if generator else Scaling(cases.series, configuration.working_timepoints)
    real, made = standardised(cases, scaling), None
    if source(policy) not in ("none", "warps"):
        assert generator is not None
        counts = np.bincount(cases.class_index, minlength=cases.n_classes)
        equal = np.where(counts > 0, max(2, POOL_SIZE // cases.n_classes), 0)
        made = standardised(generator.made(policy, cases, equal, configuration.seed), scaling)
    torch.manual_seed(configuration.seed)
    network: nn.Module = classifiers.build(
        configuration.classifier, real.series.shape[1], real.series.shape[2], cases.n_classes
    )
    objective = _PolicyObjective(network, real, made, warps(policy), balanced, configuration.seed)
    train(fabric, objective, Schedule(configuration.classifier_steps, policy, configuration.seed), configuration)
    return network.cpu().eval()


@torch.no_grad()
def class_probabilities(network: nn.Module, scaling: Scaling, series: np.ndarray) -> np.ndarray:
    logits: Tensor = network(scaling.inward(torch.as_tensor(series)))
    probabilities: np.ndarray = logits.double().softmax(dim=1).numpy()
    return probabilities


def choose(fabric: Fabric, learn: Cases, configuration: FitConfiguration, candidates: tuple[PolicyName, ...]) -> Uplift:
    labels = class_labels(learn.labels)
    cases = training_cases(learn, labels)
    folds = fold_indices(learn.labels, learn.groups, FOLDS, configuration.seed, len(learn.series))
    nll: dict[PolicyName, list[float]] = {policy: [] for policy in candidates}
    right: dict[PolicyName, list[bool]] = {policy: [] for policy in candidates}
    for kept, held in folds:
        inside, outside = cases.subset(kept), cases.subset(held)
        generator = fit_generator(fabric, inside, configuration)
        for policy in candidates:
            network = fit_policy(fabric, inside, policy, generator, configuration)
            probabilities = class_probabilities(network, generator.scaling, outside.series)
            own = probabilities[np.arange(len(held)), outside.class_index]
            nll[policy] += (-np.log(np.maximum(own, 1e-12))).tolist()
            right[policy] += (probabilities.argmax(axis=1) == outside.class_index).tolist()
    return _uplift(nll, right, len(cases.series), len(folds))


def _uplift(
    nll: dict[PolicyName, list[float]], right: dict[PolicyName, list[bool]], n_cases: int, n_folds: int
) -> Uplift:
    cards = [_card(policy, nll, right) for policy in nll] if n_folds else []
    chosen = min(cards, key=lambda card: card.nll).policy if cards else "none"
    latent = [card for card in cards if is_latent(card.policy)]
    advised = chosen if chosen != "none" else min(latent, key=lambda card: card.nll).policy if latent else "latent"
    uplift = next((card.uplift for card in cards if card.policy == advised), None)
    advice = Advice(policy=advised, use=chosen != "none", uplift=uplift)
    return Uplift(
        policy=chosen, balanced=False, n_cases=n_cases, n_folds=n_folds, candidates=cards, advice=advice, weight=0.5
    )


def _card(policy: PolicyName, nll: dict[PolicyName, list[float]], right: dict[PolicyName, list[bool]]) -> Candidate:
    mean = 100 * (float(np.mean(right[policy])) - float(np.mean(right["none"])))
    share = float(np.mean(right[policy]))
    interval = Interval(mean=mean, low=mean, high=mean)
    return Candidate(policy=policy, nll=float(np.mean(nll[policy])), balanced_accuracy=share, uplift=interval)
