"""A value outside its bounds is refused by its flag, in words that say what it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest

from training.settings import Bounds, ConfigurationError, check_bounds


@dataclass(frozen=True)
class Options:
    """Bounded on both sides, on one, and not at all."""

    share: Annotated[float, Bounds(gt=0, le=1)] = 0.5
    n_steps: Annotated[int, Bounds(ge=1)] = 1
    name: str = ""


@pytest.mark.parametrize("options", [Options(), Options(share=1.0), Options(share=1e-300), Options(n_steps=10**12)])
def test_what_lies_within_is_taken_up_to_the_edge(options: Options) -> None:
    check_bounds(options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(share=0.0), "--vae.share is 0.0; it must be above 0 and at most 1."),
        (Options(share=1.0001), "--vae.share is 1.0001; it must be above 0 and at most 1."),
        (Options(share=float("nan")), "--vae.share is nan; it must be a finite number, above 0 and at most 1."),
        (Options(n_steps=0), "--vae.n-steps is 0; it must be at least 1."),
    ],
)
def test_what_lies_outside_is_refused_by_its_flag(options: Options, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_bounds(options, "vae.")
    assert str(refused.value) == words


def test_a_number_is_written_as_people_write_it() -> None:
    assert Bounds(ge=0, lt=2**32).describe() == "at least 0 and below 4294967296"
    assert Bounds(le=1e6).describe() == "at most 1e+06"
