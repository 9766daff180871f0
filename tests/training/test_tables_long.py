"""A long table has one timepoint a row; its flags say which column is what, and nothing else becomes a channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.real_data import REAL, needs_real_data
from training.data import DatasetError, load
from training.data.tables.long import read_long
from training.data.tables.roles import find_roles
from training.data.tables.settings import TableSettings
from training.data.tables.text import parse_table

N_CASES, N_TIMEPOINTS = 8, 12
SERIES = np.random.default_rng(1).normal(size=(N_CASES, 2, N_TIMEPOINTS)).round(4)


def make_frame() -> pd.DataFrame:
    """Eight pumps, two channels; four machines."""
    case, timepoint = np.divmod(np.arange(N_CASES * N_TIMEPOINTS), N_TIMEPOINTS)
    return pd.DataFrame(
        {
            "pump": [f"p{number}" for number in case],
            "t": timepoint * 0.5,
            "flow": SERIES[case, 0, timepoint],
            "pressure": SERIES[case, 1, timepoint],
            "machine": case // 2,
            "fault": np.where(case % 2, "leak", "none of it"),
        }
    )


FLAGS: dict[str, Any] = {"id": "pump", "time": "t", "value": ["flow", "pressure"], "label": "fault", "group": "machine"}


def test_each_id_is_a_series_and_each_value_column_a_channel(tmp_path: Path) -> None:
    make_frame().to_csv(tmp_path / "pumps.csv", index=False)
    loaded = load(data=tmp_path / "pumps.csv", **FLAGS)
    np.testing.assert_allclose(loaded.train.series, SERIES, rtol=1e-5)
    assert loaded.train.labels == ("none of it", "leak") * 4 and loaded.train.groups == tuple("00112233")
    assert loaded.description.channel_names == ("flow", "pressure") and loaded.description.sampling_interval == "0.5"
    assert loaded.description.read == (
        "8 series of 2 channels x 12 timepoints from pumps.csv; channels flow, pressure; label from column 'fault' "
        "(2 classes: none of it, leak); group from column 'machine' (4 groups)"
    )


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_rows_in_any_order_give_the_same_series(random: object) -> None:
    rows = make_frame().to_csv(index=False).splitlines()
    body = rows[1:]
    random.shuffle(body)  # type: ignore[attr-defined]
    flags = TableSettings(
        id=("pump",), time="t", value=("flow",), label=("fault",), group=("machine",), ignore=("pressure",)
    )
    table, found = parse_table("\n".join([rows[0], *body]), "the table", flags)
    raw = read_long(table, find_roles(table, found), found)
    pumps = list(dict.fromkeys(line.split(",")[0] for line in body))
    for case, pump in enumerate(pumps):
        np.testing.assert_array_equal(raw.series[case][0], SERIES[int(pump[1:]), 0])


def test_rows_put_into_the_order_of_time_are_counted(tmp_path: Path) -> None:
    make_frame().iloc[::-1].to_csv(tmp_path / "pumps.csv", index=False)
    assert load(data=tmp_path / "pumps.csv", **FLAGS).description.notes == (
        "the rows of 8 series were put into the order of column 't'",
    )


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no such column": ({**FLAGS, "id": "pumps"}, "no column 'pumps', which --id names; close to it: pump"),
    "two roles": ({**FLAGS, "group": "fault"}, "given as --label and as --group"),
    "an id of two series": ({**FLAGS, "id": "machine"}, "two rows for one time of series '0'"),
    "a label that changes": ({**FLAGS, "id": "machine", "time": None}, "2 labels in series '0' .*'fault'"),
    "nothing named": (
        {"id": "pump", "time": "t"},
        "2 columns that nobody named.*'machine'.*'fault', which holds none of",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_by_name(case: str, tmp_path: Path) -> None:
    flags, words = REFUSED[case]
    make_frame().to_csv(tmp_path / "pumps.csv", index=False)
    with pytest.raises(DatasetError, match=words):
        load(data=tmp_path / "pumps.csv", **flags)


def test_columns_that_nobody_named_are_channels_only_where_they_may_be_values(tmp_path: Path) -> None:
    make_frame().to_csv(tmp_path / "pumps.csv", index=False)
    flags: dict[str, Any] = {"id": "pump", "time": "t", "label": "fault", "group": "machine"}
    assert load(data=tmp_path / "pumps.csv", **flags).description.channel_names == ("flow", "pressure")
    with pytest.raises(DatasetError, match="column 't'.*rises throughout|rises throughout.*column 't'"):
        load(data=tmp_path / "pumps.csv", **{**flags, "time": None})
    make_frame().assign(on=[0, 1] * 48).to_csv(tmp_path / "pumps.csv", index=False)
    with pytest.raises(DatasetError, match="two whole values.*'on'.*--label on.*--value on"):
        load(data=tmp_path / "pumps.csv", **flags)


def test_dates_are_times_and_steps_are_seconds(tmp_path: Path) -> None:
    dates = pd.Timestamp("2024-03-01") + pd.to_timedelta(make_frame()["t"] * 20, unit="s")
    for written in (dates.dt.strftime("%Y-%m-%d %H:%M:%S"), dates.dt.strftime("%Y-%m-%dT%H:%M:%SZ")):
        make_frame().assign(t=written).to_csv(tmp_path / "pumps.csv", index=False)
        assert load(data=tmp_path / "pumps.csv", **FLAGS).description.sampling_interval == "10 s"
    make_frame().assign(t=dates).to_parquet(tmp_path / "pumps.parquet")
    assert load(data=tmp_path / "pumps.parquet", **FLAGS).description.sampling_interval == "10 s"


def test_the_day_of_a_date_is_found_in_the_table_or_asked_for(tmp_path: Path) -> None:
    dates = pd.Timestamp("2024-03-09") + pd.to_timedelta(make_frame()["t"] * 2, unit="D")
    make_frame().assign(t=dates.dt.strftime("%d/%m/%Y %H:%M")).to_csv(tmp_path / "pumps.csv", index=False)
    loaded = load(data=tmp_path / "pumps.csv", **FLAGS)
    assert loaded.description.sampling_interval == "86400 s"
    assert "read day first: 09/03/2024 00:00 as 2024-03-09 00:00" in loaded.description.notes[0]
    dates = pd.Timestamp("2024-03-01") + pd.to_timedelta(make_frame()["t"], unit="h")
    make_frame().assign(t=dates.dt.strftime("%d/%m/%Y %H:%M")).to_csv(tmp_path / "pumps.csv", index=False)
    with pytest.raises(DatasetError, match="nothing shows which number is the day"):
        load(data=tmp_path / "pumps.csv", **FLAGS)


def test_units_in_brackets_are_units(tmp_path: Path) -> None:
    names = {"flow": "flow [l/min]", "pressure": "pressure (bar)"}
    make_frame().rename(columns=names).to_csv(tmp_path / "pumps.csv", index=False)
    description = load(data=tmp_path / "pumps.csv", **{**FLAGS, "value": list(names.values())}).description
    assert description.channel_names == ("flow", "pressure") and description.units == ("l/min", "bar")


def test_several_columns_make_one_label_and_one_id(tmp_path: Path) -> None:
    frame = make_frame().assign(run=np.repeat([0, 1] * 4, N_TIMEPOINTS), pump=np.repeat(np.arange(4), 2 * N_TIMEPOINTS))
    frame.to_csv(tmp_path / "pumps.csv", index=False)
    flags = {**FLAGS, "id": ["pump", "run"], "label": ["fault", "run"]}
    loaded = load(data=tmp_path / "pumps.csv", **flags)
    assert loaded.train.labels == ("none of it | 0", "leak | 1") * 4
    assert "label from columns 'fault', 'run', joined by ' | '" in loaded.description.read


@needs_real_data
def test_the_engines_of_c_mapss_are_series_and_no_labels() -> None:
    path = REAL / "csv/cmapss_FD001_part.txt"
    with pytest.raises(DatasetError, match="a row is one instant and the label is the id.*--id 1 --time 2"):
        load(data=path)
    table, flags = parse_table(path.read_text(), "the table", TableSettings(id=("1",), time="2"))
    raw = read_long(table, find_roles(table, flags), flags)
    assert len(raw.series) == 15 and len(raw.series[0]) == 24 and len(raw.series[0][0]) == 192
