"""A dataset's name alone finds a generator or the archive, and nothing heavy is imported without need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from training.data import DatasetError, load


def test_sines_has_channels_of_very_different_level_and_scale() -> None:
    dataset = load("sines")
    assert dataset.train.series.shape == (60, 2, 64) and dataset.test is not None
    assert dataset.test.series.shape == (60, 2, 64)
    assert dataset.train.labels is not None and set(dataset.train.labels) == {0, 1, 2}
    np.testing.assert_allclose(dataset.train.series.mean(axis=(0, 2)), [1000.0, 0.01], rtol=0.05)
    np.testing.assert_allclose(dataset.train.series.max(axis=(0, 2)), [1200.0, 0.012], rtol=0.1)


@pytest.mark.parametrize(
    ("name", "train", "test"),
    [
        ("GunPoint", (50, 1, 150), (150, 1, 150)),
        ("BasicMotions", (40, 6, 100), (40, 6, 100)),
        ("JapaneseVowels_eq", (270, 12, 25), (370, 12, 25)),
    ],
)
def test_what_aeon_ships_loads_with_the_archives_own_split(
    name: str, train: tuple[int, ...], test: tuple[int, ...]
) -> None:
    dataset = load(name)
    assert dataset.test is not None and dataset.train.labels is not None
    assert dataset.train.series.shape == train and dataset.test.series.shape == test
    assert all(isinstance(label, str) for label in dataset.train.labels)


def test_an_archived_dataset_of_unequal_length_is_resampled_and_says_so() -> None:
    dataset = load("JapaneseVowels")
    assert dataset.test is not None and dataset.train.lengths is not None
    assert dataset.train.series.shape == (270, 12, 26) and dataset.test.series.shape == (370, 12, 26)
    assert (dataset.train.lengths.min(), dataset.train.lengths.max()) == (7, 26)
    assert (dataset.shape.length_policy, dataset.shape.shortest, dataset.shape.longest) == ("resample", 3, 58)
    assert any("7 to 29 timepoints: each is resampled to 26" in note for note in dataset.description.notes)


def test_an_unknown_name_is_refused_with_close_ones() -> None:
    with pytest.raises(DatasetError, match="'GunPont'; close to it: GunPoint.*--data"):
        load("GunPont")


def test_a_download_that_fails_says_so_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(DatasetError, match=r"'Coffee' .*download failed.*--data"):
        load("Coffee")
    assert [path for path in tmp_path.rglob("*") if path.is_file() or "Coffee" in path.name] == []


def test_data_or_a_name_is_needed() -> None:
    with pytest.raises(DatasetError, match="Neither"):
        load()


def test_files_load_without_aeon_and_nothing_loads_torch(tmp_path: Path) -> None:
    (tmp_path / "any.tsv").write_text("1\t0\t1\t2\t3\t4\t5\t6\t7\n" * 4)
    code = (
        "import sys, pathlib; from training.data import load; load(data=pathlib.Path(sys.argv[1]));"
        "assert not {'aeon', 'torch', 'bentoml', 'grpc', 'service'} & set(sys.modules)"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "any.tsv")], check=True, cwd=root)
