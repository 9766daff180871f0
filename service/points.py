"""Points of the latent space that a request names: by series, by codes, or by classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from bundle.engine.bundle import Bundle
from bundle.errors import InvalidRequest, TooLarge, Unsupported
from bundle.grid import OnGrid
from bundle.shape import SeriesShape
from service.canonical import Array
from service.labelling import find_named_classes
from service.named_arrays import rename_refusal, require_width
from service.operations.contract import receive_series, require_finite_answer
from service.served import Served
from service.serving import Serving
from service.uneven import Times, describe_placing


@dataclass(frozen=True)
class Points:
    """What came under `field`: series on the model's grid, which have no codes yet, or codes `[n, latent_dim]`.

    `placed`: how the series lie on the grid, where that is not as they came.
    """

    field: str
    series: Array | None = None
    latent: NDArray[np.floating] | None = None
    placed: OnGrid | None = None

    def __len__(self) -> int:
        known = self.latent if self.series is None else self.series
        return 0 if known is None else len(known)

    @property
    def lengths(self) -> NDArray[np.int64] | None:
        """Timepoints of each series `[n]`; None for codes, and where every series has as many as the grid."""
        return None if self.placed is None or self.placed.shape.is_fixed else self.placed.lengths

    async def find_codes(self, served: Served) -> NDArray[np.float64]:
        """Return the codes `[n, latent_dim]`: of series their posterior means. Raises a `SeriesmithError`."""
        if self.series is None:
            assert self.latent is not None
            return self.latent.astype(np.float64)
        mean, _ = await served.encode(self.series)
        return require_finite_answer(mean, "posterior mean", self.field).astype(np.float64)


def choose_field(request: BaseModel, fields: Sequence[str]) -> str:
    """Return the one of `fields` that a request has. Raises `InvalidRequest` where it has none, or several."""
    came = [name for name in fields if getattr(request, name) is not None]
    if len(came) != 1:
        raise InvalidRequest(
            f"the request has {' and '.join(map(repr, came)) or 'none'} of {', '.join(fields)}; send one of them.",
            came[1] if came else fields[0],
        )
    return came[0]


async def receive_points(request: BaseModel, field: str, serving: Serving, times: Times | None = None) -> Points:
    """Return what came under `field`, which ends in the kind of thing that it holds. Raises a `SeriesmithError`."""
    value, model = getattr(request, field), getattr(request, "model", None)
    bundle = serving.resolve(model).bundle
    if times is not None and not field.endswith("series"):
        raise InvalidRequest(f"'times' came without series, beside {field!r}; leave it out.", "times")
    if field.endswith("series"):
        bundle.require("encode")
        try:
            _, series, placed = await receive_series(model, value, serving, times)
        except (InvalidRequest, TooLarge) as refusal:
            raise rename_refusal(refusal, field) from refusal
        return Points(field, series, placed=placed)
    if field.endswith("latent"):
        require_width(value, bundle.manifest, field)
        return Points(field, latent=value)
    return Points(field, latent=find_centres(bundle, value, field))


def find_centres(bundle: Bundle, labels: list[str | int], field: str) -> NDArray[np.float64]:
    """Return the centre of each class named, `[n, latent_dim]`: the mean of its mixture's heaviest component.

    Raises `InvalidRequest`, and `Unsupported` where there is no mixture.
    """
    class_index = find_named_classes(labels, bundle.manifest, field)
    if bundle.mixture is None:
        raise Unsupported(
            f"model {bundle.manifest.name!r} has no mixture, so that its classes have no place in the latent space; "
            f"send series or codes in place of {field!r}.",
            field,
        )
    return bundle.mixture.centres[class_index]


def join_notes(*points: Points) -> str | None:
    """Say what was filled in the series of several points; None where nothing was."""
    said = [describe_placing(one.placed) for one in points if one.placed is not None]
    return " ".join(dict.fromkeys(note for note in said if note)) or None


def compute_width(shape: SeriesShape, lengths: NDArray[np.int64] | None) -> int:
    """Return the timepoints of an array of series of these lengths; None: those of the grid."""
    return shape.n_timepoints if lengths is None else int(lengths.max())
