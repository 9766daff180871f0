"""Labels that come with series, one for each case, become class indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator

from bundle.errors import InvalidRequest
from bundle.manifest import Manifest
from service.answers import Label
from service.strategy import make_whole


def cut_at_wrong(labels: object) -> object:
    """Cut labels behind the first invalid one, since pydantic makes an error of each; whole floats become integers."""
    if not isinstance(labels, list) or {str, int}.issuperset(map(type, labels)):
        return labels
    labels = [make_whole(label) for label in labels]
    wrong = next((place for place, label in enumerate(labels) if type(label) not in (str, int)), len(labels))
    return labels[: wrong + 1]


CaseLabels = Annotated[list[Label], BeforeValidator(cut_at_wrong)]


def find_class_indices(labels: Sequence[Label], n_cases: int, manifest: Manifest) -> np.ndarray:
    """Return the class index `[n_cases]` of every case's label. Raises `InvalidRequest`."""
    if len(labels) != n_cases:
        raise InvalidRequest(
            f"there are {n_cases} series and {len(labels)} labels; send one label for each case.", "labels"
        )
    known = {str(label): index for index, label in enumerate(manifest.labels)}
    class_index = np.fromiter((known.get(str(label), -1) for label in labels), np.int64, len(labels))
    if (unknown := np.flatnonzero(class_index < 0)).size:
        manifest.find_class_index(labels[unknown[0]])
    return class_index
