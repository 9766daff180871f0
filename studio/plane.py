"""The plane on which a model's codes vary most: principal components of codes, and the mixture's ellipses on them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bundle.engine.bundle import Bundle
from bundle.errors import NotFound, Unsupported
from bundle.generation.mixture import MixtureParameters
from bundle.manifest import Manifest
from service.admission import finish_in_time
from service.metrics import Outcome
from service.operations import OPERATIONS
from service.room import TEXT_BYTES, Room
from service.serving import Serving
from studio.shapes import Label
from studio.studio import Studio

if TYPE_CHECKING:
    from studio.catalogue.cases import StoredCases

Float = NDArray[np.float64]

MOST_POINTS = 1000

DRAW_SEED = 0
"""Equal requests show equal points."""


@dataclass(frozen=True)
class Plane:
    """mean `[latent_dim]`; axes `[2, latent_dim]`, of length 1 and at right angles; spread `[2]`, the standard
    deviation along each; explained `[2]`, the share of all variance. Where codes have no second direction, its axis
    and spread are 0."""

    mean: Float
    axes: Float
    spread: Float
    explained: Float

    def project(self, latent: Float) -> Float:
        """Return the points `[n, 2]` of codes `[n, latent_dim]`."""
        points: Float = (latent - self.mean) @ self.axes.T
        return points


def find_plane(latent: Float) -> Plane:
    """Find the plane of codes `[n, latent_dim]`. An axis points to where its largest entry is positive."""
    mean = latent.mean(axis=0)
    _, singular, directions = np.linalg.svd(latent - mean, full_matrices=False)
    axes, spread = np.zeros((2, latent.shape[1])), np.zeros(2)
    kept = min(2, len(directions))
    axes[:kept], spread[:kept] = directions[:kept], singular[:kept] / np.sqrt(max(1, len(latent) - 1))
    largest = np.abs(axes).argmax(axis=1)
    axes *= np.where(axes[np.arange(2), largest] < 0, -1.0, 1.0)[:, None]
    total = float(np.square(singular).sum())
    explained = np.zeros(2)
    if total > 0:
        explained[:kept] = np.square(singular[:kept]) / total
    return Plane(mean, axes, spread, explained)


def list_ellipses(plane: Plane, mixture: MixtureParameters, labels: list[Label]) -> list[dict[str, object]]:
    """List the components of a mixture as they are seen on the plane, class by class."""
    return [
        {
            "class": labels[index],
            "class_index": int(index),
            "weight": float(mixture.weights[index, component]),
            "centre": plane.project(mixture.means[index, component]),
            "covariance": plane.axes @ mixture.covariances[index, component] @ plane.axes.T,
        }
        for index, component in np.argwhere(mixture.present)
    ]


@dataclass(frozen=True)
class Codes:
    """Codes `[n, latent_dim]` and what is known of each: labels, and its place in the dataset that it is from."""

    latent: Float
    labels: list[Label] | None
    index: list[int] | None = None
    note: str | None = None


async def map_codes(studio: Studio, name: str, version: int | None, dataset: str | None) -> dict[str, object]:
    """Map codes of a dataset, or drawn ones, as `studio.shapes.LatentMap` has it. Raises a `SeriesmithError`."""
    serving = studio.serving
    bundle = serving.resolve(name if version is None else f"{name}/{version}").bundle
    if not bundle.latent_dim:
        raise Unsupported(
            f"model {name!r} has no codes to map: it makes series of noise, without a latent space that can be walked.",
            "name",
        )
    if dataset is None:
        codes = await asyncio.to_thread(draw_codes, bundle)
    else:
        bundle.require("encode")
        codes = await encode_dataset(studio, bundle.manifest, dataset)
    return await asyncio.to_thread(_build_map, bundle, codes, dataset is None)


def _build_map(bundle: Bundle, codes: Codes, drawn: bool) -> dict[str, object]:
    manifest, plane = bundle.manifest, find_plane(codes.latent)
    numbers = {**vars(plane), "points": plane.project(codes.latent), "latent": codes.latent}
    ellipses = [] if bundle.mixture is None else list_ellipses(plane, bundle.mixture, manifest.labels)
    return {
        "model": manifest.name,
        "version": manifest.version,
        **{name: np.ascontiguousarray(values, np.float32) for name, values in numbers.items()},  # half the text
        "labels": codes.labels,
        "index": codes.index,
        "classes": manifest.labels,
        "ellipses": ellipses,
        "drawn": drawn,
        "note": codes.note,
    }


def draw_codes(bundle: Bundle) -> Codes:
    """Draw codes from the mixture, of each class as many as its share has it. Raises `Unsupported` without one."""
    if bundle.mixture is None:
        raise Unsupported(
            f"model {bundle.manifest.name!r} has no mixture to draw codes from; map those of a dataset: ?dataset=ID.",
            "dataset",
        )
    random = np.random.default_rng(DRAW_SEED)
    counts = np.maximum(1, np.floor(MOST_POINTS * bundle.class_share).astype(int))[:MOST_POINTS]
    latent = [
        bundle.mixture.draw(index, random.random(count), random.standard_normal((count, bundle.latent_dim)), 1.0)
        for index, count in enumerate(counts)
    ]
    labels = [label for label, count in zip(bundle.manifest.labels, counts, strict=False) for _ in range(count)]
    return Codes(np.concatenate(latent)[:MOST_POINTS], labels[:MOST_POINTS] if bundle.manifest.labelled else None)


async def encode_dataset(studio: Studio, manifest: Manifest, dataset: str) -> Codes:
    """Encode at most MOST_POINTS cases of a dataset by the service's own operation. Raises a `SeriesmithError`."""
    cases, index = await asyncio.to_thread(_read_some, studio, dataset)
    model = f"{manifest.name}/{manifest.version}"
    latent, note = await _encode(studio.serving, model, cases)
    labels = None if cases.labels is None else list(cases.labels)
    return Codes(latent, labels, index.tolist(), note)


async def _encode(serving: Serving, model: str, cases: StoredCases) -> tuple[Float, str | None]:
    from studio.sending import build_series, build_times

    operation = OPERATIONS["encode"]
    fields = {"model": model, "series": build_series(cases), "times": build_times(cases)}
    with Outcome(operation.name) as outcome, Room(serving.bytes, TEXT_BYTES) as room:
        request = await asyncio.to_thread(operation.parse, fields)
        outcome.model = serving.resolve(model).bundle.manifest.name
        answer = await finish_in_time(serving, operation.run(request, serving, room))
    return answer.posterior_mean.astype(np.float64), answer.note


def _read_some(studio: Studio, dataset: str) -> tuple[StoredCases, NDArray[np.intp]]:
    """Read at most MOST_POINTS cases of a dataset, drawn evenly, and their places in it. Raises `NotFound`."""
    catalogue = studio.open_catalogue()
    card = catalogue.get(dataset)
    n_cases = card.shape["n_cases"] + card.shape["n_test"]
    if not n_cases:
        raise NotFound(f"the dataset {dataset!r} has no cases.", "dataset")
    if n_cases <= MOST_POINTS:
        return catalogue.read(dataset), np.arange(n_cases)
    places = np.random.default_rng(DRAW_SEED).choice(n_cases, MOST_POINTS, replace=False)
    index = np.sort(places)
    return catalogue.read_rows(dataset, index), index
