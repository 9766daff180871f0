"""A folder that holds a dataset in several of the archives' formats is read once, and the fit says which file was."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.training.real_data import REAL, needs_real_data
from training.data import DatasetError, load

VALUES = [[float(case + timepoint) for timepoint in range(8)] for case in range(6)]
LABELS = ["1", "2"] * 3


def write_all(folder: Path, name: str) -> None:
    """The same cases as `.ts`, `.arff` and `.txt`."""
    rows = [",".join(map(str, values)) for values in VALUES]
    ts = "".join(f"{row}:{label}\n" for row, label in zip(rows, LABELS, strict=True))
    (folder / f"{name}.ts").write_text(f"@classLabel true 1 2\n@data\n{ts}")
    head = "".join(f"@attribute t{timepoint} numeric\n" for timepoint in range(8))
    arff = "".join(f"{row},{label}\n" for row, label in zip(rows, LABELS, strict=True))
    (folder / f"{name}.arff").write_text(f"% a comment\n@relation a\n{head}@attribute c {{1,2}}\n@data\n{arff}")
    txt = "".join(f"{label} {row.replace(',', '  ')}\n" for row, label in zip(rows, LABELS, strict=True))
    (folder / f"{name}.txt").write_text(txt)


def test_one_of_the_formats_is_taken_and_the_others_are_named(tmp_path: Path) -> None:
    for name in ("Any_TRAIN", "Any_TEST"):
        write_all(tmp_path, name)
    dataset = load(data=tmp_path)
    assert dataset.test is not None and "from Any_TRAIN.ts and Any_TEST.ts" in dataset.description.read
    assert dataset.description.notes == (
        "Any_TRAIN.ts was read; files of the same name were not: Any_TRAIN.arff, Any_TRAIN.txt",
    )


@pytest.mark.parametrize("format", ["ts", "arff", "txt"])
def test_another_format_may_be_asked_for_and_holds_the_same(format: str, tmp_path: Path) -> None:
    for name in ("Any_TRAIN", "Any_TEST"):
        write_all(tmp_path, name)
    dataset = load(data=tmp_path, format=format)
    assert dataset.test is not None and f"from Any_TRAIN.{format} and Any_TEST.{format}" in dataset.description.read
    assert dataset.sha256 == load(data=tmp_path).sha256


def test_files_of_other_names_are_still_a_choice(tmp_path: Path) -> None:
    write_all(tmp_path, "A_TRAIN")
    write_all(tmp_path, "B_TRAIN")
    with pytest.raises(DatasetError, match=r"2 files that could be the training set: A_TRAIN.ts, B_TRAIN.ts"):
        load(data=tmp_path)


@needs_real_data
def test_a_real_folder_of_three_formats_is_read_as_ts(tmp_path: Path) -> None:
    folder = shutil.copytree(REAL / "archive-folder-Coffee", tmp_path / "Coffee")
    dataset = load(data=folder)
    assert dataset.name == "Coffee" and dataset.test is not None and dataset.train.series.shape == (28, 1, 286)
    assert (
        "Coffee_TRAIN.ts was read; files of the same name were not: Coffee_TRAIN.arff" in dataset.description.notes[0]
    )
    for format in ("arff", "txt"):
        np.testing.assert_allclose(load(data=folder, format=format).train.series, dataset.train.series, atol=1e-6)
