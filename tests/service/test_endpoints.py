"""Every endpoint answers its fields, in their shapes and types, of a model with labels and of one without."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from tests.service.bundles import Labelled, compute_relative_difference
from tests.service.server import Server

ALWAYS = {"model", "version"}


def test_encode_answers_a_mean_and_a_log_variance_for_each_series(server: Server, cases: Labelled, sines: Bundle):
    answer = server.answer("encode", model="sines", series=cases.series[:5])
    assert set(answer) == ALWAYS | {"posterior_mean", "posterior_log_variance"}
    assert (answer["model"], answer["version"]) == ("sines", 1)
    mean, log_variance = sines.encode(cases.series[:5])
    assert compute_relative_difference(answer["posterior_mean"], mean) < 1e-5
    assert compute_relative_difference(answer["posterior_log_variance"], log_variance) < 1e-5


def test_reconstruct_scores_what_it_reconstructs(server: Server, cases: Labelled):
    answer = server.answer("reconstruct", model="sines", series=cases.series[:6])
    assert set(answer) == ALWAYS | {"series", "error", "anomaly_score", "is_anomaly"}
    difference = cases.series[:6].astype(np.float64) - np.array(answer["series"])
    assert np.allclose(answer["error"], (difference**2).mean(axis=(1, 2)), rtol=1e-4)
    assert answer["is_anomaly"] == [score > 1 for score in answer["anomaly_score"]]
    ratio = np.array(answer["error"]) / answer["anomaly_score"]
    assert np.allclose(ratio, ratio[0], rtol=1e-4)


def test_a_series_like_none_of_the_training_cases_is_an_anomaly_and_a_usual_one_is_not(server: Server, cases: Labelled):
    strange = np.random.default_rng(0).permutation(cases.series[:20], axis=2)
    assert all(server.answer("reconstruct", model="sines", series=strange)["is_anomaly"])
    assert np.mean(server.answer("reconstruct", model="sines", series=cases.series)["is_anomaly"]) < 0.2


def test_the_errors_of_timepoints_average_to_that_of_the_series(server: Server, cases: Labelled):
    answer = server.answer("reconstruct", model="sines", series=cases.series[:3], with_=["timepoint_error"])
    assert np.shape(answer["timepoint_error"]) == (3, 2, 64)
    assert np.allclose(np.mean(answer["timepoint_error"], axis=(1, 2)), answer["error"], rtol=1e-4)


def test_reconstructions_come_back_in_the_units_of_each_channel(server: Server, cases: Labelled):
    series = np.array(server.answer("reconstruct", model="sines", series=cases.series)["series"])
    for channel, scale in ((0, 200.0), (1, 0.002)):
        assert np.abs(series[:, channel] - cases.series[:, channel]).mean() < 0.5 * scale


def test_encode_judges_typicality_as_classify_does_and_without_labels_too(server: Server, cases: Labelled):
    series = cases.series[:20]
    asked = [server.answer(name, model="sines", series=series, with_=["typicality"]) for name in ("encode", "classify")]
    assert np.allclose(asked[0]["typicality"], asked[1]["typicality"], atol=1e-5)
    assert set(asked[0]) == ALWAYS | {"posterior_mean", "posterior_log_variance", "typicality"}


def test_classify_answers_the_likeliest_class(server: Server, cases: Labelled):
    answer = server.answer("classify", model="sines", series=cases.series)
    assert set(answer) == ALWAYS | {"labels", "probabilities", "classes"}
    assert answer["classes"] == [0, 1, 2]
    assert np.allclose(np.sum(answer["probabilities"], axis=1), 1, atol=1e-5)
    assert answer["labels"] == [answer["classes"][index] for index in np.argmax(answer["probabilities"], axis=1)]
    assert np.mean(np.array(answer["labels"]) == np.array(cases.labels)) >= 0.95


def test_typicality_tells_usual_series_from_strange_ones(server: Server, cases: Labelled):
    usual = server.answer("classify", model="sines", series=cases.series, with_=["typicality"])["typicality"]
    level = cases.series.mean(axis=2, keepdims=True)
    strange = server.answer("classify", model="sines", series=level + 10 * (cases.series - level), with_=["typicality"])
    assert len(usual) == 60 and min(usual) >= 0 and max(usual) <= 1
    assert np.median(usual) > 0.2 > np.median(strange["typicality"])


def test_sample_answers_series_with_labels_and_how_they_came_about(server: Server):
    answer = server.answer("sample", model="sines", n_per_class=4, seed=1)
    wanted = {"series", "labels", "log_density", "acceptance", "fallbacks", "seed"}
    assert set(answer) == ALWAYS | wanted
    assert np.shape(answer["series"]) == (12, 2, 64) and np.shape(answer["log_density"]) == (12,)
    assert set(answer["acceptance"]) == set(answer["fallbacks"]) == {"0", "1", "2"}
    assert all(0 < share <= 1 for share in answer["acceptance"].values())


def test_samples_of_a_class_are_classified_as_that_class(server: Server):
    made = server.answer("sample", model="sines", n_per_class=50, seed=2)
    assert np.mean(np.array(server.answer("classify", **_drop_model(made))["labels"]) == made["labels"]) >= 0.8


def _drop_model(answer: dict) -> dict:
    return {"model": answer["model"], "series": answer["series"]}


def test_samples_come_in_the_units_of_each_channel(server: Server, cases: Labelled):
    made = np.array(server.answer("sample", model="sines", n_per_class=60, seed=3)["series"])
    for channel in (0, 1):
        real = cases.series[:, channel]
        assert abs(made[:, channel].mean() - real.mean()) < 0.25 * real.std()
        assert 0.5 < made[:, channel].std() / real.std() < 2


@pytest.mark.parametrize("written", [{"0": 2, "2": 1}, {"2": 1, "0": 2}])
def test_integer_labels_come_back_as_integers(server: Server, written: dict[str, int]):
    labels = server.answer("sample", model="sines", counts=written, seed=1)["labels"]
    assert labels == [int(label) for label, count in written.items() for _ in range(count)]
    assert all(type(label) is int for label in labels)


def test_a_label_and_its_text_are_the_same_request(server: Server, cases: Labelled):
    given = {"model": "sines", "series": cases.series[:4], "seed": 5, "strategy": {"factor": 2.0}}
    as_numbers = server.post("augment", labels=[0, 1, 2, 0], **given)
    as_text = server.post("augment", labels=["0", "1", "2", "0"], **given)
    assert as_numbers.content == as_text.content
    assert all(type(label) is int for label in as_text.json()["labels"])


def test_a_model_may_be_addressed_with_its_version(server: Server, cases: Labelled):
    plain, versioned = (server.post("encode", model=model, series=cases.series[:1]) for model in ("sines", "sines/1"))
    assert plain.status_code == 200 and plain.content == versioned.content


@pytest.mark.parametrize("operation", ["encode", "reconstruct", "augment"])
def test_one_channel_may_be_sent_in_two_dimensions_and_comes_back_in_three(
    server: Server, waves: np.ndarray, operation: str
):
    more = {"seed": 1, "strategy": {"factor": 2.0}} if operation == "augment" else {}
    flat = server.post(operation, model="unlabelled", series=waves[:, 0], **more)
    assert flat.status_code == 200, flat.text
    assert flat.content == server.post(operation, model="unlabelled", series=waves, **more).content
    if "series" in flat.json():
        assert np.shape(flat.json()["series"])[1:] == (1, 40)


def test_unlabelled_data_is_one_class_which_can_be_sampled(server: Server):
    answer = server.answer("sample", model="unlabelled", n_per_class=3, seed=1)
    assert len(set(answer["labels"])) == 1 and np.shape(answer["series"]) == (3, 1, 40)


def test_unlabelled_data_is_augmented_without_labels(server: Server, waves: np.ndarray):
    answer = server.answer("augment", model="unlabelled", series=waves, strategy={"factor": 3.0}, seed=1)
    assert len(answer["series"]) == len(answer["labels"]) == 24 and sum(answer["synthetic"]) == 16
    assert len(set(answer["labels"])) == 1


def test_unlabelled_data_cannot_be_classified(server: Server, waves: np.ndarray):
    response = server.post("classify", model="unlabelled", series=waves)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "unsupported_operation"
    assert "unlabelled data" in response.json()["error"]["message"]
