"""`python training/fit.py`, as a user runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.evidence import Predecessor
from bundle.manifest import read_manifest
from tests.conftest import QUICK, take_dense_steps, take_steps
from training.configuration import ConfigurationError, FitConfiguration
from training.fit import find_repository, fit_and_publish, main

FIT = Path(__file__).resolve().parents[2] / "training" / "fit.py"
STEPS = take_dense_steps(20, 20)
PLAIN = ["--device=cpu", "--no-report", "--policy=latent", "--workers=1", "--advice=none", "--force"]
BRIEF = ["--vae=dense", "--vae.steps=20", "--texture=stored", "--classifier.steps=20", "--companion=none", *PLAIN]
BRIEF += ["--folds=0"]


def run(*arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FIT), *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=300, check=False)


def make_brief(**settings: object) -> FitConfiguration:
    """Few steps of families that are exported soon; without folds, which take longest, unless they are asked for."""
    return FitConfiguration(**{**QUICK, **STEPS, "folds": 0, **settings})


def test_the_command_runs_from_anywhere_and_prints_its_table(tmp_path: Path) -> None:
    ended = run("--dataset", "sines", "--models", str(tmp_path / "m"), *BRIEF, directory=tmp_path)
    assert ended.returncode == 0, ended.stderr
    for word in ("class", "components", "trust", "acceptance", "accuracy", "given test set", "MB"):
        assert word in ended.stdout
    assert (tmp_path / "m" / "sines" / "1" / "manifest.json").exists()
    assert "error=" in ended.stderr and "VAE" in ended.stderr
    assert "report" not in ended.stdout and not (tmp_path / "reports").exists()


def test_the_command_refuses_what_it_cannot_fit(tmp_path: Path) -> None:
    ended = run("--dataset", "NoSuchSet", "--models", str(tmp_path / "m"), *BRIEF, directory=tmp_path)
    assert ended.returncode == 2 and "NoSuchSet" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dataset", "NoSuchSet"], "NoSuchSet"),
        (["--data", "absent.tsv"], "absent.tsv"),
        (["--dataset", "sines", "--name", "Not A Name"], "--name"),
        (["--dataset", "sines", "--vae", "nope"], "convolutional"),
        (["--dataset", "sines", "--vae.latent-dim", "0"], "--vae.latent-dim"),
        (["--dataset", "sines", "--from", "nowhere"], "--from nowhere"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_a_sentence_and_publishes_nothing(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = main([*arguments, "--models", str(tmp_path / "m"), *BRIEF])
    except SystemExit as ended:  # a setting is refused while the command line is read
        status = ended.code
    assert status == 2
    said = capsys.readouterr().err
    assert words in said and "Traceback" not in said
    assert not list((tmp_path / "m").rglob("manifest.json"))


@pytest.mark.long
def test_equal_seeds_give_equal_graphs_and_arrays_and_other_seeds_others(tmp_path: Path) -> None:
    first, again, other = (
        fit_and_publish(make_brief(dataset="sines", models=tmp_path, seed=seed)) for seed in (1, 1, 2)
    )
    hashes = [_compute_hashes(directory) for directory in (first, again, other)]
    assert hashes[0] == hashes[1]
    assert all(hashes[0][name] != hashes[2][name] for name in ("encoder", "decoder", "classifier", "mixture.npz"))


def _compute_hashes(directory: Path | None) -> dict[str, str]:
    assert directory is not None
    manifest = read_manifest((directory / "manifest.json").read_bytes())
    arrays = {card.file: card.sha256 for card in (manifest.mixture, manifest.probe, manifest.weights) if card}
    return {str(name): graph.sha256 for name, graph in manifest.graphs.items()} | arrays


def test_a_bundle_tells_where_it_comes_from_and_names_no_place_on_this_machine(repository: Path) -> None:
    manifest = read_manifest((repository / "sines" / "1" / "manifest.json").read_bytes())
    assert manifest.provenance.dataset == "sines"
    assert manifest.provenance.configuration["vae"] == {"family": "convolutional", **asdict(QUICK["vae"])}
    assert set(manifest.provenance.libraries) >= {"torch", "onnxruntime", "numpy"}
    assert manifest.metrics.accuracy is not None and manifest.metrics.accuracy > 0.9
    root = str(FIT.parent.parent).encode()
    assert not any(root in file.read_bytes() for file in (repository / "sines" / "1").iterdir())


def test_a_bundle_of_a_small_dataset_is_small(repository: Path) -> None:
    assert sum(file.stat().st_size for file in (repository / "sines" / "1").iterdir()) < 3e6


@pytest.mark.long
def test_without_a_dataset_every_bundle_is_fitted_again(tmp_path: Path) -> None:
    fit_and_publish(make_brief(dataset="sines", models=tmp_path, name="one"))
    fit_and_publish(make_brief(dataset="sines", models=tmp_path, name="two", seed=7))
    assert main(["--models", str(tmp_path), "--force"]) == 0
    assert _compute_hashes(tmp_path / "one" / "2") == _compute_hashes(tmp_path / "one" / "1")
    assert _compute_hashes(tmp_path / "two" / "2") == _compute_hashes(tmp_path / "two" / "1")
    record = json.loads((tmp_path / "two" / "2" / "manifest.json").read_bytes())["provenance"]["configuration"]
    assert record["seed"] == 7


@pytest.mark.long
def test_a_fit_may_start_from_the_weights_of_another(repository: Path, tmp_path: Path) -> None:
    source = repository / "sines" / "1"
    few = {"dataset": "sines", "models": tmp_path, **take_steps(3, 20, 3)}
    cold = fit_and_publish(make_brief(**few, name="cold"))
    warm = fit_and_publish(make_brief(**few, name="warm", start_from=source))
    assert cold and warm
    errors = [_compute_error(directory) for directory in (cold, warm)]
    assert errors[1] < 0.5 * errors[0]


def _compute_error(directory: Path) -> float:
    from training import data as datasets

    bundle = Bundle.load(directory, Runtime("cpu", 1))
    series = datasets.load("sines").train.series
    return float(bundle.compute_reconstruction_error(series, bundle.decode(bundle.encode(series)[0])).mean())


def test_weights_of_another_shape_are_refused(repository: Path, tmp_path: Path) -> None:
    source = str(repository / "sines" / "1")
    assert (
        main(["--dataset", "sines", "--from", source, "--vae.latent-dim", "5", "--models", str(tmp_path), *BRIEF]) == 2
    )
    assert not list(tmp_path.rglob("manifest.json"))


@pytest.mark.long
def test_raw_units_groups_and_string_labels_from_an_npz_without_a_test_set(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(["idle", "busy"], 30)
    level = np.where(labels == "idle", 0.0, 5.0)[:, None, None]
    series = np.array([[[1e4], [1e-4]]]) * (10 + level + random.normal(size=(60, 2, 32)))
    groups = np.tile(np.arange(10), 6)
    file = tmp_path / "pumps.npz"
    np.savez(file, X=series, y=labels, groups=groups)
    directory = fit_and_publish(make_brief(data=file, models=tmp_path / "m", folds=2, **take_dense_steps(150, 150)))
    assert directory is not None
    bundle = Bundle.load(directory, Runtime("cpu", 1))
    assert bundle.manifest.labels == ["busy", "idle"]
    assert bundle.manifest.metrics.measured_on == "held-out split"
    assert bundle.manifest.metrics.accuracy is not None and bundle.manifest.metrics.accuracy > 0.8
    for index, label in enumerate(bundle.manifest.labels):
        made = bundle.sample(index, 200, seed=0).series.mean(axis=(0, 2))
        np.testing.assert_allclose(made, series[labels == label].mean(axis=(0, 2)), rtol=0.1)


@pytest.mark.long
def test_a_class_of_one_case_can_be_learned_and_sampled(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    series = random.normal(size=(13, 1, 24)) + np.repeat([0, 4], [12, 1])[:, None, None]
    file = tmp_path / "rare.npz"
    np.savez(file, X=series, y=np.repeat([5, 7], [12, 1]))
    directory = fit_and_publish(make_brief(data=file, models=tmp_path / "m", folds=2, held_out_share=0.0))
    assert directory is not None
    bundle = Bundle.load(directory, Runtime("cpu", 1))
    assert [card.training_count for card in bundle.manifest.classes] == [12, 1]
    assert np.isfinite(bundle.sample(1, 10, seed=0).series).all()


def test_the_repository_is_the_flag_the_environment_or_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SERIESMITH_MODELS", raising=False)
    assert find_repository(None) == FIT.parent.parent / "models"
    monkeypatch.setenv("SERIESMITH_MODELS", str(tmp_path))
    assert find_repository(None) == tmp_path
    assert find_repository(tmp_path / "other") == tmp_path / "other"
    for url in ("s3://shelf/models", "mlflow:#@champion"):
        monkeypatch.setenv("SERIESMITH_MODELS", url)
        with pytest.raises(ConfigurationError, match=r"publish to a folder.*--push-to"):
            find_repository(None)
    with pytest.raises(ConfigurationError, match="--push-to"):
        find_repository(Path("https://host/models"))


def test_a_refit_of_everything_takes_no_other_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--models", str(tmp_path), "--seed", "9"]) == 2
    assert "seed would change that" in capsys.readouterr().err


@pytest.mark.long
def test_nothing_is_judged_without_folds_and_a_relative_path_is_found_again_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    np.savez(tmp_path / "small.npz", X=np.random.default_rng(0).normal(size=(12, 1, 16)))
    monkeypatch.chdir(tmp_path)
    directory = fit_and_publish(make_brief(data=Path("small.npz"), models=tmp_path / "m", folds=0))
    assert directory is not None
    assert read_manifest((directory / "manifest.json").read_bytes()).calibration is None
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["--models", str(tmp_path / "m"), "--force"]) == 0
    assert (tmp_path / "m" / "small" / "2").is_dir()


@pytest.mark.long
def test_a_damaged_bundle_does_not_keep_the_others_from_being_fitted_again(tmp_path: Path) -> None:
    fit_and_publish(make_brief(dataset="sines", models=tmp_path, name="good"))
    shutil.copytree(tmp_path / "good", tmp_path / "bad")
    (tmp_path / "bad" / "1" / "manifest.json").write_text("{}")
    assert main(["--models", str(tmp_path), "--force"]) == 1
    again = read_manifest((tmp_path / "good" / "2" / "manifest.json").read_bytes())
    assert again.metrics.predecessor == Predecessor(version=1, n_cases=60, n_lost=0, n_won=0, p_value=1.0)
