"""Equal data has an equal hash, on every machine."""

from __future__ import annotations

import hashlib
import json

from training.data.cases import Cases


def compute_digest(train: Cases, test: Cases | None) -> str:
    """SHA-256 in hex over shapes, labels and groups as JSON and series as little-endian float32, in order."""
    sha256 = hashlib.sha256()
    for cases in (train, test):
        shape = None if cases is None else cases.series.shape
        about = None if cases is None else (shape, cases.labels, cases.groups, *_list_lengths(cases))
        sha256.update(json.dumps(about).encode() + b"\n")
        if cases is not None:
            sha256.update(cases.series.astype("<f4", copy=False).tobytes())
    return sha256.hexdigest()


def _list_lengths(cases: Cases) -> list[list[int]]:
    return [] if cases.lengths is None else [cases.lengths.tolist()]
