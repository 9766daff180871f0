"""What the catalogue says of a dataset: the `Dataset` of the studio's paths."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from studio.catalogue.cases import StoredCases, compute_digest, compute_statistics, count_classes, describe_shape
from studio.catalogue.tables import DatasetRow


@dataclass(frozen=True)
class DatasetCard:
    """A version of a dataset; `studio/README.md` says what its fields are."""

    id: str
    name: str
    version: int
    kind: str
    source: dict[str, Any]
    parents: list[str]
    shape: dict[str, Any]
    classes: list[dict[str, Any]]
    notes: list[str]
    tags: list[str]
    sha256: str
    suffix: str
    n_bytes: int
    owner: str
    created: datetime
    deleted: datetime | None


@dataclass(frozen=True)
class Summary:
    """What is computed of the cases when they are kept."""

    shape: dict[str, Any]
    classes: list[dict[str, Any]]
    statistics: dict[str, Any]
    sha256: str


def make_card(row: DatasetRow) -> DatasetCard:
    """The card of a row."""
    return DatasetCard(**{field.name: getattr(row, field.name) for field in fields(DatasetCard)})


def summarise(cases: StoredCases) -> Summary:
    """Compute what is said of cases."""
    return Summary(describe_shape(cases), count_classes(cases), compute_statistics(cases), compute_digest(cases))
