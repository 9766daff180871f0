"""Every parser of what strangers send, fuzzed for as long as FUZZ_SECONDS says each, with seeds that go on from one."""

from __future__ import annotations

import itertools
import os
import time

import pytest

from tests.service.fuzzing import fuzz, list_targets

SECONDS = float(os.environ.get("FUZZ_SECONDS", "600"))
TARGETS = list_targets()


@pytest.mark.reliability
@pytest.mark.parametrize("name", TARGETS)
def test_minutes_of_what_is_nearly_right_are_answered_or_refused(name: str):
    end = time.monotonic() + SECONDS
    for seed in itertools.count(1):
        fuzz(name, TARGETS[name], seed, runs=100)
        if time.monotonic() > end:
            return
