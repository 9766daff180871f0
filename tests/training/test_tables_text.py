"""Text tables are read as their tools write them: delimiters, quotes, marks of bytes and of decimals, packed or not."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from training.data import DatasetError, load

N_CASES, N_TIMEPOINTS = 6, 10
SERIES = np.random.default_rng(2).normal(5.0, 2.0, (N_CASES, N_TIMEPOINTS)).round(3)
LABELS = ["walk, slow", "run"] * 3


def make_frame() -> pd.DataFrame:
    frame = pd.DataFrame(SERIES, columns=[f"t{timepoint}" for timepoint in range(N_TIMEPOINTS)])
    frame.insert(0, "label", LABELS)
    return frame


def check_loaded(path: Path, **settings: Any) -> tuple[str, ...]:
    loaded = load(data=path, **settings)
    np.testing.assert_allclose(loaded.train.series[:, 0], SERIES, rtol=1e-6)
    assert loaded.train.labels == tuple(LABELS)
    return loaded.description.notes


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
def test_the_delimiter_is_found(separator: str, suffix: str, tmp_path: Path) -> None:
    make_frame().to_csv(tmp_path / f"some{suffix}", index=False, sep=separator)
    if suffix == ".csv" or separator == "\t":
        assert check_loaded(tmp_path / f"some{suffix}") == ()
    else:
        assert check_loaded(tmp_path / f"some{suffix}", format="csv") == ()


def test_excels_semicolons_and_decimal_commas_are_read_and_that_is_said(tmp_path: Path) -> None:
    text = make_frame().to_csv(index=False, sep=";", decimal=",", lineterminator="\r\n")
    (tmp_path / "some.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert "decimal comma" in check_loaded(tmp_path / "some.csv")[0]
    assert check_loaded(tmp_path / "some.csv", decimal=",", delimiter=";") == ()
    with pytest.raises(DatasetError, match="'.*,.*' where a number was expected.*--decimal ,"):
        load(data=tmp_path / "some.csv", decimal=".")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_marks_of_bytes_and_line_ends_change_nothing(encoding: str, ends: str, tmp_path: Path) -> None:
    text = make_frame().to_csv(index=False, lineterminator="\n", quoting=1).replace("\n", ends)
    (tmp_path / "some.csv").write_bytes(text.encode(encoding))
    if encoding == "utf-16-le":  # without its mark nothing says so
        with pytest.raises(DatasetError):
            load(data=tmp_path / "some.csv")
    else:
        check_loaded(tmp_path / "some.csv")


def test_other_encodings_are_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_bytes(make_frame().replace("run", "läuft").to_csv(index=False).encode("cp1252"))
    with pytest.raises(DatasetError, match="not UTF-8 text.*Save it as UTF-8"):
        load(data=tmp_path / "some.csv")


def test_packed_tables_are_read(tmp_path: Path) -> None:
    text = make_frame().to_csv(index=False)
    with gzip.open(tmp_path / "some.csv.gz", "wt") as file:
        file.write(text)
    for name in ("some.csv.zip", "other.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("inner.csv", text)
        check_loaded(tmp_path / name)
    check_loaded(tmp_path / "some.csv.gz")
    with zipfile.ZipFile(tmp_path / "two.csv.zip", "w") as archive:
        archive.writestr("a.csv", text)
        archive.writestr("b.csv", text)
    with pytest.raises(DatasetError, match="holds 2 files"):
        load(data=tmp_path / "two.csv.zip")
    (tmp_path / "broken.csv.gz").write_bytes(b"\x1f\x8b nothing")
    with pytest.raises(DatasetError, match="could not be read"):
        load(data=tmp_path / "broken.csv.gz")


def test_what_r_writes_asks_for_its_row_names(tmp_path: Path) -> None:
    header, *rows = make_frame().to_csv(index=False, quoting=2).splitlines()
    quoted = ['"",' + header, *(f'"{number}",{row}' for number, row in enumerate(rows, 1))]
    (tmp_path / "some.csv").write_text("\n".join(quoted))
    with pytest.raises(DatasetError, match=r"column 1 \(no name; an index\?\), which holds 1, 2, 3"):
        load(data=tmp_path / "some.csv")
    check_loaded(tmp_path / "some.csv", ignore="1")


def test_what_is_left_out_of_a_table_is_said(tmp_path: Path) -> None:
    header, *rows = make_frame().to_csv(index=False, sep=";").splitlines()
    lines = ["# written by a logger", f"{header};;", *(f"{row};;" for row in rows), ";" * (N_TIMEPOINTS + 2)]
    (tmp_path / "some.csv").write_text("\n".join(lines))
    notes = " ".join(check_loaded(tmp_path / "some.csv"))
    assert "1 lines at the start" in notes and "2 columns" in notes and "1 rows" in notes


def test_a_row_with_other_fields_than_the_header_is_named(tmp_path: Path) -> None:
    lines = make_frame().to_csv(index=False).splitlines()
    (tmp_path / "some.csv").write_text("\n".join([*lines[:3], lines[3] + ",9", *lines[4:]]))
    with pytest.raises(DatasetError, match="line 4 has 12 fields, and the header names 11"):
        load(data=tmp_path / "some.csv")


@pytest.mark.parametrize("missing", ["", "?", "NaN", "NA", "null"])
def test_missing_values_are_counted_and_left_to_the_gap_policy(missing: str, tmp_path: Path) -> None:
    text = make_frame().to_csv(index=False)
    gap = f"{SERIES[0, 4]}"
    (tmp_path / "some.csv").write_text(text.replace(f",{gap},", f",{missing},", 1))
    raw_notes = read_notes(tmp_path / "some.csv")
    assert "1 values of" in raw_notes[0] and "empty, ? or NaN" in raw_notes[0]


def read_notes(path: Path) -> tuple[str, ...]:
    from training.data.choose import read_file
    from training.data.source import Source

    raw, _ = read_file(path, Source(data=path))
    assert np.isnan(np.asarray(raw.series)).sum() == 1
    return raw.notes
