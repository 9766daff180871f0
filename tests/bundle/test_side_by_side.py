"""Blocks are made side by side, and nothing of a series depends on how many threads make them."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.engine.side_by_side import make_side_by_side
from bundle.generation.recipe import BLOCK_ROWS


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 5))
def test_the_parts_are_all_of_the_numbers_in_order(start: int, length: int, n_threads: int) -> None:
    numbers = range(start, start + length)
    parts = make_side_by_side(list, numbers, n_threads)
    assert [number for part in parts for number in part] == list(numbers)
    assert len(parts) == max(1, min(n_threads, length))


def test_the_parts_are_made_at_the_same_time_each_in_a_thread_of_its_own() -> None:
    all_there = threading.Barrier(3)

    def meet(part: range) -> int:
        all_there.wait(timeout=30)
        return threading.get_ident()

    assert len(set(make_side_by_side(meet, range(7), 3))) == 3


@pytest.mark.parametrize("bad", [0, 4])
def test_an_error_in_a_part_is_raised_once_the_others_have_ended(bad: int) -> None:
    ended = []

    def make(part: range) -> None:
        if bad in part:
            raise ValueError(f"no {bad}")
        ended.append(part)

    with pytest.raises(ValueError, match=f"no {bad}"):
        make_side_by_side(make, range(6), 2)
    assert len(ended) == 1


@pytest.mark.parametrize("count", [BLOCK_ROWS, 5 * BLOCK_ROWS + 3])
def test_any_number_of_threads_gives_the_same_bits(repository: Path, count: int) -> None:
    made = [Bundle.load(repository / "sines" / "1", Runtime("cpu", threads)).sample(1, count, 4) for threads in (1, 3)]
    assert np.array_equal(made[0].series, made[1].series)
    assert np.array_equal(made[0].log_density, made[1].log_density)
    assert (made[0].n_proposals, made[0].n_fallbacks) == (made[1].n_proposals, made[1].n_fallbacks)
