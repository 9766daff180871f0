"""Parquet, Arrow, data frames and JSON lines mean the same as the text table of the same series."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pyarrow.parquet
import pytest

from training.data import DatasetError, load, read_frame

N_CASES, N_TIMEPOINTS = 8, 10
SERIES = np.random.default_rng(6).normal(size=(N_CASES, 2, N_TIMEPOINTS)).astype(np.float32)
FLAGS: dict[str, Any] = {"id": "pump", "time": "t", "label": "fault", "group": "machine"}


def make_long() -> pd.DataFrame:
    case, timepoint = np.divmod(np.arange(N_CASES * N_TIMEPOINTS), N_TIMEPOINTS)
    return pd.DataFrame(
        {
            "pump": case,
            "t": timepoint,
            "flow": SERIES[case, 0, timepoint],
            "level": SERIES[case, 1, timepoint],
            "machine": pd.Categorical([f"m{number // 2}" for number in case]),
            "fault": case % 2 == 1,
        }
    )


def make_wide() -> pd.DataFrame:
    frame = pd.DataFrame(SERIES[:, 0], columns=[f"t{timepoint}" for timepoint in range(N_TIMEPOINTS)])
    return frame.assign(label=["a", "b"] * 4)


def test_a_long_table_is_the_same_dataset_from_file_and_frame(tmp_path: Path) -> None:
    frame = make_long()
    frame.to_parquet(tmp_path / "pumps.parquet")
    frame.to_feather(tmp_path / "pumps.feather")
    frame.to_csv(tmp_path / "pumps.csv", index=False)
    loaded = [load(data=tmp_path / f"pumps.{suffix}", **FLAGS) for suffix in ("parquet", "feather", "csv")]
    loaded += [read_frame(each, **FLAGS) for each in (frame, polars.from_pandas(frame), pa.Table.from_pandas(frame))]
    np.testing.assert_array_equal(loaded[0].train.series, SERIES)
    assert loaded[0].train.labels == ("False", "True") * 4
    assert len({each.sha256 for each in loaded}) == 1
    assert {each.description.channel_names for each in loaded} == {("flow", "level")}


def test_a_wide_frame_is_a_dataset_and_its_index_is_asked_for() -> None:
    loaded = read_frame(make_wide())
    np.testing.assert_array_equal(loaded.train.series, SERIES[:, :1])
    assert loaded.train.labels == ("a", "b") * 4 and loaded.description.read.endswith(
        "from column 'label' (2 classes: a, b)"
    )
    with pytest.raises(DatasetError, match="'subject', which holds s0, s1"):
        read_frame(make_wide().set_index(pd.Index([f"s{case}" for case in range(N_CASES)], name="subject")))
    with pytest.raises(DatasetError, match="of type list, is no table"):
        read_frame([1, 2, 3])


def test_a_units_of_a_field_is_the_channels(tmp_path: Path) -> None:
    table = pa.Table.from_pandas(make_long())
    fields = [field.with_metadata({"unit": "l/min"}) if field.name == "flow" else field for field in table.schema]
    pyarrow.parquet.write_table(table.cast(pa.schema(fields)), tmp_path / "pumps.parquet")
    assert load(data=tmp_path / "pumps.parquet", **FLAGS).description.units == ("l/min", "")


def test_lists_in_cells_are_series(tmp_path: Path) -> None:
    columns = {"flow": SERIES[:, 0].tolist(), "level": SERIES[:, 1].tolist(), "label": ["a", "b"] * 4}
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "some.parquet")
    loaded = load(data=tmp_path / "some.parquet")
    np.testing.assert_array_equal(loaded.train.series, SERIES)
    assert loaded.description.channel_names == ("flow", "level")
    pyarrow.parquet.write_table(pa.table(columns | {"site": [1] * N_CASES}), tmp_path / "some.parquet")
    with pytest.raises(DatasetError, match="'site'.*--ignore site"):
        load(data=tmp_path / "some.parquet")


def test_bodies_of_augment_and_a_case_a_line_are_the_same_dataset(tmp_path: Path) -> None:
    labels = ["a", "b"] * 4
    bodies = [
        {"model": "pumps", "seed": 3, "n_cases": N_CASES},
        {"series": SERIES[:5].tolist(), "labels": labels[:5], "synthetic": [False] * 5},
        {"series": SERIES[5:].tolist(), "labels": labels[5:], "synthetic": [True] * 3},
    ]
    (tmp_path / "streamed.jsonl").write_text("\n".join(map(json.dumps, bodies)))
    cases = [{"series": case.tolist(), "label": label} for case, label in zip(SERIES, labels, strict=True)]
    (tmp_path / "cases.ndjson").write_text("\n".join(map(json.dumps, cases)) + "\n")
    (tmp_path / "body.json").write_text(json.dumps({"series": SERIES.tolist(), "labels": labels, "seed": 1}))
    loaded = [load(data=tmp_path / name) for name in ("streamed.jsonl", "cases.ndjson", "body.json")]
    np.testing.assert_array_equal(loaded[0].train.series, SERIES)
    assert len({each.sha256 for each in loaded}) == 1
    assert "the keys model, n_cases, seed, synthetic" in loaded[0].description.notes[0]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("{nothing}", "line 1, is no JSON"),
        ('{"series": [[1, 2]], "labels": ["a", "b"]}', "line 1, has 1 series but 2 labels"),
        ('{"values": [1, 2]}', "lists but no 'series'; its keys are values"),
        ("[1, 2]", "holds 1, and an object"),
        ('{"series": [1, "x"], "label": "a"}', "of several types"),
        ('{"series": "abc", "label": "a"}', "."),
        ("", "holds no cases"),
    ],
)
def test_json_that_holds_no_series_is_refused_by_its_line(lines: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "some.jsonl").write_text(lines)
    with pytest.raises(DatasetError, match=words):
        load(data=tmp_path / "some.jsonl")
