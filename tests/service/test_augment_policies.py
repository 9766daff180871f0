"""Whatever the policy, `/augment` makes the counts asked for, says by what, and a seed makes them again."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bundle.generation.policy import POLICIES
from tests.service.bundles import Labelled
from tests.service.server import Server
from tests.service.test_refusals import assert_refused, build_good

MAKING = [policy for policy in POLICIES if policy != "none"]


@pytest.fixture(scope="module")
def imbalanced(cases: Labelled) -> dict:
    """9 cases of class 0, 4 of class 1 and 1 of class 2."""
    labels = np.array(cases.labels)
    kept = np.concatenate([np.flatnonzero(labels == label)[:n] for label, n in enumerate((9, 4, 1))])
    return {"model": "sines", "series": cases.series[kept], "labels": labels[kept].tolist(), "seed": 4}


@pytest.mark.parametrize("policy", MAKING)
def test_every_class_comes_to_the_count_asked_for(server: Server, imbalanced: dict, policy: str):
    answer = server.answer("augment", **imbalanced, policy=policy)
    assert Counter(answer["labels"]) == {0: 9, 1: 9, 2: 9} and answer["policy"] == policy
    assert np.array_equal(np.array(answer["series"][:14], np.float32), imbalanced["series"])
    made_by = {label: row["made_by"] for label, row in answer["report"].items()}
    assert made_by == {"0": policy, "1": policy, "2": "warps" if policy == "guided" else policy}
    made = answer["series"][14:]
    shares = server.answer("classify", model="sines", series=made)["labels"]
    assert np.mean(np.array(shares) == answer["labels"][14:]) > 0.9


@pytest.mark.parametrize("policy", MAKING)
def test_a_seed_makes_the_same_bytes_and_fewer_are_the_start_of_more(server: Server, imbalanced: dict, policy: str):
    def made(count: int) -> bytes:
        strategy = {"counts": {"1": count}}
        return server.post("augment", **imbalanced, policy=policy, strategy=strategy, include_original=False).content

    few, many, again = (made(count) for count in (14, 104, 104))
    assert many == again
    series = b'"series":['
    start, more = (text[text.index(series) : text.index(b'],"labels"')] for text in (few, many))
    assert more.startswith(start) and len(more) > 5 * len(start)


@pytest.mark.parametrize("policy", MAKING)
def test_a_class_without_cases_comes_from_the_models_mixture(server: Server, cases: Labelled, policy: str):
    given = {"model": "sines", "series": cases.series[:1], "labels": cases.labels[:1], "seed": 9}
    answer = server.answer("augment", **given, policy=policy, strategy={"counts": {"2": 5}}, include_original=False)
    row = answer["report"]["2"]
    assert (row["had"], row["made"], row["distance"]) == (0, 5, None)
    assert row["made_by"] == ("latent+warps" if policy.endswith("+warps") else "latent") and answer["policy"] == policy
    if row["made_by"] == "latent":
        assert answer["series"] == server.answer("sample", model="sines", counts={"2": 5}, seed=9)["series"]


@pytest.mark.parametrize("policy", ["warps", "guided"])
def test_warped_cases_hold_values_of_given_ones_alone(server: Server, imbalanced: dict, policy: str):
    answer = server.answer("augment", **imbalanced, policy=policy, strategy={"factor": 10.0}, include_original=False)
    made, labels = np.array(answer["series"]), np.array(answer["labels"])
    for label in (0, 1, 2):
        given = imbalanced["series"][np.array(imbalanced["labels"]) == label]
        low, high = given.min(axis=(0, 2))[:, None], given.max(axis=(0, 2))[:, None]
        own = made[labels == label]
        assert (own >= low - 1e-5 * np.abs(low)).all() and (own <= high + 1e-5 * np.abs(high)).all()
        assert len(np.unique(own.reshape(len(own), -1), axis=0)) == len(own)


def test_nothing_is_near_enough_for_a_policy_to_be_mistaken_for_another(server: Server, imbalanced: dict):
    answers = {policy: server.answer("augment", **imbalanced, policy=policy)["series"][14:] for policy in MAKING}
    assert len({str(series) for series in answers.values()}) == len(MAKING)


def test_a_model_of_unlabelled_data_follows_policies_too(server: Server, waves: np.ndarray):
    given = {"model": "unlabelled", "series": waves, "strategy": {"factor": 2.0}, "seed": 1}
    answer = server.answer("augment", **given, policy="guided")
    assert len(answer["series"]) == 16 and answer["advice"]["use"] is None
    assert "unlabelled" in answer["advice"]["message"]


@pytest.mark.parametrize("policy", ["none", "jitter", "", 3, None])
def test_a_policy_that_adds_nothing_or_is_none_is_refused(server: Server, cases: Labelled, policy: object):
    response = server.post("augment", **build_good("augment", cases) | {"policy": policy})
    words = (f"policy is {policy!r}", "'auto'", "'latent'", "'interpolation+warps'")
    assert_refused(response, 400, "invalid_request", "policy", *words)
