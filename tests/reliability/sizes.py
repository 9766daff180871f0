"""How much of the suite is run: the whole of it, or what `make test` has time for. The tests are the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Counts and seconds of the tests that have a short form."""

    answers: int
    """Of steady load, before and after something befalls the server."""
    concurrent_answers: int
    """Of 64 clients together."""
    replays: int
    """Of each seeded request over each wire."""
    versions: int
    """That are published while the server answers; a multiple of ten."""
    flood_seconds: float
    flood_windows: int
    """How often a flood is repeated. The victim's worst wait is the median over them: other tests share the machine."""


WHOLE = Sizes(answers=300, concurrent_answers=4000, replays=10, versions=200, flood_seconds=2.0, flood_windows=1)
SHORT = Sizes(answers=70, concurrent_answers=800, replays=2, versions=10, flood_seconds=0.7, flood_windows=3)
