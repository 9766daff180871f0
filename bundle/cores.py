"""How many cores and GPUs this process may run on."""

from __future__ import annotations

import os
import re

GPU_FILE = re.compile(r"nvidia\d+")
"""In /dev, one for each GPU of NVIDIA's."""


def count_cores() -> int:
    """Count the cores that this process may run on, where the system tells; else all of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_gpus() -> int:
    """Count the GPUs of NVIDIA's that this process may run on: those of CUDA_VISIBLE_DEVICES, where it is set."""
    here = sum(map(bool, map(GPU_FILE.fullmatch, os.listdir("/dev")))) if os.path.isdir("/dev") else 0
    here = here or int(os.path.exists("/dev/dxg"))  # Windows' subsystem for Linux has this one file for all
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return here
    visible = [name.strip() for name in named.split(",") if name.strip()]
    ends = next((place for place, name in enumerate(visible) if name.startswith("-")), len(visible))
    return min(here, ends)  # CUDA reads the list up to the first that is none, as -1
