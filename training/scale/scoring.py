"""Part k of a bulk scoring holds what a bundle makes of piece k of its input, row by row, whoever scores it.

A row that cannot be scored has nulls, and the reason in `refused`. It needs what serving needs, and no torch.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bundle.engine.bundle import Bundle
from bundle.grid import OnGrid
from training.scale.bundles import Packed, unpack
from training.scale.columns import SERIES, TIMES, build_lists, open_writer, read_summary, write_summary
from training.scale.inputs import Inputs, Piece
from training.scale.jobs import check_libraries, compute_digest, list_libraries
from training.scale.places import Place
from training.scale.rows import Placed, place_rows, read_even

Answer = dict[str, NDArray[Any]]

BATCH_ROWS = 256
"""Rows that graphs take at a time, counted from the start of a piece: bits may depend on the rows beside a row."""

UNSOUND = "series lies so far outside the model's training range that what is made of it is no finite number."

COLUMNS: dict[str, pa.DataType | None] = {
    "label": None,
    "probabilities": pa.list_(pa.float32()),
    "error": pa.float32(),
    "anomaly_score": pa.float32(),
    "is_anomaly": pa.bool_(),
    "typicality": pa.float32(),
    "posterior_mean": pa.list_(pa.float32()),
}
"""What is written of a row, by name, where the bundle can make it; None: the type of its labels."""


@dataclass(frozen=True)
class Scoring:
    """What to score; `codes`: write the latent codes too."""

    packed: Packed
    inputs: Inputs = field(repr=False)
    codes: bool = False

    @property
    def n_parts(self) -> int:
        """A part for each piece of the input."""
        return len(self.inputs.pieces)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the parts depend on."""
        return {
            "kind": "scoring",
            "bundle": self.packed.facts,
            "input_sha256": self.inputs.sha256,
            "rows": self.inputs.n_rows,
            "parts": self.n_parts,
            "codes": self.codes,
            "libraries": list_libraries(),
        }

    @cached_property
    def digest(self) -> str:
        """Of the facts."""
        return compute_digest(self.facts)

    def name_part(self, number: int) -> str:
        """The file of a part."""
        return f"part-{number:06d}-of-{self.n_parts:06d}.parquet"


def score_part(job: Scoring, place: Place, number: int) -> dict[str, Any]:
    """Score a piece, and write its part; its summary. One that is there already is left as it is."""
    name = job.name_part(number)
    written = read_summary(place, name)
    if written is not None and written["job"] == job.digest:
        return written
    check_libraries(job.facts)
    content, summary = build_part(job, number)
    place.write(name, content)
    return summary


def build_part(job: Scoring, number: int) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a part, and its summary, which they hold too."""
    bundle, file, piece = unpack(job.packed), io.BytesIO(), job.inputs.pieces[number]
    schema, rows = build_schema(bundle, job.codes), job.inputs.read(piece)
    scored = score_rows(bundle, rows, job.codes)
    summary = {
        "job": job.digest,
        "part": number,
        "rows": piece.n_rows,
        "refused": len(scored.refused),
        "anomalies": int(scored.answer.get("is_anomaly", np.zeros(0)).sum()),
    }
    with open_writer(file, schema) as writer:
        writer.write_table(_build_table(bundle, piece, scored, schema))
        write_summary(writer, summary)
    return file.getvalue(), summary


@dataclass(frozen=True)
class Scored:
    """Of `n` rows the answer for those that have one, `rows`, and why the others have none, by row."""

    n: int
    rows: NDArray[np.int64]
    answer: Answer
    refused: dict[int, str]

    @staticmethod
    def join(parts: list[Scored]) -> Scored:
        """Rows that follow one another."""
        starts = [0, *accumulate(part.n for part in parts)]
        answers = [part.answer for part in parts if part.answer]
        return Scored(
            starts[-1],
            np.concatenate([start + part.rows for start, part in zip(starts, parts, strict=False)]),
            {name: np.concatenate([own[name] for own in answers]) for name in (answers[0] if answers else ())},
            {start + row: why for start, part in zip(starts, parts, strict=False) for row, why in part.refused.items()},
        )


def score_rows(bundle: Bundle, table: pa.Table, codes: bool) -> Scored:
    """Score the rows of a table of series, with times where it has them and the bundle takes them."""
    shape, column, times = bundle.manifest.series, table[SERIES].combine_chunks(), None
    if shape.takes_times and TIMES in table.column_names:
        times = [np.array(own, np.float64) for own in table[TIMES].to_pylist()]
    even = read_even(column, shape.n_channels)  # at once where it can be: row by row takes longer
    parts = []
    for start in range(0, len(column), BATCH_ROWS):
        batch = slice(start, start + BATCH_ROWS)
        own = column[batch] if even is None else even[batch]
        parts.append(score_batch(bundle, place_rows(own, shape, None if times is None else times[batch]), codes))
    return Scored.join(parts)


def score_batch(bundle: Bundle, placed: Placed, codes: bool) -> Scored:
    """Score the rows that graphs take at a time."""
    if placed.on_grid is None:
        return Scored(placed.n, placed.rows, {}, placed.refused)
    answer = judge(bundle, placed.on_grid, codes)
    sound = np.ones(len(placed.rows), bool)
    for values in answer.values():
        sound &= np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if sound.all():
        return Scored(placed.n, placed.rows, answer, placed.refused)
    unsound = dict.fromkeys(placed.rows[~sound].tolist(), UNSOUND)
    kept = {name: values[sound] for name, values in answer.items()}
    return Scored(placed.n, placed.rows[sound], kept, placed.refused | unsound)


def judge(bundle: Bundle, placed: OnGrid, codes: bool) -> Answer:
    """What a bundle can say of series on its grid, by column; `label` is a class index yet."""
    answer: Answer = {}
    if bundle.can("classify"):
        answer["probabilities"] = bundle.classify(placed.series)
        answer["label"] = answer["probabilities"].argmax(axis=1)
    latent = bundle.encode(placed.series)[0] if bundle.can("encode") else None
    if latent is None:
        return answer
    if codes:
        answer["posterior_mean"] = latent
    if bundle.can("typicality"):
        answer["typicality"] = bundle.compute_typicality(latent)
    if bundle.can("reconstruct"):
        error = bundle.compute_reconstruction_error(placed.series, bundle.decode(latent), placed.counted)
        answer["error"] = error
        if (threshold := bundle.manifest.anomaly_threshold) is not None:
            answer["anomaly_score"] = (error / threshold).astype(np.float32)
            answer["is_anomaly"] = answer["anomaly_score"] > 1
    return answer


def build_schema(bundle: Bundle, codes: bool) -> pa.Schema:
    """file and row say which series it was; then what the bundle can say of it, and why it says nothing, where so.

    Raises `Unsupported` where it can say nothing of any.
    """
    if not bundle.can("encode"):
        bundle.require("classify")
    shape = bundle.manifest.series
    blank = np.zeros((1, shape.n_channels, shape.n_timepoints), np.float32)
    able = judge(bundle, OnGrid(blank, np.array([shape.n_timepoints]), blank, shape), codes)
    columns = [pa.field(name, _choose_type(name, bundle)) for name in COLUMNS if name in able]
    return pa.schema(
        [pa.field("file", pa.string()), pa.field("row", pa.int64()), *columns, pa.field("refused", pa.string())]
    )


def _choose_type(name: str, bundle: Bundle) -> pa.DataType:
    is_text = any(isinstance(label, str) for label in bundle.manifest.labels)
    return COLUMNS[name] or (pa.string() if is_text else pa.int64())


def _build_table(bundle: Bundle, piece: Piece, scored: Scored, schema: pa.Schema) -> pa.Table:
    place, reasons = np.full(scored.n, -1), np.full(scored.n, None)
    place[scored.rows] = np.arange(len(scored.rows))
    reasons[list(scored.refused)] = list(scored.refused.values())
    columns = {
        "file": pa.repeat(piece.file, scored.n),
        "row": pa.array(np.arange(piece.first_row, piece.first_row + scored.n)),
        "refused": pa.array(reasons, pa.string()),
    }
    for name, values in scored.answer.items():
        if name == "label":
            labels = pa.array([_match_type(label, schema.field(name).type) for label in bundle.manifest.labels])
            column = labels.take(pa.array(values))
        else:
            column = build_lists(values) if values.ndim == 2 else pa.array(values)
        columns[name] = column.take(pa.array(place, mask=place < 0)) if scored.refused else column
    columns |= {name: pa.nulls(scored.n, schema.field(name).type) for name in schema.names if name not in columns}
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def _match_type(label: str | int, kind: pa.DataType) -> str | int:
    return label if pa.types.is_int64(kind) else str(label)
