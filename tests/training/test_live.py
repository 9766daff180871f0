"""`--live` serves a page that follows a fit, and leaves it as a file that needs no server."""

from __future__ import annotations

import contextlib
import io
import json
import re
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from bundle.manifest import read_manifest
from tests.training.test_fit import make_brief
from tests.training.test_tracking import read_tensorboard
from training.fit import fit_and_publish
from training.learning.watcher import Cancelled, Stage, Step
from training.settings import ConfigurationError


@dataclass
class Visitor:
    """A watcher that visits the page when the VAE has taken its last step; the fit waits meanwhile."""

    said: io.StringIO
    is_cancelling: bool
    answers: dict[str, httpx.Response] = field(default_factory=dict)

    def begin_stage(self, stage: Stage) -> None:
        """Nothing."""

    def report_step(self, stage: Stage, step: Step) -> None:
        """Nothing."""

    def end_stage(self, stage: Stage) -> None:
        if stage.title != "VAE":
            return
        found = re.search(r"^live: (http://127\.0\.0\.1:\d+/[\w-]+/)$", self.said.getvalue(), re.MULTILINE)
        assert found, "a fit prints where its page is"
        address = found[1]
        for path in ("", "state", "looks/0", "looks/9999", "looks/-1", "../x/", "all"):
            self.answers[path] = httpx.get(address + path, follow_redirects=False)
        revision = self.answers["all"].json()["state"]["revision"]
        self.answers["after"] = httpx.get(f"{address}state?after={revision}")
        self.answers["post"] = httpx.post(address)
        if self.is_cancelling:
            raise Cancelled("seen enough")


def read_data(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


@dataclass
class Watched:
    """A fit that was watched, who visited its page meanwhile, and its bundle."""

    visitor: Visitor
    directory: Path

    @property
    def beside(self) -> Path:
        """Where its repository lies."""
        return self.directory.parents[2]


def fit_watched(models: Path, **given: Any) -> tuple[Visitor, Path | None]:
    """A brief fit with a page; `given` are settings, and `is_cancelling`, whether its visitor cancels it."""
    said = io.StringIO()
    visitor = Visitor(said, given.pop("is_cancelling", False))
    with contextlib.redirect_stderr(said):
        return visitor, fit_and_publish(make_brief(dataset="sines", models=models, live=True, **given), visitor)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    visitor, directory = fit_watched(tmp_path_factory.mktemp("watched") / "models", track=("tensorboard",))
    assert directory is not None
    return Watched(visitor, directory)


def test_the_page_shows_the_fit_while_it_runs(watched: Watched) -> None:
    answers = watched.visitor.answers
    status = {path: answer.status_code for path, answer in answers.items()}
    assert status == {
        **dict.fromkeys(("", "state", "looks/0", "all"), 200),
        **dict.fromkeys(("looks/9999", "looks/-1", "../x/"), 404),
        "after": 204,
        "post": 501,
    }
    data, state = read_data(answers[""].text), answers["state"].json()
    subject = data["subject"]
    assert (subject["name"], subject["kind"], data["looks"]) == ("sines", "given test set", None)
    assert [label for label, _, _ in subject["classes"]] == ["0", "1", "2"]
    assert (subject["drawn"]["class"], subject["drawn"]["learned"]) == ([0] * 4 + [1] * 4 + [2] * 4, False)
    assert state["status"] == "running"
    vae = next(stage for stage in state["stages"] if stage["title"] == "VAE")
    assert vae["step"] == vae["steps"] == 20 and not vae["ended"] and vae["left"] == 0
    assert {"error", "kl", "class", "held-out error"} <= set(vae["values"])
    look = answers["looks/0"].json()
    assert len(look["places"]) == len(subject["points"]["class"]) and len(look["series"]) == 12


def test_the_page_stays_as_a_file_that_needs_nothing_else(watched: Watched) -> None:
    page = watched.beside / "reports" / "sines" / "1" / "live.html"
    whole = read_data(page.read_text())
    assert whole["state"]["status"] == "finished" and whole["state"]["result"].startswith("sines/1, accuracy")
    assert len(whole["looks"]) == len(whole["state"]["looks"]) >= 2
    assert all(stage["ended"] for stage in whole["state"]["stages"])
    places = [coordinate for seen in whole["looks"] for place in seen["places"] for coordinate in place]
    assert min(places) >= 0 and max(places) <= 1000 and max(places) - min(places) > 900
    assert not re.search(r"(src|href)=[\"']?(?!data:)\w|https?://(?!www\.w3\.org)", page.read_text())


def test_a_tracker_is_told_what_the_fit_came_to_and_the_bundle_nothing_of_watching(watched: Watched) -> None:
    metrics = read_manifest((watched.directory / "manifest.json").read_bytes()).metrics
    events = read_tensorboard(watched.beside / "tracking")
    (accuracy,) = events.Scalars("results/accuracy")
    assert accuracy.value == pytest.approx(metrics.accuracy)
    assert {"results/acceptance.0", "results/fit_seconds", "VAE/kl", "VAE/held-out_error"} <= set(
        events.Tags()["scalars"]
    )
    assert not {"track", "live"} & set(
        json.loads((watched.directory / "manifest.json").read_bytes())["provenance"]["configuration"]
    )


def test_a_fit_that_is_cancelled_leaves_its_page_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        fit_watched(tmp_path / "models", is_cancelling=True)
    whole = read_data((tmp_path / "reports" / "sines" / "stopped" / "live.html").read_text())
    assert whole["state"]["status"] == "stopped" and "seen enough" in whole["state"]["reason"] and whole["looks"]


def test_a_port_that_is_taken_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"--live-port is {port}, .*Address already in use"):
            fit_watched(tmp_path, live_port=port)
    assert not list(tmp_path.glob("*/*/manifest.json")) and not list(tmp_path.rglob("*.done"))
