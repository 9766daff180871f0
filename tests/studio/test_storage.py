"""Cases come out of files as they went in, wherever the files lie."""

from __future__ import annotations

import io
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bundle.errors import NotFound, Unavailable
from studio.catalogue import parquet
from studio.catalogue.cases import StoredCases, compute_digest, compute_statistics, concatenate, count_classes
from studio.catalogue.export import export_cases
from studio.catalogue.parquet import read_parquet, write_parquet
from studio.catalogue.store import Store
from tests.studio.stored import make_cases
from training.data import load

TIMES = np.sort(np.random.default_rng(1).uniform(0, 9, (20, 30)), axis=1)

KINDS: dict[str, StoredCases] = {
    "text": make_cases(),
    "integers": make_cases(labels=(10, 9)),
    "unlabelled": make_cases(labels=None, groups=None, channel_names=None, units=None, sampling_interval=None),
    "some grouped": make_cases(groups=(None, *["a"] * 19)),
    "marked": make_cases(synthetic=np.arange(20) > 12, sample_weight=np.linspace(0, 1, 20, dtype=np.float32)),
    "timed": make_cases(times=np.where(make_cases().counted[:, 0], TIMES, np.nan)),
}


def assert_same(one: StoredCases, other: StoredCases) -> None:
    for field in fields(StoredCases):
        here, there = getattr(one, field.name), getattr(other, field.name)
        if field.name in ("synthetic", "sample_weight", "part"):
            continue
        if isinstance(here, np.ndarray):
            assert np.array_equal(here, there, equal_nan=here.dtype.kind == "f"), field.name
        else:
            assert here == there, field.name
    assert list(one.parts) == list(other.parts)
    assert list(one.is_synthetic) == list(other.is_synthetic)
    assert np.array_equal(one.weights, other.weights)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [3, 1000])
def test_cases_are_read_as_they_were_written(kind: str, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "MOST_ROWS", rows)
    file = io.BytesIO()
    write_parquet(KINDS[kind], file)
    read = read_parquet(io.BytesIO(file.getvalue()))
    assert_same(KINDS[kind], read)
    assert compute_digest(read) == compute_digest(KINDS[kind])
    assert list(map(type, read.labels or ())) == list(map(type, KINDS[kind].labels or ()))


def test_a_partition_or_some_rows_are_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "MOST_ROWS", 3)
    cases, file = make_cases(), io.BytesIO()
    write_parquet(cases, file)
    assert_same(read_parquet(file, "test"), cases.take_part("test"))
    rows = np.array([0, 7, 8, 19])
    assert_same(read_parquet(file, rows=rows), cases.select(rows))
    assert len(read_parquet(file, rows=rows[:0])) == 0


def test_partitions_that_are_put_together_are_the_whole() -> None:
    for cases in KINDS.values():
        assert_same(concatenate([cases.take_part("train"), cases.take_part("test")]), cases)


@pytest.mark.parametrize("scheme", ["file", "memory"])
def test_a_store_is_any_url(scheme: str, tmp_path: Path) -> None:
    store = Store((tmp_path / "store").as_uri() if scheme == "file" else f"memory://{tmp_path.name}")
    local = tmp_path / "local"
    local.write_bytes(b"series")
    assert store.put(local, "ab/one.parquet") == 6
    with store.open("ab/one.parquet") as file:
        assert file.read() == b"series"
    with store.fetch("ab/one.parquet") as path:
        assert path.read_bytes() == b"series"
    store.delete("ab/one.parquet")
    store.delete("ab/one.parquet")
    with pytest.raises(NotFound, match="no longer there"), store.open("ab/one.parquet"):
        pass


def test_a_url_that_nothing_reads_is_refused() -> None:
    with pytest.raises(Unavailable, match="cannot be kept under nothing://here"):
        Store("nothing://here")


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_reads_what_is_exported_with_equal_meaning(kind: str, tmp_path: Path) -> None:
    cases = KINDS[kind]
    dataset = load(data=export_cases(cases, "pumps/1", tmp_path))
    assert dataset.test is not None
    for part, read in (("train", dataset.train), ("test", dataset.test)):
        own = cases.select(cases.parts == part)
        assert read.labels == own.labels
        if None not in (own.groups or ()):
            assert read.groups == own.groups
        else:
            assert read.groups is not None and len(set(read.groups)) == len(set(own.groups or ()))
        assert read.lengths is not None and list(read.lengths) == list(own.lengths)
    if cases.times is None:
        assert dataset.description.channel_names == cases.channel_names
        assert dataset.description.units == cases.units
        assert dataset.description.sampling_interval == cases.sampling_interval
    else:
        assert dataset.shape.timed


def test_statistics_leave_out_what_is_missing() -> None:
    series: Any = np.array([[[1, 3, np.nan]], [[5, np.nan, np.nan]]], np.float32)
    cases = StoredCases(series, np.array([3, 2]), ("a", "b"))
    whole = {"name": None, "mean": 3.0, "sd": np.sqrt(8 / 3), "min": 1.0, "max": 5.0, "missing": 0.4}
    found = compute_statistics(cases)
    assert found["channels"] == [pytest.approx(whole)]
    assert [(one["label"], one["count"], one["channels"][0]["mean"]) for one in found["classes"]] == [
        ("a", 1, 2.0),
        ("b", 1, 5.0),
    ]


def test_classes_come_in_the_order_of_their_numbers() -> None:
    assert [one["label"] for one in count_classes(make_cases(labels=("10", "9")))] == ["9", "10"]
