"""A file that would unpack to more than this machine's memory holds is refused before it is unpacked."""

from __future__ import annotations

import os

from training.data.cases import DatasetError

SHARE = 0.5
"""Of the machine's memory that a file's arrays may take; checking and learning need copies."""


def require_room(n_bytes: int, where: str) -> None:
    """Raise DatasetError where `n_bytes` are more than half of the machine's memory; `where` begins the sentence."""
    bound = int(SHARE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    if n_bytes > bound:
        raise DatasetError(
            f"{where} unpacks to {n_bytes / 1e9:.1f} GB, but at most {bound / 1e9:.1f} GB, half of this machine's "
            "memory, are read. Save fewer cases, fewer timepoints or a smaller type (float32), or use a larger machine."
        )
