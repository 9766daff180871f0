"""A short, seeded replay of the fuzzing of every parser; tests/reliability/ has the long form."""

from __future__ import annotations

import pytest

from tests.service.fuzzing import fuzz, list_targets

TARGETS = list_targets()


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_nearly_right_is_answered_or_refused(name: str):
    fuzz(name, TARGETS[name], seed=1, runs=400)
