"""Seeded generation on the lane: blocks of fixed size, a few per turn, so that others get in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter

import numpy as np

from bundle.errors import InvalidRequest
from bundle.generation.blocks import cut_into_blocks, generate_blocks
from bundle.generation.mixture import MixtureParameters
from bundle.generation.policy import PolicyName
from bundle.generation.recipe import BLOCK_ROWS, Recipe, Samples
from bundle.generation.start import needs_codes, start_from
from service import metrics
from service.lane import Array
from service.served import Served

TURN_BLOCKS = 4
"""Blocks per turn on the lane: some 20 ms of one core in which nobody else is served, 60 ms where a bundle follows its
texture in 8 Euler steps; threads share them out."""

HELD_ROWS = 2 * TURN_BLOCKS * BLOCK_ROWS
"""What a stream has in memory: the part being taken and the one in the making."""


class Made:
    """Counts of one class so far, and its first `kept` series."""

    def __init__(self, kept: int = 0) -> None:
        self.count = self.n_proposals = self.n_fallbacks = 0
        self._kept, self._first = kept, list[Array]()

    def add(self, samples: Samples) -> None:
        """Add one part to the counts."""
        if self.count < self._kept:
            self._first.append(samples.series[: self._kept - self.count])
        self.count += len(samples.series)
        self.n_proposals += samples.n_proposals
        self.n_fallbacks += samples.n_fallbacks

    @property
    def acceptance(self) -> float:
        """The share of proposals kept by the rejection rule, 0 … 1."""
        return (self.count - self.n_fallbacks) / self.n_proposals if self.n_proposals else 1.0

    @property
    def first(self) -> Array | None:
        """The series kept, None when there are none."""
        return np.concatenate(self._first) if self._first else None


class Generation:
    """The series of several recipes, one after the other, with a place in the queue held from the start.

    While the caller takes one part the next is computed, and `close` ends the work. `whole` says that the caller will
    hold all series in memory, so that all of them count as waiting; `kept` is how many first series of a class `made`
    keeps.
    """

    def __init__(
        self,
        served: Served,
        operation: str,
        recipes: list[Recipe],
        n_given: int = 0,
        kept: int = 0,
        whole: bool = False,
    ) -> None:
        self._served, self._operation, self._recipes = served, operation, recipes
        self.made = {recipe.class_index: Made(kept) for recipe in recipes}
        self._next: asyncio.Future[Samples] | None = None
        self._place = ExitStack()
        to_make = sum(recipe.count for recipe in recipes)
        held = to_make if whole else min(to_make, HELD_ROWS)
        self._place.enter_context(served.lane.admit(n_given + held))
        metrics.rows.inc((operation, served.bundle.manifest.name), n_given)

    @property
    def made_by(self) -> dict[int, PolicyName]:
        """The policy that is followed, per class index."""
        return {recipe.class_index: recipe.used for recipe in self._recipes}

    async def start_from(self, series: Array, class_index: np.ndarray) -> None:
        """Make series near given ones of classes `class_index`; to be called before the first part is taken.

        They are encoded, in blocks of their own, where a policy needs it, and the model's mixture, if there is one, is
        shrunk to them. A bundle without an encoder makes new series instead.
        """
        served, mixture = self._served, None
        self._recipes = start_from(self._recipes, series, class_index)
        if needs_codes(served.bundle, self._recipes):
            latent = await _compute_posterior_means(served, series)
            if served.bundle.mixture is not None:
                mixture = await served.lane.run(_adapt_mixture, served.bundle.mixture, latent, class_index)
            self._recipes = start_from(self._recipes, series, class_index, latent, mixture)

    async def generate_parts(self) -> AsyncIterator[tuple[int, Samples]]:
        """Yield class index and series in order; equal seeds give equal bits, whatever else the server does."""
        for recipe in self._recipes:
            made = self.made[recipe.class_index]
            turns = self._plan_turns(recipe)
            self._begin(turns)
            while self._next is not None:
                samples = await self._next
                self._begin(turns)
                made.add(samples)
                metrics.rows.inc((self._operation, self._served.bundle.manifest.name), len(samples.series))
                yield recipe.class_index, samples
            self._count_made(recipe, made)

    def close(self) -> None:
        """Give back the place in the queue and end the call that runs."""
        if self._next is not None and not self._next.cancel() and not self._next.cancelled():
            self._next.exception()  # nobody is left to whom it would matter
        self._place.close()

    @contextmanager
    def close_on_failure(self) -> Iterator[None]:
        """Close the generation when the block, which comes before the first part, fails."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _begin(self, turns: Iterator[Callable[[], Samples]]) -> None:
        turn = next(turns, None)
        self._next = asyncio.ensure_future(self._served.lane.run(turn, patient=True)) if turn else None

    def _plan_turns(self, recipe: Recipe) -> Iterator[Callable[[], Samples]]:
        bundle = self._served.bundle
        labels = (self._operation, bundle.manifest.name)
        blocks = recipe.list_blocks()
        for start in blocks[::TURN_BLOCKS]:
            asked = perf_counter()

            def take_turn(some: range = blocks[start : start + TURN_BLOCKS], since: float = asked) -> Samples:
                metrics.queue_seconds.add(labels, 1, perf_counter() - since)
                with metrics.inference_seconds.measure_seconds(*labels):
                    return generate_blocks(bundle, recipe, some)

            yield take_turn

    def _count_made(self, recipe: Recipe, made: Made) -> None:
        manifest = self._served.bundle.manifest
        label = str(manifest.labels[recipe.class_index])
        if recipe.count:
            metrics.samples.inc((manifest.name, label), recipe.count)
            metrics.acceptance.observe((manifest.name, label), made.acceptance)


def _adapt_mixture(mixture: MixtureParameters, latent: Array, class_index: np.ndarray) -> MixtureParameters:
    """Shrink a mixture towards given cases.

    Raises `InvalidRequest` where a case is so far away that its class has no finite density.
    """
    try:
        adapted = mixture.adapt(latent.astype(np.float64), class_index)
        if all(np.isfinite(array).all() for array in adapted.graph_inputs.values()):
            return adapted
    except np.linalg.LinAlgError:
        pass
    farthest = int(np.abs(np.nan_to_num(latent, nan=np.inf)).max(axis=1).argmax())
    raise InvalidRequest(
        f"series[{farthest}] lies so far outside the model's training range that its class cannot be described; check "
        "its units and scale.",
        "series",
    )


async def _compute_posterior_means(served: Served, series: Array) -> Array:
    def encode(block: Array) -> Array:
        return served.bundle.encode(block)[0]

    means = [(await served.lane.run(encode, block, patient=True))[:rows] for block, rows in cut_into_blocks(series)]
    return np.concatenate(means)
