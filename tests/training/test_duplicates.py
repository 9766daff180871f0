"""Equal cases are named before a fit, in its manifest and in its report, and never stand on both sides of a split."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bundle.evidence import Duplicates, EqualPair
from bundle.manifest import read_manifest
from tests.training.test_fit import make_brief
from training import data as datasets
from training.choosing.folds import make_folds
from training.data import Cases
from training.data.duplicates import describe, find_duplicates, group_equal
from training.data.partition import make_training_cases, order_labels, split_dataset
from training.fit import fit_and_publish
from training.learning.progress import make_progress

SERIES = np.random.default_rng(0).normal(size=(40, 1, 12)).astype(np.float32)


def save(file: Path, train: np.ndarray, test: np.ndarray, **arrays: np.ndarray) -> Path:
    """A dataset with a test set; labels alternate."""
    labels = {"y_train": np.arange(len(train)) % 2, "y_test": np.arange(len(test)) % 2}
    np.savez(file, X_train=train, X_test=test, **labels | arrays)
    return file


def test_equal_cases_of_both_sets_are_counted_and_named(tmp_path: Path) -> None:
    train = np.concatenate([SERIES[:20], SERIES[:2], -SERIES[3:4]])
    test = np.concatenate([SERIES[30:32], SERIES[5:7], -SERIES[3:4]])
    groups = {"groups_train": np.arange(23), "groups_test": np.array([3, 4, 90, 91, 92])}
    found = find_duplicates(datasets.load(data=save(tmp_path / "d.npz", train, test, **groups)))
    pairs = [EqualPair(test=2, training=5), EqualPair(test=3, training=6), EqualPair(test=4, training=22)]
    assert found == Duplicates(across=3, pairs=pairs, groups_across=2, within=4, contradicting=0)
    words = " ".join(describe(found))
    for part in ("3 test cases are also", "2 = 5, 3 = 6, 4 = 22", "2 groups have", "4 training cases are equal to"):
        assert part in words


def test_zero_equals_its_negative_and_another_label_contradicts(tmp_path: Path) -> None:
    train = np.concatenate([SERIES[:5], np.zeros_like(SERIES[:1]), -np.zeros_like(SERIES[:1])])
    found = find_duplicates(datasets.load(data=save(tmp_path / "d.npz", train, SERIES[30:32])))
    assert (found.across, found.within, found.contradicting) == (0, 2, 2)
    assert any("no classifier can be right" in sentence for sentence in describe(found))


def test_a_dataset_without_duplicates_has_nothing_said_of_it(tmp_path: Path) -> None:
    found = find_duplicates(datasets.load(data=save(tmp_path / "d.npz", SERIES[:20], SERIES[20:30])))
    assert describe(found) == [] and found.pairs == []


def test_groups_that_share_a_case_become_one() -> None:
    series = SERIES[[0, 1, 2, 0, 3, 1, 4]]
    assert group_equal(Cases(SERIES[:5], None, None)) is None
    assert group_equal(Cases(SERIES[:3], None, ("a", "a", "b"))) == ("a", "a", "b")
    alone = group_equal(Cases(series, None, None))
    assert alone is not None and alone[0] == alone[3] and alone[1] == alone[5] and len(set(alone)) == 5
    joined = group_equal(Cases(series, None, ("a", "b", "b", "c", "c", "d", "e")))
    assert joined is not None
    assert joined[0] == joined[3] == joined[4] and joined[1] == joined[2] == joined[5]
    assert len(set(joined)) == 3


@pytest.mark.parametrize("seed", range(5))
def test_equal_cases_are_on_one_side_of_every_fold_and_of_the_held_out_split(tmp_path: Path, seed: int) -> None:
    np.savez(tmp_path / "twice.npz", X=np.repeat(SERIES, 3, axis=0), y=np.repeat(np.arange(40) % 2, 3))
    settings = make_brief(data=tmp_path / "twice.npz", folds=3, seed=seed)
    parts = split_dataset(datasets.load(data=tmp_path / "twice.npz"), settings)
    assert parts.measure is not None and len(parts.measure.series) >= 20
    cases = make_training_cases(parts.learn, order_labels(parts.learn.labels))
    sides = [(parts.learn.series, parts.measure.series)]
    sides += [(fold.kept.series, fold.held_out.series) for fold in make_folds(parts.learn, cases, settings)]
    assert len(sides) == 4
    for kept, held in sides:
        assert not {case.tobytes() for case in kept} & {case.tobytes() for case in held}


@pytest.mark.long
def test_a_fit_warns_before_it_trains_and_manifest_and_report_say_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = save(tmp_path / "leaking.npz", SERIES[:20], SERIES[10:26])
    settings = replace(make_brief(data=file, policy="none", report=True), models=tmp_path / "models")
    directory = fit_and_publish(settings, make_progress())
    assert directory is not None
    words = capsys.readouterr().err
    assert words.index("warning: 10 test cases are also in the training set") < words.index("VAE")
    duplicates = read_manifest((directory / "manifest.json").read_bytes()).metrics.duplicates
    assert duplicates is not None and duplicates.across == 10 and duplicates.pairs[0] == EqualPair(test=0, training=10)
    report = (tmp_path / "reports" / "leaking" / "1" / "report.html").read_text()
    assert "Warning: 10 test cases are also in the training set" in report and "0 = 10, 1 = 11" in report
