"""A dataset of the catalogue is augmented by the service's own operation, and kept with what was made."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import numpy as np
import pytest

from seriesmith import AsyncClient, Client
from seriesmith.errors import InvalidRequest, NotFound
from studio.catalogue.catalogue import Catalogue
from tests.service.described import list_operations
from tests.service.server import Server
from tests.service.test_refusals import assert_refused
from tests.studio.known import catalogue, keep, make_gunpoint

__all__ = ["catalogue"]


@pytest.fixture(scope="module")
def given(studio_server: Server, catalogue: Catalogue) -> str:
    """12 cases of GunPoint, 3 of class 1 and 9 of class 2; the last 2 are to test."""
    part = np.where(np.arange(12) < 10, "train", "test")
    cases = make_gunpoint(studio_server, {"1": 3, "2": 9}, part=part, groups=("a", "b", "c") * 4)
    return keep(catalogue, cases, "given")


def _augment(server: Server, id: str, **fields: Any) -> dict[str, Any]:
    response = server.http.post(f"/datasets/{id}/augment", json={"model": "gunpoint", **fields})
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_real_cases_stay_and_synthetic_ones_follow(studio_server: Server, catalogue: Catalogue, given: str):
    answer = _augment(studio_server, given, seed=7)
    card = answer["dataset"]
    assert (card["name"], card["kind"], card["parents"]) == ("given augmented", "augmented", [given])
    assert (card["source"]["model"], card["source"]["seed"]) == ("gunpoint/1", 7)
    assert card["tags"] == ["known"] and "4 synthetic series of gunpoint/1" in card["notes"][0]
    assert answer["advice"]["message"] in card["notes"]
    before, after = catalogue.read(given), catalogue.read(card["id"])
    assert np.array_equal(after.series[:12], before.series) and after.parts[:12].tolist() == before.parts.tolist()
    assert after.is_synthetic.tolist() == [False] * 12 + [True] * 4 and set(after.parts[12:]) == {"train"}
    assert Counter((after.labels or ())[12:]) == {1: 4}  # integers, as in the dataset: the model has "1"
    assert (after.groups or ())[11:13] == ("c", None)
    weight = answer["sample_weight"]["synthetic"]
    assert answer["sample_weight"]["real"] == 1 and 0 < weight <= 1
    assert after.weights.tolist() == pytest.approx([1.0] * 12 + [weight] * 4)
    assert answer["report"]["1"]["made"] == 4 == answer["n_made"]
    assert answer["advice"]["message"] and answer["usage"]["deep_network"]["weight"] == weight


def test_it_makes_what_the_operation_makes(studio_server: Server, catalogue: Catalogue, given: str):
    fields = {"seed": 3, "strategy": {"factor": 2.0}, "policy": "latent", "non_negative": True}
    first, again = (_augment(studio_server, given, name="replayed", **fields)["dataset"] for _ in range(2))
    assert first["sha256"] == again["sha256"] and (first["version"], again["version"]) == (1, 2)
    train = catalogue.read(given, "train")
    straight = studio_server.answer(
        "augment", model="gunpoint", series=train.series, labels=list(train.labels or ()), **fields
    )
    kept = catalogue.read(first["id"])
    assert np.allclose(kept.series[12:, 0], np.array(straight["series"])[10:, 0], atol=1e-5)


def test_the_client_augments_alike_and_is_told_what_is_wrong(studio_server: Server, given: str):
    wanted = _augment(studio_server, given, seed=5, per_class=11, name="asked")
    with Client(studio_server.url) as client:
        made = client.datasets.augment(given, "gunpoint", per_class=11, seed=5, name="asked")
        assert made.dataset.sha256 == wanted["dataset"]["sha256"]
        assert made.dataset.version == wanted["dataset"]["version"] + 1
        assert (made.n_made, made.report, made.sample_weight) == (
            wanted["n_made"],
            wanted["report"],
            wanted["sample_weight"],
        )
        with pytest.raises(InvalidRequest, match="monoton"):
            client.datasets.augment(given, "gunpoint", monotone="sideways")
        with pytest.raises(NotFound, match="nobody"):
            client.datasets.augment(given, "nobody")

    async def twin() -> str:
        async with AsyncClient(studio_server.url) as client:
            return (await client.datasets.augment(given, "gunpoint", per_class=11, seed=5, name="asked")).dataset.sha256

    assert asyncio.run(twin()) == made.dataset.sha256


def test_what_is_synthetic_already_is_not_built_upon(studio_server: Server, catalogue: Catalogue, given: str):
    once = _augment(studio_server, given)["dataset"]
    twice = _augment(studio_server, once["id"], strategy={"factor": 3})["dataset"]
    assert twice["parents"] == [once["id"]] and twice["name"] == "given augmented augmented"
    cases = catalogue.read(twice["id"])
    assert (~cases.is_synthetic).sum() == 12 and cases.is_synthetic.sum() == 20


def test_a_total_for_every_class(studio_server: Server, catalogue: Catalogue, given: str):
    made = _augment(studio_server, given, per_class=8)["dataset"]
    cases = catalogue.read(made["id"], "train")
    assert Counter(cases.labels or ()) == {1: 8, 2: 8}


def test_refusals(studio_server: Server, catalogue: Catalogue, given: str):
    def refuse(id: str = given, **fields: Any) -> Any:
        return studio_server.http.post(f"/datasets/{id}/augment", json={"model": "gunpoint", **fields})

    assert_refused(refuse(colour="red"), 400, "invalid_request", "colour")
    assert_refused(refuse(series=[[1.0]]), 400, "invalid_request", "series")
    assert_refused(refuse(strategy="all"), 400, "invalid_request", "strategy")
    assert_refused(refuse(policy="magic"), 400, "invalid_request", "policy")
    assert_refused(refuse(strategy={"factor": 1}), 400, "invalid_request", "strategy", "nothing would be made")
    assert_refused(refuse(strategy="balance", per_class=9), 400, "invalid_request", "per_class", "send one")
    assert_refused(refuse(strategy={"factor": 9e5}), 413, "too_large", None, "SERIESMITH_MAX_HELD_BYTES")
    assert_refused(refuse(model="nobody"), 404, "not_found", "model")
    assert_refused(refuse(id="0" * 32), 404, "not_found", None)
    assert_refused(refuse(model="basicmotions"), 400, "invalid_request", "series", "basicmotions")
    assert studio_server.http.post(f"/datasets/{given}/augment", content=b"{").status_code == 400
    cases = make_gunpoint(studio_server, {"1": 2}, times=np.tile(np.arange(150.0), (2, 1)))
    refused = refuse(id=keep(catalogue, cases, "irregular"), per_class=4)
    assert_refused(refused, 422, "unsupported_operation", "id", "sampled irregularly")


def test_its_answer_is_as_described(studio_server: Server, given: str):
    described = list_operations(studio_server.get("/docs.json"))
    wanted = {"model": "gunpoint", "strategy": {"factor": 2}}
    response = studio_server.http.post(f"/datasets/{given}/augment", json=wanted)
    described["augment_dataset"].check(response)
