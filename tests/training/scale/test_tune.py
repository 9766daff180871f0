"""A sweep searches what the families' own bounds allow, and judges by training cases that were held out, alone."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bundle.manifest import read_manifest
from tests.conftest import QUICK, take_steps
from training import tune
from training.choosing.folds import judge, make_folds
from training.choosing.scoring import fit_tempered_nll
from training.configuration import FitConfiguration
from training.console import main
from training.data import load
from training.data.partition import make_training_cases, order_labels
from training.families import PACKAGES, list_names, list_options, make_settings
from training.families.classifiers import fcn
from training.scale.datasets import list_datasets
from training.scale.space import Between, OneOf, Space, apply, build_space, list_defaults
from training.scale.sweep import Sweep, Tried
from training.scale.trial import LOOKS, Report, check_tunable, choose_policy, run_trial
from training.settings import ConfigurationError

BRIEF = FitConfiguration(dataset="sines", **{**QUICK, **take_steps(20, 20, 40)})
GENERATE = ["--generator.cases-per-class", "8"]


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in PACKAGES for name in list_names(kind)])
def test_whatever_a_family_s_space_holds_the_family_takes(kind: str, name: str):
    configuration = FitConfiguration(**{kind: make_settings(kind, name)})
    if not list_options(kind, name):
        with pytest.raises(ConfigurationError, match="have no options to search"):
            build_space(configuration, [kind])
        return
    space = build_space(configuration, [kind])
    assert f"{kind}.steps" not in space
    for option, domain in space.items():
        values = (domain.low, domain.high) if isinstance(domain, Between) else domain.values
        for value in values:
            if value == 1.0 and isinstance(domain, Between) and not domain.by_ratio:
                value = np.nextafter(1.0, 0.0)  # what is drawn lies below
            assert list_defaults(apply(configuration, {option: value}), space)[option] == value


def test_numbers_are_searched_around_their_default_and_choices_among_all():
    dense = replace(BRIEF, vae=make_settings("vae", "dense"))
    space = build_space(dense, ["vae"])
    assert space["vae.learning_rate"] == Between(0.003 / 4, 0.012, False, True)
    assert space["vae.depth"] == Between(1, 8, True, True)
    assert space["vae.kl_warm_up"] == Between(0.0, 1.0, False, False)
    assert space["vae.activation"] == OneOf(("relu", "gelu", "elu", "tanh"))
    assert "vae.free_bits" not in space  # 0 by default: nothing says how large


def test_a_space_that_is_given_is_searched_alone():
    words = ["classifier.learning-rate=1e-4:1e-2", "classifier.batch_size=16,32", "classifier.steps=10:400"]
    expected: Space = {
        "classifier.learning_rate": Between(1e-4, 1e-2, False, True),
        "classifier.batch_size": OneOf((16, 32)),
        "classifier.steps": Between(10, 400, True, True),
    }
    assert build_space(BRIEF, ["classifier"], words) == expected


@pytest.mark.parametrize(
    ("kinds", "words", "sentence"),
    [
        (["classifier"], ["classifier.depth=1:4"], "give OPTION=LOW:HIGH or OPTION=A,B,C for one of: classifier.steps"),
        (["classifier"], ["classifier.batch_size=a"], "classifier.batch_size is a integer: give LOW:HIGH"),
        (["classifier"], ["classifier.batch_size=0:4"], "--classifier.batch-size is 0; it must be at least 1"),
        (
            ["generator"],
            [],
            "--search is 'generator', of which no family is chosen; there are: vae, texture, classifier",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused(kinds: list[str], words: list[str], sentence: str):
    with pytest.raises(ConfigurationError) as refused:
        build_space(BRIEF, kinds, words)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("policy", ["none", "latent"])
def test_a_trial_reports_as_it_goes_and_ends_with_what_cross_validation_finds(policy):
    learn, reports = load("sines").train.select(np.arange(30)), list[Report]()
    last = run_trial(learn, BRIEF, policy, reports.append)
    folds = make_folds(learn, make_training_cases(learn, order_labels(learn.labels)), BRIEF)
    assert [report.progress for report in reports] == list(range(1, LOOKS * len(folds) + 1)) and last == reports[-1]
    judged = [judge(fold, BRIEF, (policy,), False) for fold in folds]
    every = np.concatenate([one.log_probabilities[policy] for one in judged])
    truth = np.concatenate([one.fold.held_out.class_index for one in judged])
    assert last.nll == fit_tempered_nll(every, truth) and last.accuracy == (every.argmax(axis=1) == truth).mean()


def test_a_classifier_that_is_trained_at_once_reports_once_a_fold():
    learn, reports = load("sines").train, list[Report]()
    configuration = replace(BRIEF, classifier=make_settings("classifier", "ridge"))
    run_trial(learn, configuration, "none", reports.append)
    assert [report.progress for report in reports] == [LOOKS * fold for fold in range(1, len(reports) + 1)]


def test_nothing_of_the_test_set_reaches_a_sweep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    dataset, seen = load("sines"), list[Sweep]()

    def keep(sweep: Sweep, *_: object) -> list[Tried]:
        seen.append(sweep)
        return [Tried({"classifier.batch_size": 8}, Report(30, 0.1, 1.0), True)]

    monkeypatch.setattr(tune, "run_sweep", keep)
    best = tune.tune(replace(BRIEF, models=tmp_path), ["classifier"], (), 5, None)
    assert dataset.test is not None and np.array_equal(seen[0].learn.series, dataset.train.series)
    assert best.classifier == fcn.Settings(steps=40, batch_size=8) and best.vae == BRIEF.vae


def test_the_policy_of_a_trial_makes_series_only_where_what_makes_them_is_searched():
    auto = replace(BRIEF, policy="auto")
    assert choose_policy(auto, ["classifier"]) == "none" and choose_policy(auto, ["vae", "classifier"]) == "latent"
    assert choose_policy(replace(BRIEF, policy="warps"), ["vae"]) == "warps"


def test_cases_without_classes_are_refused():
    learn = load("sines").train
    for odd in (replace(learn, labels=None), replace(learn, labels=("a",) * len(learn.series))):
        with pytest.raises(ConfigurationError, match="has fewer than two"):
            check_tunable(odd, BRIEF)


def test_another_question_lies_in_another_folder(tmp_path: Path):
    learn = load("sines").train
    sweep = Sweep("sines", learn, "0" * 64, BRIEF, "none", {"classifier.batch_size": OneOf((8,))}, 5, 3)
    folder = sweep.find_folder(tmp_path)
    assert folder == replace(sweep, name="sines").find_folder(tmp_path) and folder.parent == tmp_path
    others = (
        replace(sweep, trials=6),
        replace(sweep, configuration=replace(BRIEF, seed=1)),
        replace(sweep, sha256="1"),
    )
    assert len({folder, *(other.find_folder(tmp_path) for other in others)}) == 4


def test_a_sweep_needs_ray_and_says_how_to_get_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["tune", "--dataset", "sines"]) == 2
    assert "a sweep needs Ray, which is not installed here: pip install -e '.[cpu,scale]'" in capsys.readouterr().err


def write_dataset(folder: Path, scale: float) -> None:
    folder.mkdir(parents=True)
    train = load("sines").train.select(np.arange(30))
    np.savez(folder / "data.npz", X=scale * train.series, y=np.array(train.labels))


def test_a_folder_of_datasets_is_listed_by_folders_and_files(tmp_path: Path):
    write_dataset(tmp_path / "pumps", 1.0)
    for name in ("mills_TRAIN.csv", "mills_TEST.csv", "readme.txt"):
        (tmp_path / name).write_text("1,2,3\n")
    found = list_datasets(tmp_path, BRIEF)
    assert [own.data for own in found] == [tmp_path / "pumps", tmp_path / "mills_TRAIN.csv"]
    assert all(own.dataset is None for own in found)
    (tmp_path / "pumps" / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="which holds no datasets"):
        list_datasets(tmp_path / "pumps" / "empty", BRIEF)


@pytest.mark.long
def test_many_datasets_are_fitted_and_one_that_fails_keeps_none_from_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_dataset(tmp_path / "all" / "pumps", 1.0)
    write_dataset(tmp_path / "all" / "mills", 5.0)
    write_dataset(tmp_path / "all" / "wrecks", np.nan)
    steps = ["--vae.steps", "20", "--texture.steps", "20", "--classifier.steps", "40", "--companion", "none"]
    command = ["tune", "--trials", "0", "--datasets", str(tmp_path / "all"), "--models", str(tmp_path / "models")]
    brief = ["--advice", "none", "--no-report", "--force", "--folds", "0", "--workers", "1", *steps]
    assert main([*command, *brief]) == 1
    said = capsys.readouterr().out
    assert "wrecks: not published" in said and said.count(": published") == 2
    manifests = [tmp_path / "models" / name / "1" / "manifest.json" for name in ("pumps", "mills")]
    assert len({read_manifest(path.read_bytes()).provenance.dataset_sha256 for path in manifests}) == 2
