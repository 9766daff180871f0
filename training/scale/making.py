"""Shard k of a bulk generation depends on the job's facts and k alone: whoever makes it makes the same bytes.

Series number i of a class is the one that `/sample` gives for the same seed and counts. Each shard holds consecutive
blocks of every class, in the proportions of the whole. It needs what serving needs, and no torch.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bundle.engine.bundle import Bundle
from bundle.generation.blocks import generate_blocks
from bundle.generation.lengths import draw_lengths
from bundle.generation.recipe import BLOCK_ROWS, Recipe, Samples
from bundle.manifest import Manifest
from bundle.shape import SeriesShape
from training.scale.bundles import Packed, unpack
from training.scale.columns import (
    GROUP_BYTES,
    SERIES,
    SERIES_TYPE,
    build_series,
    open_writer,
    read_summary,
    write_summary,
)
from training.scale.jobs import check_libraries, compute_digest, list_libraries
from training.scale.places import Place
from training.settings import ConfigurationError

SHARD_BYTES = 64 << 20
"""Of the series of a shard, before compression."""


@dataclass(frozen=True)
class Generation:
    """What to make: `counts` series of each class, by class index, in shards of about `shard_rows`."""

    packed: Packed
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    seed: int
    expansion: float
    shard_rows: int

    @property
    def n_rows(self) -> int:
        """Series in all."""
        return sum(self.counts)

    @property
    def n_shards(self) -> int:
        """As many as `shard_rows` asks for; each holds a block at least of the most frequent class."""
        return max(1, min(-(-self.n_rows // self.shard_rows), count_blocks(max(self.counts))))

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the shards depend on."""
        return {
            "kind": "generation",
            "bundle": self.packed.facts,
            "seed": self.seed,
            "expansion": self.expansion,
            "rows": self.n_rows,
            "counts": dict(zip(self.labels, self.counts, strict=True)),
            "shard_rows": self.shard_rows,
            "shards": self.n_shards,
            "libraries": list_libraries(),
        }

    @cached_property
    def digest(self) -> str:
        """Of the facts."""
        return compute_digest(self.facts)

    def name_shard(self, number: int) -> str:
        """The file of a shard."""
        return f"shard-{number:06d}-of-{self.n_shards:06d}.parquet"

    def list_blocks(self, class_index: int, number: int) -> range:
        """The blocks of a class that a shard holds."""
        n_blocks = count_blocks(self.counts[class_index])
        return range(n_blocks * number // self.n_shards, n_blocks * (number + 1) // self.n_shards)


def count_blocks(count: int) -> int:
    """The blocks that hold so many series."""
    return -(-count // BLOCK_ROWS)


def plan_generation(
    packed: Packed,
    counts: dict[int, int],
    seed: int,
    expansion: float | None = None,
    shard_rows: int | None = None,
) -> Generation:
    """A generation of `counts` series by class index. Raises `Unsupported` where the bundle makes none, or has no
    mixture to expand, and `ConfigurationError` where nothing is asked for."""
    bundle = unpack(packed)
    bundle.require("sample")
    manifest = bundle.manifest
    if sum(counts.values()) < 1:
        raise ConfigurationError("the job asks for no series; ask for at least one with --rows or --counts.")
    return Generation(
        packed,
        tuple(map(str, manifest.labels)),
        tuple(counts.get(index, 0) for index in range(len(manifest.classes))),
        seed,
        bundle.choose_expansion(expansion),
        shard_rows or choose_shard_rows(manifest.series),
    )


def choose_shard_rows(shape: SeriesShape) -> int:
    """Whole blocks that come to SHARD_BYTES; one at least."""
    return max(1, SHARD_BYTES // (4 * shape.size * BLOCK_ROWS)) * BLOCK_ROWS


def make_shard(job: Generation, place: Place, number: int) -> dict[str, Any]:
    """Make a shard, and write it; its summary. One that is there already is left as it is."""
    name = job.name_shard(number)
    written = read_summary(place, name)
    if written is not None and written["job"] == job.digest:
        return written
    check_libraries(job.facts)
    content, summary = build_shard(job, number)
    place.write(name, content)
    return summary


def build_shard(job: Generation, number: int) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a shard, and its summary, which they hold too. Raises `ConfigurationError` for an expansion by which
    series are no finite numbers."""
    bundle, file = unpack(job.packed), io.BytesIO()
    schema = build_schema(bundle.manifest)
    made = {label: {"series": 0, "proposals": 0, "fallbacks": 0} for label in job.labels}
    with open_writer(file, schema) as writer:
        for class_index, label in enumerate(job.labels):
            recipe = Recipe(class_index, job.counts[class_index], job.seed, job.expansion)
            for blocks in cut_range(job.list_blocks(class_index, number), choose_group_blocks(bundle.manifest.series)):
                samples = generate_blocks(bundle, recipe, blocks)
                _check_finite(samples, job.expansion)
                writer.write_table(_build_table(bundle, recipe, blocks, samples, schema))
                made[label]["series"] += len(samples.series)
                made[label]["proposals"] += samples.n_proposals
                made[label]["fallbacks"] += samples.n_fallbacks
        summary = {"job": job.digest, "shard": number, "made": made}
        write_summary(writer, summary)
    return file.getvalue(), summary


def build_schema(manifest: Manifest) -> pa.Schema:
    """Columns of a shard: the series, its label, and seed and index, which name it beside its label; log_density where
    there is a mixture."""
    is_text = any(isinstance(label, str) for label in manifest.labels)
    fields = [
        pa.field(SERIES, SERIES_TYPE),
        pa.field("label", pa.string() if is_text else pa.int64()),
        pa.field("seed", pa.int64()),
        pa.field("index", pa.int64()),
    ]
    return pa.schema([*fields, pa.field("log_density", pa.float32())] if manifest.mixture else fields)


def choose_group_blocks(shape: SeriesShape) -> int:
    """The blocks that are made and written at a time."""
    return max(1, GROUP_BYTES // (4 * shape.size * BLOCK_ROWS))


def cut_range(numbers: range, size: int) -> Iterator[range]:
    """Consecutive parts of a range, of at most `size`."""
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


def _build_table(bundle: Bundle, recipe: Recipe, blocks: range, samples: Samples, schema: pa.Schema) -> pa.Table:
    n, first, shape = len(samples.series), BLOCK_ROWS * blocks.start, bundle.manifest.series
    label = bundle.manifest.labels[recipe.class_index]
    columns = {
        SERIES: build_series(samples.series, _draw_learned_lengths(recipe, blocks, shape)),
        "label": pa.array([label if pa.types.is_int64(schema.field("label").type) else str(label)] * n),
        "seed": pa.array(np.full(n, recipe.seed, np.int64)),
        "index": pa.array(np.arange(first, first + n, dtype=np.int64)),
        "log_density": pa.array(samples.log_density),
    }
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def _draw_learned_lengths(recipe: Recipe, blocks: range, shape: SeriesShape) -> NDArray[np.int64] | None:
    """Lengths as in training, where series were padded; None where all are as long as the bundle's grid."""
    if shape.length_policy != "pad" or shape.class_lengths is None:
        return None
    return draw_lengths(recipe, np.array(shape.class_lengths[recipe.class_index]), blocks)


def _check_finite(samples: Samples, expansion: float) -> None:
    if not np.isfinite(samples.series).all():
        raise ConfigurationError(
            f"with --expansion {expansion:g} a series has values that are no finite numbers; give a smaller one."
        )
