"""Where the series of a policy come from: from the class mixture, or from given cases, moved or warped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bundle.generation.given import GivenCases, Moved
from bundle.generation.model import Model, has_generate_graph
from bundle.generation.recipe import BLOCK_ROWS, CASES_STREAM, REDRAW_STREAMS, Blocks
from bundle.generation.rejection import Drawn, Made, draw_likely_codes, leave_to_noise, make_convincing


def generate_latent(model: Model, blocks: Blocks) -> Made:
    """Generate from the class mixture, or by a generator; given cases that have codes are moved towards codes of the
    mixture."""
    given = blocks.recipe.given

    def draw(some: Blocks, redraw: int) -> Drawn:
        if has_generate_graph(model):
            return leave_to_noise(some)
        proposed = draw_likely_codes(model, some, redraw)
        if given is None or given.latent is None:
            return proposed
        targets = iter(proposed.latent.reshape(-1, BLOCK_ROWS, model.latent_dim))
        stream = redraw * REDRAW_STREAMS + CASES_STREAM
        moved = Moved.join(some.draw(stream, lambda random: given.move_towards(next(targets), random)))
        return replace(proposed, moved=moved, log_density=_make_unknown(some.n_rows))

    return make_convincing(model, blocks, draw)


def generate_interpolation(model: Model, blocks: Blocks) -> Made:
    """Generate given cases, each moved towards another."""
    given = _get_cases(blocks)

    def draw(some: Blocks, redraw: int) -> Drawn:
        stream = redraw * REDRAW_STREAMS + CASES_STREAM
        moved = Moved.join(some.draw(stream, lambda random: given.move_between(BLOCK_ROWS, random)))
        n_rows = some.n_rows
        return Drawn(moved.end, _make_unknown(n_rows), np.ones(n_rows, bool), np.ones(n_rows, np.int64), moved)

    return make_convincing(model, blocks, draw)


def generate_warps(model: Model, blocks: Blocks) -> Made:
    """Generate given cases, warped."""
    del model
    given = _get_cases(blocks)
    return _keep_all(blocks.draw(CASES_STREAM, lambda random: given.warp(BLOCK_ROWS, random)))


def generate_guided(model: Model, blocks: Blocks) -> Made:
    """Generate given cases, moved in time towards others."""
    del model
    given = _get_cases(blocks)
    return _keep_all(blocks.draw(CASES_STREAM, lambda random: given.warp_guided(BLOCK_ROWS, random)))


SOURCES = {
    "latent": generate_latent,
    "interpolation": generate_interpolation,
    "warps": generate_warps,
    "guided": generate_guided,
}


def _get_cases(blocks: Blocks) -> GivenCases:
    assert blocks.recipe.given is not None, "Recipe.used sees to it"
    return blocks.recipe.given


def _keep_all(parts: list[tuple[NDArray[np.float32], NDArray[np.int64]]]) -> Made:
    series, source = (np.concatenate(some) for some in zip(*parts, strict=True))
    n_rows = len(series)
    return Made(series, _make_unknown(n_rows), np.ones(n_rows, bool), np.ones(n_rows, np.int64), source)


def _make_unknown(n_rows: int) -> NDArray[np.float32]:
    """Log density `[n_rows]` of what came from given cases."""
    return np.full(n_rows, np.nan, np.float32)
