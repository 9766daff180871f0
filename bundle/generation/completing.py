"""A case with missing values, completed many times over: what the mixture holds for likely, given what is observed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from hashlib import blake2b
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from bundle.generation.conditioning import Codes, Conditioning, Decodes, list_components
from bundle.generation.mixture import MixtureParameters
from bundle.generation.partial import PartialCase
from bundle.generation.residual import Bridges, ResidualLaw

Array = NDArray[np.float32]
Float = NDArray[np.float64]

CODES_STREAM, CHOICE_STREAM, RESIDUAL_STREAM = range(3)

LEVELS = 9
"""Levels at which the residual of each code is looked at for an interval."""

CHUNK_VALUES = 2**21
"""Values of which quantiles are taken at a time."""


@dataclass(frozen=True)
class Completion:
    """A case completed: its expectation `series` and the interval around each value, `lower` and `upper`,
    `[n_channels, length]` each; `completions` `[n, n_channels, length]`; class_probabilities `[n_classes]`.

    Observed values are kept in all of them, bit for bit."""

    series: Array
    lower: Array
    upper: Array
    completions: Array
    class_probabilities: Array


Turns = Generator[None, None, Completion]
"""Work in turns: it yields wherever somebody else may have theirs."""


@dataclass(frozen=True)
class Wish:
    """How many completions of a case, drawn by which seed, and how much of them the interval covers, 0 … 1."""

    n: int
    coverage: float
    seed: int


@dataclass(frozen=True)
class Completer:
    """A model that decodes, the mixture over its codes, the share of each class `[n_classes]`, and the law of what
    decoding leaves over."""

    model: Decodes
    mixture: MixtureParameters
    class_share: Float
    residual: ResidualLaw

    def complete(self, case: PartialCase, wish: Wish, class_index: int | None = None) -> Turns:
        """Complete a case, of one class where that is known.

        The answer depends on the case, the wish and the class alone; fewer completions are the start of more.
        """
        random = _Noise(wish.seed, case, class_index)
        bridges = Bridges(self.residual, case)
        components = list_components(self.mixture, self.class_share, class_index)
        codes = yield from Conditioning(self.model, case, bridges).draw(
            components, len(self.class_share), random.start(CODES_STREAM)
        )
        expected = _fill(case, codes, bridges)
        yield
        lower, upper = yield from _find_interval(case, codes.weight, expected, bridges.variance, wish.coverage)
        chosen = _choose(codes.weight, random.start(CHOICE_STREAM).random(wish.n))
        completions = np.empty((wish.n, *case.values.shape), np.float32)
        noise = random.start(RESIDUAL_STREAM)
        for start, some in _cut_rows(chosen, case.values.size):
            drawn = bridges.draw(noise.standard_normal((len(some), *case.values.shape), np.float32))
            completions[start : start + len(some)] = expected[some] + drawn
            yield
        completions[:, case.observed] = case.values[case.observed]
        mean = _keep_observed(case, np.einsum("n,nct->ct", codes.weight, expected))
        return Completion(mean, lower, upper, completions, codes.class_probabilities.astype(np.float32))


def run(turns: Turns) -> Completion:
    """Take all turns at once."""
    while True:
        try:
            next(turns)
        except StopIteration as ending:
            completion: Completion = ending.value
            return completion


class _Noise:
    """Noise that is keyed by the seed and by what the case is, a stream for each use (Philox; Salmon et al., 2011).

    A case is completed alike wherever it stands, and whatever stands beside it.
    """

    def __init__(self, seed: int, case: PartialCase, class_index: int | None) -> None:
        digest = blake2b(digest_size=8)
        for part in (case.values, case.positions, np.array([-1 if class_index is None else class_index])):
            digest.update(np.ascontiguousarray(part).tobytes())
        self._key = np.array([seed, int.from_bytes(digest.digest(), "little")], np.uint64)

    def start(self, stream: int) -> np.random.Generator:
        counter = np.array([0, 0, stream, 0], np.uint64)
        return np.random.Generator(np.random.Philox(key=self._key, counter=counter))


def _fill(case: PartialCase, codes: Codes, bridges: Bridges) -> Float:
    """What each code expects, `[n, n_channels, length]`: what it decodes to, and what is observed of the residual,
    carried on into the gaps."""
    residual = np.where(case.observed, case.values - codes.decoded, 0.0)
    expected: Float = codes.decoded + bridges.fill(residual)
    return expected


def _find_interval(
    case: PartialCase, weight: Float, expected: Float, variance: Float, coverage: float
) -> Generator[None, None, tuple[Array, Array]]:
    """Find the quantiles between which `coverage` of the completions lies, timepoint by timepoint.

    At a timepoint they are a mixture of normal distributions of one variance; each is looked at by LEVELS of its own.
    """
    evenly = (np.arange(len(weight)) + 0.5) / len(weight)
    of_code = expected[_choose(weight, evenly)]
    levels = np.array([NormalDist().inv_cdf((level + 0.5) / LEVELS) for level in range(LEVELS)])
    levels /= np.sqrt(np.square(levels).mean())
    bounds = np.full((2, *case.values.shape), np.nan)
    missing = np.flatnonzero(~case.observed)
    flat, deviation = of_code.reshape(len(of_code), -1), np.sqrt(variance).reshape(-1)
    share = np.array([(1 - coverage) / 2, (1 + coverage) / 2])
    step = max(1, CHUNK_VALUES // (LEVELS * len(weight)))
    for start in range(0, len(missing), step):
        some = missing[start : start + step]
        values = flat[:, None, some] + levels[:, None] * deviation[some]
        bounds.reshape(2, -1)[:, some] = np.quantile(values.reshape(-1, len(some)), share, axis=0)
        yield
    return _keep_observed(case, bounds[0]), _keep_observed(case, bounds[1])


def _choose(weight: Float, uniform: Float) -> NDArray[np.int64]:
    """Choose codes by their weight, one for each value of `uniform`, 0 … 1."""
    return np.searchsorted(weight.cumsum()[:-1], uniform, side="right")


def _cut_rows(chosen: NDArray[np.int64], size: int) -> list[tuple[int, NDArray[np.int64]]]:
    rows = max(1, CHUNK_VALUES // size)
    return [(start, chosen[start : start + rows]) for start in range(0, len(chosen), rows)]


def _keep_observed(case: PartialCase, series: Float) -> Array:
    kept: Array = np.where(case.observed, case.values, series.astype(np.float32))
    return kept
