"""`/augment` says where the model was fitted on the given cases and on others beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from seriesmith import Client, CollectionSampler, InvalidRequest, LeakWarning, Sampler
from seriesmith.mixing import Mixing
from service.overlapping import describe_overlap
from tests.service.bundles import Labelled
from tests.service.inference.conversation import build_tensor, infer, read_outputs
from tests.service.server import Server
from training import data as datasets


@pytest.fixture(scope="module")
def trained() -> Labelled:
    """The cases that the model was fitted on."""
    return Labelled.of(datasets.load("sines").train)


def augment(server: Server, cases: Labelled, **more: Any) -> dict[str, Any]:
    return server.answer("augment", model="sines", series=cases.series, labels=cases.labels, seed=1, **more)


def take(cases: Labelled, n_cases: int) -> Labelled:
    return Labelled(cases.series[:n_cases], cases.labels[:n_cases])


def has_leak_warning(recorded: pytest.WarningsRecorder) -> bool:
    """Whether a LeakWarning is among them. Python adds warnings of its own where it compiles a library's module."""
    return any(issubclass(one.category, LeakWarning) for one in recorded.list)


def test_a_part_of_the_training_cases_is_told_from_other_cases(server: Server, trained: Labelled, cases: Labelled):
    part, whole, others = (
        augment(server, some)["overlap"] for some in (take(trained, len(trained.series) * 4 // 5), trained, cases)
    )
    assert [part["partial"], whole["partial"], others["partial"]] == [True, False, False]
    assert part["low"] <= part["share"] <= part["high"] and part["share"] > others["share"]
    assert "Fit a model to each fold's training cases" in part["message"]
    assert f"fitted on {len(trained.series)} different cases" in others["message"]


def test_every_way_in_tells_it(server: Server, trained: Labelled):
    part = take(trained, len(trained.series) * 4 // 5)
    expected = augment(server, part)["overlap"]
    for url in (server.url, f"grpc://{server.grpc}"):
        with Client(url) as client:
            assert vars(client.augment(part.series, part.labels, model="sines", seed=1).overlap) == expected
    tensors = [build_tensor("series", part.series), build_tensor("labels", [str(label) for label in part.labels])]
    found = read_outputs(infer(server, "sines.augment", *tensors))
    assert found["overlap_message"].tolist() == [expected["message"]] and found["overlap_partial"].tolist() == [True]


@pytest.mark.parametrize(("kind", "method"), [(Sampler, "fit_resample"), (CollectionSampler, "fit_transform")])
def test_a_sampler_warns_or_refuses_or_is_told_to_be_silent(
    server: Server, trained: Labelled, recwarn: pytest.WarningsRecorder, kind: Any, method: str
):
    part = take(trained, len(trained.series) * 4 // 5)
    given = part.series, np.array(part.labels)
    with pytest.warns(LeakWarning, match="as in cross-validation"):
        getattr(kind(server.url, "sines"), method)(*given)
    with pytest.raises(InvalidRequest, match='check="warn"'):
        getattr(kind(server.url, "sines", check="refuse"), method)(*given)
    recwarn.clear()
    silent = kind(server.url, "sines", check="off")
    getattr(silent, method)(*given)
    assert not has_leak_warning(recwarn) and silent.overlap_.partial
    with pytest.raises(InvalidRequest, match="check is 'never'; pass one of warn, refuse, off"):
        getattr(kind(server.url, "sines", check="never"), method)(*given)


def test_batches_warn_or_refuse_alike(server: Server, trained: Labelled):
    part = take(trained, len(trained.series) * 4 // 5)
    with pytest.warns(LeakWarning, match="as in cross-validation"):
        Mixing(server.url, part.series, part.labels, "sines", pool=3)
    with pytest.raises(InvalidRequest, match='check="warn"'):
        Mixing(server.url, part.series, part.labels, "sines", pool=3, check="refuse")
    Mixing(server.url, part.series, part.labels, "sines", pool=3, check="refuse", source="sample")


def test_a_sampler_says_nothing_of_cases_that_no_fit_saw(
    server: Server, cases: Labelled, recwarn: pytest.WarningsRecorder
):
    Sampler(server.url, "sines", check="refuse").fit_resample(cases.series[:30], cases.labels[:30])
    assert not has_leak_warning(recwarn)


def test_a_bundle_without_a_sketch_tells_nothing(sines: Bundle, trained: Labelled):
    older = sines.manifest.provenance.model_copy(update={"training_sketch": None})
    assert describe_overlap(trained.series[:9], sines.manifest.model_copy(update={"provenance": older})) is None
