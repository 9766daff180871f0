"""What is decoded has to convince twice, or is drawn again.

Its latent code must be likeliest under its own class, and the classifier, where there is one, must give the series to
its class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundle.generation.given import Moved
from bundle.generation.model import Model, has_generate_graph
from bundle.generation.recipe import BLOCK_ROWS, MAX_PROPOSALS, MAX_REDRAWS, REDRAW_STREAMS, TEXTURE_STREAM, Blocks

REDRAWN_ROWS = 4
"""Rows of a block that are drawn again are decoded in a multiple of this, whatever the recipe's count."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Drawn:
    """What is to be decoded, by row: latent codes, or given cases that are `moved`; log density, whether no rival
    class explains them better, and proposals made."""

    latent: Array
    log_density: Array
    accepted: NDArray[np.bool_]
    n_proposals: NDArray[np.int64]
    moved: Moved | None = None

    @property
    def source(self) -> NDArray[np.int64]:
        """Which given case each row came from, -1 where from none."""
        return np.full(len(self.latent), -1) if self.moved is None else self.moved.source


@dataclass(frozen=True)
class Made:
    """Whole blocks of series `[n, n_channels, n_timepoints]`; by row their log density, whether they convince, the
    proposals made, and which given case each came from, -1 where from none."""

    series: Array
    log_density: Array
    accepted: NDArray[np.bool_]
    n_proposals: NDArray[np.int64]
    source: NDArray[np.int64]


def draw_likely_codes(model: Model, blocks: Blocks, redraw: int) -> Drawn:
    """Draw codes that no rival class explains better; after MAX_PROPOSALS take the likeliest."""
    n_rows, class_index = blocks.n_rows, blocks.recipe.class_index
    latent = np.zeros((n_rows, model.latent_dim), np.float32)
    own, best_margin = np.zeros(n_rows, np.float32), np.full(n_rows, -np.inf, np.float32)
    accepted, n_proposals = np.zeros(n_rows, bool), np.zeros(n_rows, np.int64)
    for attempt in range(MAX_PROPOSALS):
        n_proposals += ~accepted
        proposal, log_density = _propose(model, blocks, redraw * REDRAW_STREAMS + attempt)
        margin = _compute_margin(log_density, class_index)
        better = ~accepted & (margin > best_margin)
        latent[better], best_margin[better] = proposal[better], margin[better]
        own[better] = log_density[better, class_index]
        accepted |= margin >= 0
        if accepted.all():
            break
    return Drawn(latent, own, accepted, n_proposals)


def leave_to_noise(blocks: Blocks) -> Drawn:
    """Leave it to a generator's noise what is decoded: there is no code that a rival class might explain better."""
    n_rows = blocks.n_rows
    codes, unknown = np.empty((n_rows, 0), np.float32), np.full(n_rows, np.nan, np.float32)
    return Drawn(codes, unknown, np.ones(n_rows, bool), np.ones(n_rows, np.int64))


def make_convincing(model: Model, blocks: Blocks, draw: Callable[[Blocks, int], Drawn]) -> Made:
    """Draw until the classifier gives each series to the recipe's class; after MAX_REDRAWS take the likeliest.

    `draw` is given some of the blocks and the number of the redraw. Whole blocks are looked at, whatever the recipe's
    count: fewer series are the start of more.
    """
    first = draw(blocks, 0)
    series = _decode(model, blocks, 0, first, np.arange(blocks.n_rows))
    own, accepted, n_proposals, source = first.log_density, first.accepted, first.n_proposals, first.source.copy()
    if not (blocks.recipe.convince and model.has("classifier")):
        return Made(series, own, accepted, n_proposals, source)
    best, convincing = _judge(model, blocks, series)
    for redraw in range(1, MAX_REDRAWS + 1):
        pending = np.flatnonzero(~convincing)
        if not len(pending):
            break
        some, within = blocks.select_of(pending)
        again = draw(some, redraw)
        made = _decode(model, some, redraw, again, within)
        probability, of_class = _judge(model, blocks, made)
        better = probability > best[pending]
        chosen = pending[better]
        series[chosen], best[chosen] = made[better], probability[better]
        own[chosen], source[chosen] = again.log_density[within[better]], again.source[within[better]]
        convincing[pending] |= of_class
        n_proposals[pending] += again.n_proposals[within]
    return Made(series, own, accepted & convincing, n_proposals, source)


def _propose(model: Model, blocks: Blocks, stream: int) -> tuple[Array, Array]:
    """Propose codes for every row of the blocks."""

    def draw(random: np.random.Generator) -> tuple[Array, Array]:
        uniform = random.random(BLOCK_ROWS, dtype=np.float32)
        return uniform, random.standard_normal((BLOCK_ROWS, model.latent_dim), dtype=np.float32)

    uniform, noise = map(np.concatenate, zip(*blocks.draw(stream, draw), strict=True))
    recipe = blocks.recipe
    return model.propose(recipe.class_index, uniform, noise, recipe.expansion, recipe.mixture)


def _compute_margin(log_density: Array, class_index: int) -> Array:
    """Log density under the own class minus that under the likeliest rival, `[n]`; infinite without rivals."""
    rivals = np.delete(log_density, class_index, axis=1)
    highest = rivals.max(axis=1, initial=-np.inf)
    margin: Array = log_density[:, class_index] - highest
    return margin


def _judge(model: Model, blocks: Blocks, series: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return the probability of the recipe's class `[n]`, and whether it is the likeliest `[n]`."""
    class_index, probability = blocks.recipe.class_index, model.screen(series)
    return probability[:, class_index], probability.argmax(axis=1) == class_index


def _decode(model: Model, blocks: Blocks, redraw: int, drawn: Drawn, rows: NDArray[np.intp]) -> Array:
    """Decode some rows of each block: a moved case keeps its own texture, a latent code is given one; a generator makes
    them of noise."""
    pieces = _pad(rows, len(blocks.numbers))
    padded, counts = np.concatenate(pieces), [len(piece) for piece in pieces]
    class_index, stream = blocks.recipe.class_index, redraw * REDRAW_STREAMS
    if drawn.moved is not None:
        series = drawn.moved.select(padded).decode(model.decode)
    elif has_generate_graph(model):
        series = model.generate(class_index, _draw_noise(blocks, stream, counts, model.noise_shapes))
    else:
        series = model.decode(drawn.latent[padded])
        if model.has("texture"):
            noise = _draw_noise(blocks, stream + TEXTURE_STREAM, counts, {"texture": model.texture_shape})
            series = model.add_texture(series, class_index, noise["texture"])
    if len(pieces) == 1:
        return series[: len(rows)]
    _, places = np.unique(padded, return_index=True)
    return series[places]


def _pad(rows: NDArray[np.intp], n_blocks: int) -> list[NDArray[np.intp]]:
    """Split ascending `rows` by block, and fill each part up with its first row to a multiple of REDRAWN_ROWS."""
    ends = np.searchsorted(rows, BLOCK_ROWS * np.arange(1, n_blocks))
    pieces = np.split(rows, ends) if n_blocks > 1 else [rows]
    return [np.concatenate([piece, np.repeat(piece[:1], -len(piece) % REDRAWN_ROWS)]) for piece in pieces]


def _draw_noise(blocks: Blocks, stream: int, counts: list[int], shapes: dict[str, tuple[int, ...]]) -> dict[str, Array]:
    """Draw standard normal noise of each shape, by name, for so many rows of each block: `[n, *shape]`."""
    left = iter(counts)

    def draw(random: np.random.Generator) -> list[Array]:
        count = next(left)
        return [random.standard_normal((count, *shape), np.float32) for shape in shapes.values()]

    parts = zip(*blocks.draw(stream, draw), strict=True)
    return dict(zip(shapes, map(np.concatenate, parts), strict=True))
