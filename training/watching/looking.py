"""Looks at networks in the midst of training: what they make of some cases, without a trace in what is trained."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from training.families.classifiers import PolicyObjective
from training.families.generators import ClassGenerator
from training.families.vae import VAE
from training.learning.cases import Pool, TrainingCases, standardise
from training.learning.losses import compute_error
from training.learning.scaling import Scaling
from training.learning.sharing import SharedWatcher
from training.learning.watcher import Look, Stage, Step

MOST_LOOKS = 200
"""In a stage; where it has more epochs, they are thinned out evenly."""

MOST_LEARNED, MOST_HELD_OUT = 200, 100
"""Cases that are shown of those that are trained on, and of those that are not."""

MOST_JUDGED = 40
"""Cases held out whose error is measured: decoding is what a look takes most of its time for."""

MOST_DRAWN = 12
"""Series that are drawn, evenly over the classes."""


@dataclass(frozen=True)
class Shown:
    """The cases that networks are looked at by: the first `n_learned` are trained on, the others are not.

    drawn: indices `[n_drawn]` of those of which series are drawn; held-out ones, where there are any.
    """

    cases: Pool
    n_learned: int
    drawn: np.ndarray
    scaling: Scaling

    def restore(self, standardised: Tensor) -> np.ndarray:
        """Original units, at the working length."""
        series: np.ndarray = (standardised.cpu() * self.scaling.scale + self.scaling.mean).numpy()
        return series


def choose_shown(learn: TrainingCases, held_out: TrainingCases | None, scaling: Scaling) -> Shown:
    """Equally many of each class, as far as there are, spread over the set; nothing is drawn by chance."""
    learned = learn.select(spread_over_classes(learn.class_index, MOST_LEARNED))
    cases = standardise(learned, scaling)
    n_learned = len(learned.series)
    if held_out is None:
        return Shown(cases, n_learned, _choose_drawn(learned.class_index), scaling)
    others = standardise(held_out.select(spread_over_classes(held_out.class_index, MOST_HELD_OUT)), scaling)
    drawn = n_learned + _choose_drawn(others.class_index.numpy())
    return Shown(_join(cases, others), n_learned, drawn, scaling)


def spread_over_classes(class_index: np.ndarray, most: int) -> np.ndarray:
    """Indices of at most `most` cases, ascending: by turns one of each class that has any left, evenly spread in it."""
    ranks = np.empty(len(class_index))
    for index in np.unique(class_index):
        own = np.flatnonzero(class_index == index)
        ranks[own[_order_evenly(len(own))]] = np.arange(len(own))
    chosen: np.ndarray = np.sort(np.lexsort((class_index, ranks))[:most])
    return chosen


def _choose_drawn(class_index: np.ndarray) -> np.ndarray:
    """Indices of the cases whose series are drawn, class by class."""
    chosen = spread_over_classes(class_index, MOST_DRAWN)
    by_class: np.ndarray = chosen[np.argsort(class_index[chosen], kind="stable")]
    return by_class


def _order_evenly(n: int) -> np.ndarray:
    """0 … n − 1 so that every beginning is spread evenly (van der Corput's order)."""
    bits = max(1, (n - 1).bit_length())
    reversed_bits = [int(f"{number:0{bits}b}"[::-1], 2) for number in range(2**bits)]
    return np.array([number for number in reversed_bits if number < n])


def _join(one: Pool, other: Pool) -> Pool:
    counted = None
    if one.counted is not None or other.counted is not None:
        parts = [torch.ones_like(pool.series) if pool.counted is None else pool.counted for pool in (one, other)]
        counted = torch.cat(parts)
    series, class_index = torch.cat([one.series, other.series]), torch.cat([one.class_index, other.class_index])
    return Pool(series, class_index, one.n_classes, counted)


@dataclass(frozen=True)
class Looking:
    """An `Onlooker` that looks at what is trained, in whatever process, and tells a watcher of what it saw.

    A `PartWatcher` around it offers it nothing: what is trained in folds is not looked at.
    """

    watcher: SharedWatcher
    shown: Shown

    def begin_stage(self, stage: Stage) -> None:
        self.watcher.begin_stage(stage)

    def report_step(self, stage: Stage, step: Step) -> None:
        self.watcher.report_step(stage, step)

    def end_stage(self, stage: Stage) -> None:
        self.watcher.end_stage(stage)

    def offer_network(self, stage: Stage, step: Step, network: nn.Module) -> None:
        """See `training.learning.watcher.Onlooker`."""
        if is_due(stage, step):
            self.watcher.report_look(stage, take_look(network, self.shown, step))


def is_due(stage: Stage, step: Step) -> bool:
    """Whether a look is due: at the first and the last step, and where an epoch ends, or each of several."""
    if step.number in (stage.done, stage.steps):
        return True
    each = step.epochs / step.number
    pause = max(1, math.ceil(each * stage.steps / MOST_LOOKS))
    slack = 1e-9  # a third of an epoch, three times, is one
    return math.floor(step.epochs / pause + slack) > math.floor((step.epochs - each) / pause + slack)


@torch.no_grad()
def take_look(network: nn.Module, shown: Shown, step: Step) -> Look:
    """What the VAE, generator or classifier within `network` makes of the cases that are shown; nothing where there is
    none of these.

    Its modes and the random numbers of training are what they were.
    """
    device = next(network.parameters()).device
    part = find_part(network)
    with hold_still(network, device):
        match part:
            case VAE():
                return look_at_codes(part, shown, step, device)
            case ClassGenerator():
                return look_at_samples(part, shown, step, device)
            case PolicyObjective():
                return look_at_classes(part.network, shown, step, device)
    return Look(step)


def find_part(network: nn.Module) -> nn.Module | None:
    """What can be looked at within `network`; with weights averaged over training, where it averages them."""
    averaged = [part.module for part in network.modules() if isinstance(part, AveragedModel)]
    kinds = (VAE, ClassGenerator, PolicyObjective)
    return next((part for part in (*averaged, *network.modules()) if isinstance(part, kinds)), None)


def look_at_codes(vae: VAE, shown: Shown, step: Step, device: torch.device) -> Look:
    """Codes of all cases, reconstructions of those drawn, and the mean squared error of some of those held out, in
    squared standard deviations of a channel."""
    series = shown.cases.series.to(device)
    latent, _ = vae.encode(series)
    n_held_out = len(series) - shown.n_learned
    judged = torch.linspace(shown.n_learned, len(series) - 1, min(n_held_out, MOST_JUDGED)).round().long()
    decoded = vae.decode(latent[torch.cat([judged, torch.as_tensor(shown.drawn)]).to(device)])
    numbers = {}
    if n_held_out:
        counted = None if shown.cases.counted is None else shown.cases.counted[judged].to(device)
        error = compute_error(decoded[: len(judged)], series[judged.to(device)], counted)
        numbers["held-out error"] = float(error)
    return Look(step, numbers, latent.cpu().numpy(), shown.restore(decoded[len(judged) :]))


def look_at_samples(generator: ClassGenerator, shown: Shown, step: Step, device: torch.device) -> Look:
    """A series of the class of each case that is drawn, of the same noise at every look."""
    classes = shown.cases.class_index[torch.as_tensor(shown.drawn)].to(device)
    noise = torch.randn(generator.choose_noise_shape(len(classes)), generator=torch.Generator().manual_seed(0))
    return Look(step, series=shown.restore(generator(classes, noise.to(device))))


def look_at_classes(classifier: nn.Module, shown: Shown, step: Step, device: torch.device) -> Look:
    """The share of the cases held out that the classifier gives to their class."""
    held_out = slice(shown.n_learned, None)
    truth = shown.cases.class_index[held_out]
    if not len(truth):
        return Look(step)
    predicted = classifier(shown.cases.series[held_out].to(device)).argmax(dim=1).cpu()
    return Look(step, {"held-out accuracy": float((predicted == truth).double().mean())})


@contextlib.contextmanager
def hold_still(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Evaluation mode inside; afterwards the modes of all parts and torch's random state are what they were."""
    modes = [(part, part.training) for part in network.modules()]
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        network.eval()
        try:
            yield
        finally:
            for part, mode in modes:
                part.training = mode
