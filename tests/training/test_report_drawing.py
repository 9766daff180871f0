"""What a report draws is chosen, named and measured by rules that hold for any data."""

from __future__ import annotations

import numpy as np
import pytest

from training.report.drawing import make_plain, spread_indices
from training.report.sections.neighbourhoods import find_nearest


def test_a_neighbour_is_the_nearest_other_series() -> None:
    rows = np.array([[0.0, 0.0], [3.0, 3.0], [4.0, 4.0]])
    distance, which = find_nearest(rows, rows, np.arange(3))
    assert which.tolist() == [1, 2, 1] and distance.tolist() == [3, 1, 1]
    assert find_nearest(rows[1:2] + 0.5, rows)[0].tolist() == [0.5]


@pytest.mark.parametrize(("n", "most"), [(0, 5), (1, 5), (5, 5), (100, 7)])
def test_cases_are_drawn_from_all_over_the_data(n: int, most: int) -> None:
    chosen = spread_indices(n, most)
    assert len(set(chosen.tolist())) == len(chosen) == min(n, most)
    if n:
        assert chosen[0] == 0 and chosen[-1] in (0, n - 1)


def test_a_long_label_is_shortened_in_its_middle_and_is_never_mathematics() -> None:
    assert make_plain("sensor in hall 12 of building 7", 12) == "sensor…ing 7"
    assert make_plain("two\nlines") == "two lines"
    assert make_plain("$5") == r"\$5"
