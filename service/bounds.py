"""Bounds on the contents of a body, checked before parsing: what `max_rows` series of the largest model need."""

from __future__ import annotations

from dataclasses import dataclass

from bundle.repository import Repository
from service.serving import Serving

PLAIN_BYTES = 2**16
"""A shorter body is parsed without counting: it holds little, whatever it holds."""

SLACK = 2**16
"""Elements beside those that rows need: fields, classes, and what is refused by a better sentence than a count."""

LARGEST_CASE_BYTES = 2**23
"""A single case may take as much as text, or more where a model's cases are large."""

DIGITS = 32
"""Bytes of text that one value may well take."""


@dataclass(frozen=True)
class Bounds:
    """Twice what the largest request needs, so that a request slightly too large is told by how much."""

    rows: int
    """Series."""
    values: int
    """Numbers in series."""
    elements: int
    """Everything else: labels, names, fields."""
    case_bytes: int
    """Text of one case."""


class Bounding:
    """The bounds of what is served now."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._repository: Repository | None = None
        self._bounds = Bounds(0, 0, 0, 0)

    def get_bounds(self) -> Bounds:
        """Return the bounds, computed anew where the models have changed."""
        if self._repository is not self._serving.repository:
            self._repository = self._serving.repository
            self._bounds = compute_bounds(self._serving.settings.max_rows, self._repository)
        return self._bounds


def compute_bounds(max_rows: int, repository: Repository) -> Bounds:
    """Compute the bounds for `max_rows` series, or codes, of the largest model in the repository."""
    bundles = repository.bundles.values()
    largest = max((max(bundle.manifest.series.largest, bundle.latent_dim) for bundle in bundles), default=1)
    rows = 2 * max_rows
    return Bounds(rows, rows * largest + SLACK, rows + SLACK, max(LARGEST_CASE_BYTES, 2 * DIGITS * largest))
