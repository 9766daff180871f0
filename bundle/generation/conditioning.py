"""The latent codes that a case with missing values may have: the mixture, given what is observed of the case.

The mixture is the prior. What a code decodes to differs from the observed values by a residual of known law
(`residual.py`), which gives the likelihood. In each of the likeliest components a search climbs to a peak of the
posterior by Gauss-Newton steps (Levenberg, 1944; Marquardt, 1963), with differences of decoded series for derivatives:
no graph needs a gradient. Around each peak the posterior is taken for normal (Laplace's approximation), which also
weighs the peaks against each other, and importance sampling mends what the approximation misses.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bundle.generation.mixture import MixtureParameters
from bundle.generation.partial import PartialCase
from bundle.generation.residual import Bridges

Float = NDArray[np.float64]

MOST_SCREENED = 512
"""Codes of the prior, over all components, among which a search looks for its starts."""

SCREENED = 16
"""Of one component, at most."""

SEARCHES = 8
"""Components from which a search starts: the likeliest."""

MOST_STEPS = 8

SETTLED = 0.02
"""Nats of gain below which a search ends."""

STRIDE = 0.1
"""Of a difference, in standard deviations of the component."""

PARTICLES = 128
"""Codes drawn of the posterior; fewer where series are so long that their decoded values exceed MOST_VALUES."""

MOST_VALUES, FEWEST_PARTICLES = 2**24, 16

CALL_VALUES = 2**21
"""Values that one call decodes, before others have their turn."""

TEMPERATURE = 2.0
"""By which the log likelihood is divided (Bissiri et al., 2016): one law for the residuals of all cases is wrong for
each of them, and would be believed the more, the more timepoints are observed."""


class Decodes(Protocol):
    """What conditioning asks of a model."""

    def decode(self, latent: NDArray[np.float32]) -> NDArray[np.float32]:
        """Series `[n, n_channels, n_timepoints]` of latent codes `[n, latent_dim]`."""


@dataclass(frozen=True)
class Codes:
    """Codes drawn of the posterior, each with its `weight` `[n]`, of sum 1, and what it decodes to at the case's
    timepoints, `decoded` `[n, n_channels, length]`; class_probabilities `[n_classes]`."""

    weight: Float
    decoded: Float
    class_probabilities: Float


@dataclass(frozen=True)
class Component:
    """A component of the mixture: its class, log of class share times weight, mean and covariance factor."""

    class_index: int
    log_weight: float
    mean: Float
    factor: Float

    def place(self, whitened: Float) -> Float:
        """Place whitened codes `[n, latent_dim]`, standard normal in this component, in the latent space."""
        latent: Float = self.mean + whitened @ self.factor.T
        return latent


@dataclass(frozen=True)
class Peaks:
    """Peaks of the posterior, each in a component: where, in whitened codes `[n, latent_dim]`, twice the negative log
    posterior `[n]`, and of that, halved, the slope downhill `[n, latent_dim]` and the precision `[n, latent_dim,
    latent_dim]`."""

    components: list[Component]
    whitened: Float
    cost: Float
    slope: Float
    precision: Float

    @property
    def log_share(self) -> Float:
        """The log of each peak's share in the posterior, `[n]`, by Laplace's approximation."""
        log_weight = np.array([component.log_weight for component in self.components])
        log_share = log_weight - 0.5 * self.cost - 0.5 * np.linalg.slogdet(self.precision)[1]
        log_share -= log_share.max()
        normalised: Float = log_share - np.log(np.exp(log_share).sum())
        return normalised

    def replace(self, better: NDArray[np.bool_], other: Peaks) -> Peaks:
        """The same with those that are `better` `[n]` from `other`."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("whitened", "cost", "slope", "precision"))
        chosen = [np.where(better.reshape(-1, *[1] * (one.ndim - 1)), new, one) for one, new in pairs]
        return Peaks(self.components, *chosen)


def list_components(mixture: MixtureParameters, class_share: Float, class_index: int | None = None) -> list[Component]:
    """List the components of all classes, or of one, that have weight; `class_share` `[n_classes]` sums to 1."""
    classes = range(len(mixture.weights)) if class_index is None else [class_index]
    return [
        Component(index, float(np.log(share * weight)), mixture.means[index, k], mixture.factors[index, k])
        for index in classes
        for share in [1.0 if class_index is not None else float(class_share[index])]
        for k, weight in enumerate(mixture.weights[index])
        if share * weight > 0
    ]


def count_held(size: int, latent_dim: int) -> int:
    """Count the float32 values whose memory conditioning takes for a case of `size` values."""
    searches = _count_searches(size, latent_dim)
    return 2 * size * (3 * _count_particles(size) + 2 * searches * (latent_dim + 1))


def _count_searches(size: int, latent_dim: int) -> int:
    return max(1, min(SEARCHES, MOST_VALUES // (size * (latent_dim + 1))))


def _count_particles(size: int) -> int:
    return max(FEWEST_PARTICLES, min(PARTICLES, MOST_VALUES // size))


class Conditioning:
    """The codes that `case` may have, of the components of a prior."""

    def __init__(self, model: Decodes, case: PartialCase, bridges: Bridges) -> None:
        self._model, self._case, self._bridges = model, case, bridges
        self._observed = self._whiten(np.where(case.observed, case.values, 0)[None].astype(np.float64))[0]

    def _whiten(self, series: Float) -> Float:
        whitened: Float = self._bridges.whiten(series) / np.sqrt(TEMPERATURE)
        return whitened

    def draw(
        self, components: list[Component], n_classes: int, random: np.random.Generator
    ) -> Generator[None, None, Codes]:
        """Draw codes; yields wherever somebody else may have a turn. `random` is drawn from in one order alone."""
        components, starts = yield from self._find_starts(components, random)
        peaks = yield from self._climb(components, starts)
        probabilities = np.zeros(n_classes)
        np.add.at(probabilities, [component.class_index for component in components], np.exp(peaks.log_share))
        weight, decoded = yield from self._sample(peaks, random)
        return Codes(weight, decoded, probabilities)

    def _find_starts(
        self, components: list[Component], random: np.random.Generator
    ) -> Generator[None, None, tuple[list[Component], Float]]:
        """Return the likeliest components, and of each the likeliest of some whitened codes, its mean among them."""
        count = min(SCREENED, max(1, MOST_SCREENED // len(components)))
        whitened = random.standard_normal((len(components), count, len(components[0].mean)))
        whitened[:, 0] = 0
        placed = [component.place(own) for component, own in zip(components, whitened, strict=True)]
        costs = []
        for latent in _cut(np.concatenate(placed), self._case.values.size):
            costs.append(self._measure(self._decode(latent)))
            yield
        cost = np.concatenate(costs).reshape(len(components), count)
        best = cost.argmin(axis=1)
        log_weights = np.array([component.log_weight for component in components])
        most = _count_searches(self._case.values.size, whitened.shape[2])
        order = np.argsort(0.5 * cost.min(axis=1) - log_weights, kind="stable")[:most]
        return [components[place] for place in order], whitened[order, best[order]]

    def _climb(self, components: list[Component], starts: Float) -> Generator[None, None, Peaks]:
        """Climb from whitened codes `starts`, one in each component, to the peaks near them."""
        here = yield from self._look_around(components, starts)
        damping = np.zeros(len(starts))
        for _ in range(MOST_STEPS):
            on_diagonal = np.einsum("nll->nl", here.precision)
            damped = here.precision + (damping[:, None] * on_diagonal)[:, :, None] * np.eye(starts.shape[1])
            step = np.linalg.solve(damped, here.slope[:, :, None])[:, :, 0]
            there = yield from self._look_around(components, here.whitened + step)
            gain = 0.5 * (here.cost - there.cost)
            here = here.replace(gain > 0, there)
            damping = np.where(gain > 0, damping / 4, np.maximum(4 * damping, 1.0))
            if (np.abs(gain) < SETTLED).all():
                break
        return here

    def _look_around(self, components: list[Component], whitened: Float) -> Generator[None, None, Peaks]:
        """Measure the posterior at whitened codes, one in each component, and its shape around them."""
        n_codes, latent_dim = whitened.shape
        stride = STRIDE * np.concatenate([np.zeros((1, latent_dim)), np.eye(latent_dim)])
        placed = [component.place(own + stride) for component, own in zip(components, whitened, strict=True)]
        rows = []
        for latent in _cut(np.concatenate(placed), self._case.values.size):
            rows.append(self._whiten(self._decode(latent)))
            yield
        decoded = np.concatenate(rows).reshape(n_codes, latent_dim + 1, -1)
        residual, change = self._observed - decoded[:, 0], (decoded[:, 1:] - decoded[:, :1]) / STRIDE
        cost = np.square(whitened).sum(axis=1) + np.square(residual).sum(axis=1)
        slope = (change @ residual[:, :, None])[:, :, 0] - whitened
        return Peaks(components, whitened, cost, slope, np.eye(latent_dim) + change @ change.transpose(0, 2, 1))

    def _sample(self, peaks: Peaks, random: np.random.Generator) -> Generator[None, None, tuple[Float, Float]]:
        """Draw codes around the peaks and weigh them: weight `[n]`, decoded `[n, n_channels, length]`."""
        n_codes = _count_particles(self._case.values.size)
        log_share = peaks.log_share
        chosen = np.searchsorted(np.exp(log_share).cumsum()[:-1], random.random(n_codes), side="right")
        noise = random.standard_normal((n_codes, peaks.whitened.shape[1]))
        # precision = U^T U: where U x = noise, x has the inverse of the precision for its covariance
        upper = np.linalg.cholesky(peaks.precision).transpose(0, 2, 1)
        whitened = peaks.whitened[chosen] + np.linalg.solve(upper[chosen], noise[:, :, None])[:, :, 0]
        latent = np.concatenate(
            [peaks.components[place].place(code[None]) for place, code in zip(chosen, whitened, strict=True)]
        )
        log_drawn = log_share + np.log(np.einsum("nll->nl", upper)).sum(axis=1)
        log_prior = np.array([component.log_weight for component in peaks.components])
        log_weight = (log_prior - log_drawn)[chosen] + 0.5 * (np.square(noise) - np.square(whitened)).sum(axis=1)
        decoded = []
        for some in _cut(latent, self._case.values.size):
            decoded.append(self._decode(some))
            yield
        whole = np.concatenate(decoded)
        return _normalise(log_weight - 0.5 * self._measure(whole)), whole

    def _decode(self, latent: Float) -> Float:
        return self._case.read(self._model.decode(latent.astype(np.float32)))

    def _measure(self, decoded: Float) -> Float:
        """Twice the negative log likelihood `[n]` of what is observed, but for a constant."""
        cost: Float = np.square(self._whiten(decoded) - self._observed).sum(axis=1)
        return cost


def _normalise(log_weight: Float) -> Float:
    weight = np.exp(log_weight - log_weight.max())
    normalised: Float = weight / weight.sum()
    return normalised


def _cut(latent: Float, size: int) -> list[Float]:
    """Cut codes into calls that decode CALL_VALUES at most, of series of `size` values, and one code at least."""
    rows = max(1, min(64, CALL_VALUES // size))
    return [latent[start : start + rows] for start in range(0, len(latent), rows)]
