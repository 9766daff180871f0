"""Freed memory that is kept, by the page faults of a process."""

from __future__ import annotations

import subprocess
import sys

import pytest

COUNT = """
import resource, sys
import numpy as np
from training.learning.memory import keep_freed_memory
if sys.argv[1] == "keep" and not keep_freed_memory():
    print("not glibc")
    sys.exit()
for step in range(40):
    if step == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(2**18) for _ in range(8)]
    del arrays
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_what_is_freed_is_there_for_the_next_step() -> None:
    returned, kept = (
        subprocess.run([sys.executable, "-c", COUNT, way], capture_output=True, text=True, check=True).stdout.strip()
        for way in ("return", "keep")
    )
    if kept == "not glibc":
        pytest.skip("malloc is not glibc's")
    assert int(kept) < int(returned) / 10
