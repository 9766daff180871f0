"""`--track` keeps losses, settings, results and pictures where each tracker's own reader finds them."""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.test_animation import make_recording
from tests.training.test_fit import make_brief
from training.fit import fit_and_publish
from training.learning.watcher import Look, Stage, Step
from training.settings import ConfigurationError
from training.watching.track import Tracking, make_name
from training.watching.tracking import list_trackers

LOG_BLOCK = 32768

STAGES = (Stage("VAE", 40), Stage("classifier, latent+warps", 40, part="fold 1 of 2"), Stage("VAE", 40))


def tell(folder: Path, *trackers: str, **given: Any) -> None:
    """Three stages of 40 steps, the first and the last called alike; looks at the VAEs."""
    tracking, subject = Tracking(trackers, folder), make_recording(0).subject
    tracking.begin_fit(subject)
    codes = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    for stage in STAGES:
        tracking.begin_stage(stage)
        for number in range(1, 41):
            step = Step(number, number, {"error": 1 / number} if number % 4 == 0 else {})
            tracking.report_step(stage, step)
            if not stage.part and number % 8 == 0:
                tracking.report_look(stage, Look(step, {"held-out error": 2 / number}, codes, subject.series))
        tracking.end_stage(stage)
    tracking.close(given.get("reason"))


ERRORS = {step: 1 / step for step in range(4, 41, 4)}
EXPECTED = {"VAE/error", "VAE/held-out_error", "fold_1_of_2/classifier_latent_warps/error", "VAE_2/error"}


def read_tensorboard(folder: Path) -> Any:
    """What TensorBoard itself reads of the only run."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (run,) = (folder / "tensorboard").iterdir()
    events = EventAccumulator(str(run), size_guidance={"images": 0, "scalars": 0})
    events.Reload()
    return events


def test_tensorboard_reads_back_losses_by_step_settings_and_pictures(tmp_path: Path) -> None:
    tell(tmp_path, "tensorboard")
    events = read_tensorboard(tmp_path)
    assert set(events.Tags()["scalars"]) >= EXPECTED
    for name in ("VAE/error", "VAE_2/error"):
        assert {event.step: event.value for event in events.Scalars(name)} == pytest.approx(ERRORS)
    assert [event.step for event in events.Images("VAE/latent")] == [8, 16, 24, 32, 40]
    (settings,) = events.Tensors("settings/text_summary")
    record = json.loads(settings.tensor_proto.string_val[0].decode().removeprefix("```json").removesuffix("```"))
    assert record["vae.family"] == "convolutional" and record["seed"] == 0 and "live" not in record


@pytest.mark.long
@pytest.mark.skipif(
    find_spec("mlflow") is None or find_spec("sqlalchemy") is None, reason="mlflow is not installed: seriesmith[mlflow]"
)
def test_mlflow_reads_back_runs_of_a_local_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for reason in (None, "stopped"):
        tell(tmp_path, "mlflow", reason=reason)
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("seriesmith")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert len(runs) == 2, "each fit is a run of one experiment"
    run = runs[0]
    assert set(run.data.metrics) >= EXPECTED and run.data.params["vae.family"] == "convolutional"
    history = client.get_metric_history(run.info.run_id, "VAE/error")
    assert {one.step: one.value for one in history} == pytest.approx(ERRORS)
    pictures = client.list_artifacts(run.info.run_id, "VAE/latent")
    assert len(pictures) == 5 and run.info.status == "FAILED", "nothing was published"


def read_log(content: bytes) -> Iterator[bytes]:
    """The records of a .wandb file: LevelDB's log format (its doc/log_format.md) after 7 bytes of wandb's own."""
    place, record = 7, b""
    while place + 7 <= len(content):
        if LOG_BLOCK - place % LOG_BLOCK < 7:
            place += LOG_BLOCK - place % LOG_BLOCK
            continue
        _, length, kind = struct.unpack_from("<IHB", content, place)
        record += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # a whole record, or the last part of one
            yield record
            record = b""


@pytest.mark.long
@pytest.mark.skipif(find_spec("wandb") is None, reason="wandb is not installed: seriesmith[wandb]")
def test_wandb_reads_back_a_run_that_was_kept_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record_type: Any = import_module("wandb.proto.wandb_internal_pb2").Record
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    tell(tmp_path, "wandb")
    (file,) = tmp_path.glob("wandb/wandb/offline-run-*/*.wandb")
    rows: list[dict[str, str]] = []
    settings: dict[str, Any] = {}
    for data in read_log(file.read_bytes()):
        record = record_type.FromString(data)
        rows.append({"/".join(item.nested_key) or item.key: item.value_json for item in record.history.item})
        settings |= {item.key: json.loads(item.value_json) for item in record.config.update}
    both = [row for row in rows if {"VAE/step", "VAE/error"} <= set(row)]
    errors = {json.loads(row["VAE/step"]): json.loads(row["VAE/error"]) for row in both}
    assert errors == pytest.approx(ERRORS)
    assert {name for row in rows for name in row} >= EXPECTED and settings["vae.family"] == "convolutional"
    assert len(list(file.parent.glob("files/media/images/VAE/latent*.png"))) == 5


def test_trackers_that_are_not_known_or_not_installed_are_refused_before_data_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list_trackers() == ["mlflow", "tensorboard", "wandb"]
    absent = {"dataset": "NoSuchSet", "models": tmp_path}
    with pytest.raises(ConfigurationError, match="--track is 'nope'; it must be one or more of: mlflow, tensorboard"):
        fit_and_publish(make_brief(**absent, track=("tensorboard", "nope")))
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ConfigurationError, match=r"needs the package wandb, .*pip install 'seriesmith\[wandb\]'"):
        fit_and_publish(make_brief(**absent, track=("wandb",)))
    assert not list(tmp_path.iterdir())


def test_names_are_those_that_every_tracker_takes() -> None:
    assert make_name(STAGES[1]) == "fold_1_of_2/classifier_latent_warps"
    assert make_name(Stage("VAE, round 2", 5)) == "VAE_round_2"
