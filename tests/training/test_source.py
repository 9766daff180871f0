"""A source's settings reach its reader, the record of a fit, and the manifest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.configuration import FitConfiguration
from training.data import DatasetError, Source, load, load_source

ROWS = "".join(f"{label}\t" + "\t".join(str(label * value) for value in range(8)) + "\n" for label in (1, 2, 1, 2))


def test_the_record_of_an_earlier_fit_still_configures_a_fit() -> None:
    earlier = {"dataset": "Coffee", "data": "/archive", "layout": "n_cases,n_timepoints", "key": "data", "seed": 3}
    configuration = FitConfiguration.from_record(earlier, None)
    assert configuration.data == Path("/archive") and configuration.key == "data" and configuration.label == ()


def test_a_record_holds_the_source_as_plain_json_and_gives_it_back(tmp_path: Path) -> None:
    configuration = FitConfiguration(data=tmp_path, label=("a", "b"), names=tmp_path / "names.csv", missing=("-200",))
    record = configuration.record()
    assert record["label"] == ["a", "b"] and record["names"] == str(tmp_path / "names.csv")
    assert FitConfiguration.from_record(record, None) == replace(configuration, models=None)


def test_a_format_may_be_named_whatever_the_file_is_called(tmp_path: Path) -> None:
    path = tmp_path / "some.dat"
    path.write_text(ROWS)
    assert load(data=path, format="tsv").train.labels == ("1", "2", "1", "2")
    with pytest.raises(DatasetError, match="'tvs'. Take one of .*npz.*tsv"):
        load(data=path, format="tvs")


def test_a_setting_that_the_reader_does_not_have_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    np.savez(path, X=np.zeros((4, 8)))
    with pytest.raises(DatasetError, match="no use for --time. Leave"):
        load_source(Source(data=path, time="t"))


def test_one_line_says_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "some.tsv"
    path.write_text(ROWS)
    words = "4 series of 1 channel x 8 timepoints from some.tsv; label from the first field of each line"
    assert load(data=path).description.read == f"{words} (2 classes: 1, 2)"
