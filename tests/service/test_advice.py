"""What a fit found out about adding cases is what `/augment` does by default, and says in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from seriesmith import Client, Interval, Sampler
from tests.service.bundles import Labelled, publish_copy
from tests.service.grpc.conversation import answer as over_grpc
from tests.service.inference.conversation import build_tensor, infer, read_outputs
from tests.service.server import Server, run_server


def _build_interval(mean: float, low: float, high: float) -> dict[str, float]:
    return {"mean": mean, "low": low, "high": high}


def _leave_out_nothing(values: dict[str, Any]) -> dict[str, Any]:
    """As a message shows them: null and, in maps, "" and 0 are not there."""
    judges = {kind: {name: value for name, value in judge.items() if value} for kind, judge in values["judges"].items()}
    return {name: value for name, value in (values | {"judges": judges}).items() if value not in (None, {})}


def _build_candidate(policy: str, interval: dict[str, float], nll: float, number: int = 1) -> dict[str, Any]:
    return {"policy": policy, "round": number, "nll": nll, "balanced_accuracy": 0.9, "uplift": interval}


LOSS, GAIN, MAYBE = (
    _build_interval(-0.24, -1.06, 0.93),
    _build_interval(1.83, 0.55, 3.07),
    _build_interval(0.44, -0.5, 1.25),
)
HARM, ZERO = _build_interval(-3.0, -4.0, -2.0), _build_interval(0.0, 0.0, 0.0)


def _build_uplift(
    policy: str, advised: str, use: bool, measured: dict[str, float] | None, *more: dict
) -> dict[str, Any]:
    return {
        "policy": policy, "rounds": 1, "balanced": False, "n_cases": 60, "n_folds": 3, "weight": 0.5,
        "candidates": list(more), "advice": {"policy": advised, "use": use, "uplift": measured},
    }  # fmt: skip


MEASURED = [
    _build_candidate("none", ZERO, 0.3),
    _build_candidate("warps", HARM, 0.5),
    _build_candidate("latent", MAYBE, 0.4),
]
ROUNDS = [_build_candidate("latent", HARM, 0.6), _build_candidate("latent", GAIN, 0.2, 2)]
UPLIFTS: dict[str, dict[str, Any] | None] = {
    "unmeasured": None,
    "helps": _build_uplift(
        "latent+warps", "latent", True, GAIN, *MEASURED, _build_candidate("latent+warps", GAIN, 0.2)
    ),
    "useless": _build_uplift(
        "none", "interpolation", False, LOSS, *MEASURED, _build_candidate("interpolation", MAYBE, 0.35)
    ),
    "foldless": _build_uplift("none", "latent", False, None),
    "twice": _build_uplift("warps", "warps", True, ZERO, *MEASURED, *ROUNDS),
    "judged": _build_uplift("latent", "latent", True, GAIN, *MEASURED),
}
UPLIFTS["judged"]["advice"] |= {  # type: ignore[index]
    "metric": "balanced_accuracy",
    "judges": [
        {"judge": "nearest_neighbours", "verdict": "no gain", "uplift": HARM, "measured": None, "free": {}},
        {
            "judge": "random_convolutions", "verdict": "use it", "uplift": GAIN, "measured": MAYBE,
            "free": {"class weights": ZERO, "SMOTE": HARM},
        },
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def advising(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves `sines` under several names, each with other evidence in its manifest."""
    root = tmp_path_factory.mktemp("advising")
    for name, uplift in UPLIFTS.items():
        manifest = publish_copy(repository / "sines" / "1", root, name, 1) / "manifest.json"
        changed = json.loads(manifest.read_text())
        changed["metrics"]["uplift"] = uplift
        manifest.write_text(json.dumps(changed))
    with run_server(tmp_path_factory.mktemp("server"), root) as running:
        yield running


@pytest.fixture(scope="module")
def given(cases: Labelled) -> dict[str, Any]:
    """4 cases of class 0 and 2 of class 1."""
    labels = np.array(cases.labels)
    kept = np.concatenate([np.flatnonzero(labels == label)[:n] for label, n in enumerate((4, 2))])
    return {"series": cases.series[kept], "labels": labels[kept].tolist(), "seed": 4}


BALANCE = "balance classes only if your classifier needs it."
FOUND = "Cross-validation on the 60 training cases found "
SAID: list[tuple[str, str, str, bool | None, dict[str, float] | None, str]] = [
    ("unmeasured", "auto", "latent", None, None, "was not measured. Compare your classifier"),
    ("foldless", "auto", "latent", None, None, "was not measured. Compare your classifier"),
    ("helps", "auto", "latent", True, GAIN, FOUND + "a gain from adding synthetic cases here (1.8 points, "
     "0.6 to 3.1); use them. With 4 policies compared, chance flatters the best: expect less."),
    ("useless", "auto", "interpolation", False, LOSS, FOUND + "no gain from adding synthetic cases here (−0.2 points, "
     "−1.1 to 0.9); " + BALANCE),
    ("useless", "interpolation", "interpolation", False, LOSS, "found no gain from adding"),
    ("useless", "warps", "warps", False, HARM, "found a loss from training with the policy warps (−3.0 points, −4.0"),
    ("useless", "latent", "latent", False, MAYBE, "found no certain gain from training with the policy latent (0.4"),
    ("useless", "guided", "guided", None, None, "The policy guided is not among those that cross-validation compared "
     "here (none, warps, latent, interpolation). Compare"),
    ("helps", "latent+warps", "latent+warps", True, GAIN, "a gain from training with the policy latent+warps (1.8"),
    ("twice", "latent", "latent", True, GAIN, "found a gain from training with the policy latent (1.8 points"),
    ("judged", "auto", "latent", True, GAIN, "For random convolutions, use it: +1.8 points of balanced accuracy "
     "[0.6, 3.1], against 0.0 for class weights. For nearest neighbours, no gain is to be expected: −3.0 points"),
    ("judged", "warps", "warps", False, HARM, "found a loss from training with the policy warps"),
]  # fmt: skip


@pytest.mark.parametrize("row", SAID, ids=[f"{row[0]}, {row[1]}" for row in SAID])
def test_the_evidence_is_followed_and_told(advising: Server, given: dict[str, Any], row: tuple):
    model, policy, used, use, uplift, words = row
    answer = advising.answer("augment", model=model, policy=policy, **given)
    assert answer["policy"] == used and {line["made_by"] for line in answer["report"].values()} == {used}
    assert (answer["advice"]["use"], answer["advice"]["uplift"]) == (use, uplift)
    assert words in answer["advice"]["message"]
    weight = 1.0 if model == "unmeasured" else 0.5
    assert {line["weight"] for line in answer["report"].values()} == {weight}


def test_the_default_is_auto_and_makes_what_its_policy_makes(advising: Server, given: dict[str, Any]):
    default, auto, named = (
        advising.post("augment", model="useless", **given, **more).content
        for more in ({}, {"policy": "auto"}, {"policy": "interpolation"})
    )
    assert default == auto == named


def test_sampling_is_latent_whatever_was_chosen(advising: Server):
    chosen, unmeasured = (
        advising.answer("sample", model=model, n_per_class=3, seed=1) for model in ("helps", "unmeasured")
    )
    assert chosen["series"] == unmeasured["series"]


@pytest.mark.parametrize("model", ["helps", "useless", "unmeasured", "judged"])
def test_every_way_in_tells_the_same(advising: Server, given: dict[str, Any], model: str):
    expected = advising.answer("augment", model=model, **given)
    advice = expected["advice"]
    for url in (advising.url, f"grpc://{advising.grpc}"):
        with Client(url) as client:
            answer = client.augment(**given, model=model)
            assert (answer.policy, answer.advice.use, answer.advice.message) == (
                expected["policy"], advice["use"], advice["message"],
            )  # fmt: skip
            assert answer.advice.uplift == (Interval(**advice["uplift"]) if advice["uplift"] else None)
    with grpc.insecure_channel(advising.grpc) as channel:
        said = over_grpc(channel, "augment", model=model, **given)
        assert said["policy"] == expected["policy"]
        assert said["advice"] == _leave_out_nothing(advice)
    tensors = [
        build_tensor("series", given["series"]),
        build_tensor("labels", [str(label) for label in given["labels"]]),
    ]
    found = read_outputs(infer(advising, f"{model}.augment", *tensors, build_tensor("seed", [4])))
    by_class = read_outputs(
        infer(advising, f"{model}.augment", *tensors, build_tensor("seed", [4]), outputs=[{"name": "made_by"}])
    )
    assert found["policy"].tolist() == [expected["policy"]]
    assert by_class["made_by"].tolist() == [expected["policy"]] * 2
    assert found["advice_message"].tolist() == [advice["message"]]
    assert ("advice_use" in found) == (advice["use"] is not None) == ("advice_uplift_low" in found)
    if advice["use"] is not None:
        assert found["advice_use"].tolist() == [advice["use"]]
        ours = [found[f"advice_uplift_{part}"][0] for part in ("mean", "low", "high")]
        assert ours == pytest.approx(list(advice["uplift"].values()), abs=1e-6)


def test_every_kind_of_classifier_is_told_over_every_way_in(advising: Server, given: dict[str, Any]):
    judges = advising.answer("augment", model="judged", **given)["advice"]["judges"]
    assert list(judges) == ["nearest_neighbours", "random_convolutions"]
    best = judges["random_convolutions"]
    assert (best["verdict"], best["free"], best["free_mean"]) == ("use it", "class weights", 0.0)
    assert {name: best[name] for name in GAIN} == GAIN and best["message"].startswith("For random convolutions, use it")
    for url in (advising.url, f"grpc://{advising.grpc}"):
        with Client(url) as client:
            advice = client.augment(**given, model="judged").advice
            assert advice.metric == "balanced_accuracy"
            assert {kind: vars(judge) for kind, judge in advice.judges.items()} == judges
    tensors = [
        build_tensor("series", given["series"]),
        build_tensor("labels", [str(label) for label in given["labels"]]),
    ]
    names = [f"advice_judges{part}" for part in ("", "_verdict", "_mean", "_free")]
    found = read_outputs(infer(advising, "judged.augment", *tensors, outputs=[{"name": name} for name in names]))
    assert found["advice_judges"].tolist() == list(judges)
    assert found["advice_judges_verdict"].tolist() == [judge["verdict"] for judge in judges.values()]
    assert found["advice_judges_mean"] == pytest.approx([judge["mean"] for judge in judges.values()], abs=1e-6)
    assert found["advice_judges_free"].tolist() == ["", "class weights"]


def test_an_uplift_of_zero_is_not_one_unmeasured(advising: Server, given: dict[str, Any]):
    for url in (advising.url, f"grpc://{advising.grpc}"):
        with Client(url) as client:
            assert client.augment(**given, model="twice").advice.uplift == Interval(mean=0.0, low=0.0, high=0.0)


def test_a_sampler_follows_a_policy_and_keeps_the_advice(advising: Server, given: dict[str, Any]):
    series, labels = given["series"], np.array(given["labels"])
    sampler = Sampler(advising.url, "useless", seed=4, policy="warps")
    resampled, _ = sampler.fit_resample(series, labels)
    expected = advising.answer("augment", model="useless", policy="warps", **given)
    assert np.array_equal(resampled, np.array(expected["series"], np.float32))
    assert sampler.advice_.use is False and sampler.report_["1"].made_by == "warps"


def test_cards_tell_what_auto_stands_for(advising: Server):
    helps, useless, unmeasured = (advising.get(f"/models/{name}") for name in ("helps", "useless", "unmeasured"))
    assert (helps["policy"], helps["advice"]["use"]) == ("latent", True)
    assert (useless["policy"], useless["advice"]["use"]) == ("interpolation", False)
    assert (unmeasured["policy"], unmeasured["advice"]["use"], unmeasured["metrics"]["uplift"]) == (
        "latent",
        None,
        None,
    )
    assert helps["metrics"]["uplift"]["candidates"][1]["policy"] == "warps"
