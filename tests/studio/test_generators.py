"""Every generator is described, shows a few series of any options, and makes datasets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.server import Server
from training.data.discover import list_generators


@pytest.fixture(scope="module")
def generators(studio_server: Server) -> dict[str, dict[str, Any]]:
    return {generator["name"]: generator for generator in studio_server.get("/generators")["generators"]}


def test_all_are_described(generators: dict[str, dict[str, Any]]) -> None:
    assert list(generators) == list_generators()
    for generator in generators.values():
        assert generator["summary"].endswith(".")
        assert all(option["help"] and option["default"] is not None for option in generator["options"])


def test_options_have_bounds_and_choices(generators: dict[str, dict[str, Any]]) -> None:
    options = {option["name"]: option for option in generators["gaussian_process"]["options"]}
    assert options["n_timepoints"]["kind"] == "integer"
    assert (options["n_timepoints"]["minimum"], options["n_timepoints"]["maximum"]) == (8, 4096)
    assert (options["variance"]["kind"], options["variance"]["above"]) == ("number", 0)
    assert options["kernel"]["kind"] == "choice"
    assert options["kernel"]["default"] in options["kernel"]["choices"]


@pytest.mark.parametrize("name", [name for name in list_generators() if name != "gaussian_process"])
def test_each_shows_a_few_series(name: str, studio_server: Server) -> None:
    shown = studio_server.http.post(f"/generators/{name}/preview", json={"n_cases": 6})
    assert shown.status_code == 200, shown.text
    assert len(shown.json()["series"]) == len(shown.json()["labels"]) == 6


def test_what_is_shown_follows_the_options(studio_server: Server) -> None:
    options = {"period": 16, "noise": 0, "n_channels": 2, "n_timepoints": 64, "n_classes": 1}
    shown = studio_server.http.post("/generators/harmonic/preview", json={"options": options, "n_cases": 5}).json()
    assert set(shown["labels"]) == {0}
    for case in shown["series"]:
        assert [len(channel) for channel in case] == [64, 64]
        assert case[0][:48] == pytest.approx(case[0][16:], abs=1e-5)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("harmonic", {"period": 1}, "period is 1.0; it must be at least 2."),
        ("harmonic", {"periods": 9}, "harmonic has no option 'periods'"),
        ("harmonic", {"noise": "much"}, "noise is 'much'; it must be of the kind number."),
        ("harmonic", {"n_timepoints": 8.5}, "must be of the kind integer"),
        ("harmonic", {"n_timepoints": 10**9}, "values, but"),
        ("gaussian_process", {"kernel": "round"}, "it must be one of constant"),
    ],
)
def test_options_that_will_not_do_are_refused(
    name: str, options: dict[str, Any], said: str, studio_server: Server
) -> None:
    for path, body in ((f"/generators/{name}/preview", {}), ("/datasets", {"generator": name, "name": "x"})):
        refused = studio_server.http.post(path, json={"options": options, **body})
        assert refused.status_code == 400
        assert said in refused.json()["error"]["message"]


def test_there_is_no_other(studio_server: Server) -> None:
    assert studio_server.http.post("/generators/os/preview", json={}).status_code == 404


def test_what_is_made_is_kept_with_its_options(studio_server: Server) -> None:
    options = {"n_cases": 12, "n_classes": 3, "seed": 7}
    made = studio_server.http.post("/datasets", json={"generator": "harmonic", "options": options, "name": "waves"})
    assert made.status_code == 201, made.text
    dataset = made.json()
    assert (dataset["kind"], dataset["shape"]["n_cases"], dataset["shape"]["n_test"]) == ("generated", 12, 12)
    assert dataset["source"]["generator"] == "harmonic"
    assert options.items() <= dataset["source"]["options"].items()
    again = {"generator": "harmonic", "options": dataset["source"]["options"], "name": "waves"}
    assert studio_server.http.post("/datasets", json=again).json()["sha256"] == dataset["sha256"]
