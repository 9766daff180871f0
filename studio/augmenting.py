"""Augments a dataset of the catalogue by the service's operation, and keeps it with what was made as a new one."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from bundle.errors import InvalidRequest, Unsupported
from service.admission import finish_in_time
from service.answers import LENGTHS, Columns, Labels, join_columns
from service.metrics import Outcome
from service.operations import OPERATIONS
from service.room import Room
from service.serving import Serving
from service.usage import choose_weight
from studio.shapes import WantedAugmentation
from studio.studio import Studio

if TYPE_CHECKING:
    from studio.catalogue.card import DatasetCard
    from studio.catalogue.cases import StoredCases

WIDE_BYTES = 8
"""Of a value that is gathered and then kept, besides the copy that a stream holds."""


async def augment_dataset(studio: Studio, id: str, wanted: WantedAugmentation, owner: str) -> dict[str, Any]:
    """Augment the train part of a dataset, and keep all of the dataset with the series made as a new one.

    Raises a `SeriesmithError`: what `/augment` refuses, it refuses here.
    """
    card, cases = await asyncio.to_thread(_read, studio, id)
    serving = studio.serving
    labelled = serving.resolve(wanted.model).bundle.manifest.labelled
    fields = await asyncio.to_thread(_build_fields, wanted, cases, labelled)
    made = await _run(serving, fields)
    dataset = await asyncio.to_thread(_keep, studio, card, made, wanted, owner)
    manifest = serving.resolve(f"{made['model']}/{made['version']}").bundle.manifest
    return {
        "dataset": dataset,
        "n_made": len(made["series"]),
        **{name: made.get(name) for name in ("seed", "policy", "report", "advice", "usage", "overlap", "note")},
        "sample_weight": {"real": 1.0, "synthetic": choose_weight(manifest)},
    }


def _read(studio: Studio, id: str) -> tuple[DatasetCard, StoredCases]:
    """Read the real cases of a dataset that a model may be given. Raises `NotFound`, and `Unsupported`."""
    catalogue = studio.open_catalogue()
    card = catalogue.get(id)
    train = catalogue.read(id, "train")
    real = train.select(~train.is_synthetic)
    if not len(real):
        raise Unsupported(f"the dataset {card.name!r} has no real series in its train part to augment.", "id")
    if real.times is not None:
        raise Unsupported(
            f"the series of {card.name!r} are sampled irregularly, and /augment takes none with times of their own; "
            "resample them to even steps first.",
            "id",
        )
    return card, real


def _build_fields(wanted: WantedAugmentation, cases: StoredCases, labelled: bool) -> dict[str, Any]:
    """Build the fields of the operation's request; originals are not answered, since they lie in the catalogue."""
    from studio.sending import build_series

    fields = wanted.model_dump(exclude={"name", "per_class"}, exclude_none=True)
    if wanted.per_class is not None:
        fields["strategy"] = _bring_to(wanted, cases)
    labels = list(cases.labels) if cases.labels is not None and labelled else None
    return fields | {"series": build_series(cases), "labels": labels, "include_original": False}


def _bring_to(wanted: WantedAugmentation, cases: StoredCases) -> dict[str, Any]:
    """Return the strategy that brings every class to `per_class` cases, where it has fewer."""
    if wanted.strategy is not None:
        raise InvalidRequest("both 'strategy' and 'per_class' came, and each says how many; send one.", "per_class")
    total = wanted.per_class or 0
    if cases.labels is None:
        return {"factor": max(1.0, total / len(cases))}
    return {"counts": {str(label): max(total, count) for label, count in Counter(cases.labels).items()}}


async def _run(serving: Serving, fields: dict[str, Any]) -> dict[str, Any]:
    """Run the operation, in pieces, so that nobody waits for it, and return its whole answer.

    Each piece may take as long as an answer may.
    """
    operation = OPERATIONS["augment"]
    assert operation.stream is not None
    with Outcome(operation.name) as outcome, Room(serving.bytes, WIDE_BYTES) as room:
        request = await asyncio.to_thread(operation.parse, fields)
        outcome.model = serving.resolve(fields["model"]).bundle.manifest.name
        stream = await finish_in_time(serving, operation.stream(request, serving, room))
        parts: list[Columns] = []
        try:
            if not stream.n_cases:
                raise InvalidRequest(
                    'nothing would be made: every class has as many cases as it is to have; send {"factor": 2}, say.',
                    "strategy",
                )
            room.take(stream.n_cases * stream.manifest.series.n_channels * stream.n_timepoints)
            while (part := await finish_in_time(serving, anext(stream.chunks, None))) is not None:
                parts.append(part)
        finally:
            stream.close()
        return {**stream.head, **join_columns(parts), **stream.tail()}


def _keep(
    studio: Studio, card: DatasetCard, made: dict[str, Any], wanted: WantedAugmentation, owner: str
) -> DatasetCard:
    """Keep the real cases of a dataset as they are, behind them the series made."""
    from studio.catalogue.cases import concatenate

    catalogue = studio.open_catalogue()
    given = catalogue.read(card.id)
    real = given.select(~given.is_synthetic)
    synthetic = _build_cases(made, real)
    model = f"{made['model']}/{made['version']}"
    source = wanted.model_dump(exclude={"name"}, exclude_none=True)
    source |= {"model": model, "seed": made["seed"], "policy": made["policy"]}
    notes = [f"{len(synthetic)} synthetic series of {model} ({made['policy']}) behind {len(real)} real ones."]
    notes += [said for said in (made["advice"].message, made.get("note")) if said]
    return catalogue.add(
        concatenate([real, synthetic]),
        name=wanted.name or f"{card.name} augmented",
        kind="augmented",
        source=source,
        parents=[card.id],
        suffix=card.suffix,
        owner=owner,
        tags=card.tags,
        notes=notes,
    )


def _build_cases(made: dict[str, Any], real: StoredCases) -> StoredCases:
    """Make cases of the catalogue of the series made."""
    from studio.catalogue.cases import StoredCases, pad

    series = np.asarray(made["series"], np.float32)
    count = len(series)
    lengths = np.asarray(made.get(LENGTHS, np.full(count, series.shape[2])), np.int64)
    arrays = [case[:, :length] for case, length in zip(series, lengths, strict=True)]
    labels: Labels = made["labels"]
    as_written = {str(label): label for label in real.labels or ()}  # 1 in a dataset may be "1" in a model
    return StoredCases(
        pad(arrays),
        lengths,
        labels=None if real.labels is None else tuple(as_written.get(str(label), label) for label in labels.to_list()),
        groups=None if real.groups is None else (None,) * count,
        part=np.full(count, "train"),
        synthetic=np.ones(count, np.bool_),
        sample_weight=np.asarray(made["sample_weight"], np.float32),
    )
