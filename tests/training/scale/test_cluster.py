"""On a real cluster of Ray a job leaves behind the bytes that one process leaves, whoever is killed meanwhile."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bundle.manifest import read_manifest
from bundle.repository import SHIPPED
from tests.training.scale.cluster import Cluster, open_cluster, wait_until
from tests.training.scale.folders import hash_files
from training.configuration import FitConfiguration
from training.console import main
from training.data import load
from training.scale.trial import LOOKS, run_trial

pytest.importorskip("ray")
pytestmark = pytest.mark.long

GUNPOINT = str(SHIPPED / "gunpoint" / "1")
GENERATE = ["generate", "--bundle", GUNPOINT, "--rows", "32000", "--shard-rows", "2000", "--seed", "3"]
CLASSIFY = ["classify", "--bundle", GUNPOINT, "--part-rows", "2000"]

SEARCHED = ("learning_rate", "weight_decay", "batch_size")
TUNE = [
    *("tune", "--dataset", "GunPoint", "--trials", "4", "--workers", "1", "--advice", "none", "--no-report"),
    *("--companion", "none", "--policy", "none", "--folds", "2", "--no-resume"),
    *("--vae.steps", "30", "--texture.steps", "30", "--classifier.steps", "100"),
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with open_cluster(tmp_path_factory.mktemp("ray")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen shards, made in this process."""
    folder = tmp_path_factory.mktemp("generated")
    assert main([*GENERATE, "--to", str(folder), "--workers", "1"]) == 0
    return folder


@pytest.fixture(scope="module")
def scored(generated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen parts, scored in this process."""
    folder = tmp_path_factory.mktemp("scored")
    assert main([*CLASSIFY, "--from", str(generated), "--to", str(folder), "--workers", "1"]) == 0
    return folder


def count_parquet(folder: Path) -> int:
    return len(list(folder.glob("*.parquet")))


def finish(running: subprocess.Popen[str]) -> None:
    _, said = running.communicate(timeout=600)
    assert running.returncode == 0, said


def kill_a_worker(cluster: Cluster, folder: Path) -> None:
    """Kill a process that runs a task, once some files are there and others are not."""
    wait_until(lambda: count_parquet(folder) >= 2, "the first shards are there")
    cluster.nodes[1].kill_worker()
    assert count_parquet(folder) < 16


def test_two_nodes_generate_what_one_process_does_though_a_worker_is_killed(
    cluster: Cluster, generated: Path, tmp_path: Path
):
    running = cluster.start(*GENERATE, "--to", str(tmp_path))
    kill_a_worker(cluster, tmp_path)
    finish(running)
    assert hash_files(tmp_path) == hash_files(generated)


def test_two_nodes_score_what_one_process_does_though_a_worker_is_killed(
    cluster: Cluster, generated: Path, scored: Path, tmp_path: Path
):
    running = cluster.start(*CLASSIFY, "--from", str(generated), "--to", str(tmp_path))
    kill_a_worker(cluster, tmp_path)
    finish(running)
    assert hash_files(tmp_path) == hash_files(scored)


def test_a_driver_that_is_killed_goes_on_with_what_is_missing(cluster: Cluster, generated: Path, tmp_path: Path):
    running = cluster.start(*GENERATE, "--to", str(tmp_path))
    wait_until(lambda: count_parquet(tmp_path) >= 3, "the first shards are there")
    running.kill()
    running.communicate()
    made = count_parquet(tmp_path)
    assert made < 16
    finish(cluster.start(*GENERATE, "--to", str(tmp_path)))
    assert hash_files(tmp_path) == hash_files(generated)


def test_a_machine_that_is_lost_is_done_without(cluster: Cluster, generated: Path, tmp_path: Path):
    running = cluster.start(*GENERATE, "--to", str(tmp_path))
    wait_until(lambda: count_parquet(tmp_path) >= 2, "the first shards are there")
    cluster.nodes.pop().kill()
    finish(running)
    assert hash_files(tmp_path) == hash_files(generated)
    shutil.rmtree(tmp_path)
    cluster.add_node()


def test_a_sweep_publishes_the_best_of_its_trials_though_a_worker_is_killed(cluster: Cluster, tmp_path: Path):
    models = tmp_path / "models"
    running = cluster.start(*TUNE, "--models", str(models), "--force", "--track", "mlflow")
    cluster.nodes[1].kill_worker()
    finish(running)
    tried = [line for path in models.parent.glob("sweeps/*/*/result.json") for line in path.read_text().splitlines()]
    ends = [json.loads(line) for line in tried]
    whole = [end for end in ends if end["progress"] == 2 * LOOKS]
    best = min(whole, key=lambda end: end["nll"])
    assert len({end["trial_id"] for end in ends}) == 4
    manifest = read_manifest((models / "gunpoint" / "1" / "manifest.json").read_bytes())
    configuration = FitConfiguration.from_record(manifest.provenance.configuration, None)
    assert {f"classifier.{name}": getattr(configuration.classifier, name) for name in SEARCHED} == best["config"]
    assert count_tracked(models.parent / "tracking" / "mlflow" / "mlflow.db") == 4
    learn = load("GunPoint").train
    assert run_trial(learn, configuration, "none", lambda report: None).nll == pytest.approx(best["nll"], abs=1e-9)


def count_tracked(database: Path) -> int:
    """Trials that MLflow holds as finished, each with what it came to."""
    mlflow = pytest.importorskip("mlflow")
    client = mlflow.MlflowClient(f"sqlite:///{database}")
    runs = client.search_runs([own.experiment_id for own in client.search_experiments()])
    trials = [run for run in runs if "-trial-" in run.info.run_name]
    assert all(run.info.status == "FINISHED" and run.data.metrics["results/nll"] > 0 for run in trials)
    return len(trials)


def test_a_cluster_that_does_not_answer_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([*GENERATE, "--to", str(tmp_path), "--address", "127.0.0.1:1"]) == 2
    assert "no cluster of Ray answers at 127.0.0.1:1" in capsys.readouterr().err
