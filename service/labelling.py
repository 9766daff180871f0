"""Class labels that come beside the cases of a request, one for each."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
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


ClassLabels = Annotated[list[Label], BeforeValidator(cut_at_wrong)]


def find_classes(labels: list[Label] | None, n_cases: int, manifest: Manifest, beside: str) -> NDArray[np.int64]:
    """Return the class index `[n_cases]` of every case of the field `beside`. Raises `InvalidRequest`.

    All cases are of the one class of a model of unlabelled data, where no labels come.
    """
    if labels is None:
        if manifest.labelled:
            raise InvalidRequest(f"'labels' is missing; send one label for each case of {beside!r}.", "labels")
        return np.zeros(n_cases, np.int64)
    if len(labels) != n_cases:
        raise InvalidRequest(
            f"there are {n_cases} {'series' if beside == 'series' else 'codes'} and {len(labels)} labels; send one "
            "label for each case.",
            "labels",
        )
    return find_class_indices(labels, manifest, "labels")


def find_class_indices(labels: list[Label], manifest: Manifest, field: str) -> NDArray[np.int64]:
    """Return the class index `[n]` of each label of `field`. Raises `InvalidRequest`."""
    known = {str(label): index for index, label in enumerate(manifest.labels)}
    class_index = np.fromiter((known.get(str(label), -1) for label in labels), np.int64, len(labels))
    if (unknown := np.flatnonzero(class_index < 0)).size:
        manifest.find_class_index(labels[unknown[0]], field)
    return class_index


def find_named_classes(labels: list[Label], manifest: Manifest, field: str) -> NDArray[np.int64]:
    """The same of classes that a request names on their own, without cases: at least one. Raises `InvalidRequest`."""
    if not labels:
        raise InvalidRequest(f"{field!r} is empty; name at least one class.", field)
    return find_class_indices(labels, manifest, field)
