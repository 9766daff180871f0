"""`--events` appends what happens in a fit, and `describe` says what a fit can be told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import QUICK, take_dense_steps
from training.configuration import FitConfiguration
from training.describe import describe_fit
from training.fit import fit_and_publish
from training.learning.watcher import Look, Stage, Step
from training.publishing.aside import Withheld
from training.watching.events import Events, _round
from training.watching.viewer import Subject

Event = dict[str, Any]


def read(file: Path) -> list[Event]:
    """The events of a file."""
    return [json.loads(line) for line in file.read_text().splitlines() if line]


def fit(folder: Path, **settings: Any) -> Path | None:
    """A brief fit that writes events."""
    own = {**QUICK, **take_dense_steps(20, 20), "policy": "none", "folds": 0, "force": False}
    return fit_and_publish(
        FitConfiguration(dataset="sines", models=folder / "models", events=folder / "events.jsonl", **own | settings)
    )


def test_a_fit_tells_what_happens_and_what_it_is_about_to_publish(tmp_path: Path) -> None:
    directory = fit(tmp_path, force=True)
    assert directory is not None
    events = read(tmp_path / "events.jsonl")
    kinds = [event["event"] for event in events]
    assert kinds[0] == "begin" and kinds[-3:] == ["publishing", "published", "end"]
    assert kinds.count("stage") == kinds.count("stage_end") == 2
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    looks = [event for event in events if event["event"] == "look"]
    assert looks[0]["step"] == 0 and looks[-1]["step"] == 20
    assert np.shape(looks[-1]["points"]) == (len(looks[-1]["class_index"]), 2)
    assert np.shape(looks[-1]["series"]) == np.shape(looks[-1]["reconstructions"])
    last = [event for event in events if event["event"] == "step" and event["stage"] == "VAE"][-1]
    assert last["step"] == 20 and set(last["losses"]) == {"error", "kl", "class"}
    publishing = events[kinds.index("publishing")]
    assert publishing["version"] == int(directory.name)
    assert publishing["sha256"] == hashlib.sha256((directory / "manifest.json").read_bytes()).hexdigest()


@pytest.mark.long
def test_a_fit_that_is_withheld_tells_why_and_whoever_goes_on_appends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objections = ["It is worse than what is served."]
    monkeypatch.setattr("training.fit.judge", lambda metrics, *_: metrics.model_copy(update={"objections": objections}))
    (tmp_path / "events.jsonl").write_text('{"event": "half a li')
    with pytest.raises(Withheld):
        fit(tmp_path)
    half, *events = (tmp_path / "events.jsonl").read_text().splitlines()
    assert half == '{"event": "half a li'
    told = [json.loads(line) for line in events]
    assert told[-2]["event"] == "publishing" and told[-2]["objections"] == objections
    assert objections[0] in told[-1]["reason"]
    aside = tmp_path / "models" / ".refused" / "sines" / "1" / "manifest.json"
    assert told[-2]["sha256"] == hashlib.sha256(aside.read_bytes()).hexdigest()


def make_subject(series: np.ndarray) -> Subject:
    """Of a fit to one class, each case drawn."""
    everything = np.arange(len(series))
    shown: dict[str, Any] = {"class_index": np.zeros(len(series), int), "is_learned": everything >= 0}
    return Subject(
        "waves", "waves", FitConfiguration(), ("a",), True, **shown, drawn=everything, series=series, n_timepoints=500,
        kind="", channel_names=(),
    )  # fmt: skip


def test_what_comes_fast_is_told_a_few_times_a_second_and_at_the_end_and_long_series_are_thinned(
    tmp_path: Path,
) -> None:
    events, stage = Events(tmp_path / "events.jsonl"), Stage("VAE", 1000)
    series = np.random.default_rng(0).normal(size=(2, 5, 500)).astype(np.float32)
    events.begin_fit(make_subject(series))
    events.begin_stage(stage)
    for number in range(1, 1001):
        events.report_step(stage, Step(number, number / 10, {"error": 1 / number}))
        events.report_look(stage, Look(Step(number, number / 10), {}, series[:, :, 0], series))
    events.end_stage(stage)
    events.close(None)
    told = read(tmp_path / "events.jsonl")
    steps = [event for event in told if event["event"] == "step"]
    looks = [event for event in told if event["event"] == "look"]
    assert len(steps) < 100 and steps[-1]["step"] == 1000 and steps[-1]["losses"] == {"error": 0.001}
    assert len(looks) < 100 and looks[-1]["step"] == 1000
    assert np.shape(looks[-1]["series"]) == (2, 3, 128)


def test_numbers_are_rounded_and_none_is_not_finite() -> None:
    rounded = _round([123456.0, 0.000123456, 0.0, -1.0])
    assert rounded == pytest.approx([123500.0, 0.0001235, 0.0, -1.0], rel=1e-9)
    assert np.isnan(_round([np.inf, np.nan])).all()


def test_the_description_has_every_family_and_option_with_bounds_and_help() -> None:
    described = describe_fit()
    options = {option["name"]: option for option in described["options"]}
    assert not {"data", "models", "events", "signing_key", "force", "start_from"} & set(options)
    assert options["classifier"]["choices"][-2:] == ["best", "fastest"]
    assert options["max_components"]["default"] == "auto" and options["max_components"]["words"] == ["auto"]
    assert options["metric"]["kind"] == "choice" and options["metric"]["default"] is None
    families = {family["name"]: family for family in described["kinds"]["vae"]}
    steps = next(option for option in families["dense"]["options"] if option["name"] == "steps")
    assert steps == {
        "name": "steps", "kind": "integer", "default": 500, "minimum": 1,
        "help": "Gradient steps for up to 100 training cases; with more they grow in proportion, tenfold at most.",
    }  # fmt: skip
    everything = [
        *described["options"],
        *(one for kind in described["kinds"].values() for f in kind for one in f["options"]),
    ]
    assert all(option["help"] for option in everything)
    assert json.loads(json.dumps(described)) == described
