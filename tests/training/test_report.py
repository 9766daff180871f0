"""A report shows everything there is of a fit, says why the rest is missing, and needs nothing else to be read."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from models.evidence import Advice, Candidate, Interval, Quality, Uplift
from models.manifest import Manifest, read_manifest
from models.mixture import MixtureParameters
from tests.conftest import QUICK
from training.configuration import FitConfiguration
from training.fit import fit_and_publish
from training.loop import History
from training.report import Collection, ReportInputs, write_report
from training.report.drawing import plain, spread
from training.report.sections import confusion, quality
from training.report.sections.neighbourhoods import nearest

SECTIONS = {
    "summary": "Summary",
    "policy": "Policy: what to add, by what evidence",
    "series": "Series, real against synthetic",
    "neighbourhoods": "Neighbourhoods",
    "quality": "Quality of synthetic series",
    "latent": "Latent map",
    "reconstructions": "Reconstructions",
    "anomaly": "Anomaly scores",
    "confusion": "Confusion on held-out cases",
    "losses": "Losses",
    "provenance": "Provenance",
}
MOST_BYTES = 3_000_000


class Page(HTMLParser):
    """What a reader gets: text and number of pictures by section, and every address that the page asks for."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.text: dict[str, str] = {}
        self.pictures: dict[str, int] = {}
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self._section = ""
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.tags.add(tag)
        if tag == "section":
            self._section = found["id"] or ""
        self.pictures[self._section] = self.pictures.get(self._section, 0) + (tag == "img")
        self.addresses += [found[name] or "" for name in ("src", "href", "srcset", "data", "action") if name in found]

    def handle_data(self, data: str) -> None:
        self.text[self._section] = self.text.get(self._section, "") + data


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a real, brief fit that wrote its report."""
    models = tmp_path_factory.mktemp("report") / "models"
    brief = {**QUICK, "vae_steps": 20, "texture_fit_steps": 20, "classifier_steps": 20, "report": True}
    directory = fit_and_publish(FitConfiguration(dataset="sines", models=models, **brief))
    assert directory is not None
    return directory


@pytest.fixture(scope="module")
def fitted(bundle: Path) -> Path:
    """Its report."""
    return bundle.parents[2] / "reports" / "sines" / "1" / "report.html"


@pytest.fixture(scope="module")
def manifest(bundle: Path) -> Manifest:
    return read_manifest((bundle / "manifest.json").read_bytes())


def collection(n_classes: int, each: int, n_channels: int, seed: int) -> Collection:
    random = np.random.default_rng(seed)
    class_index = np.repeat(np.arange(n_classes), each)
    series = random.normal(size=(len(class_index), n_channels, 60)).astype(np.float32)
    return Collection(series, class_index, random.normal(size=(len(class_index), 4)) + class_index[:, None])


def inputs(manifest: Manifest, labels: list[str], each: int = 4, n_channels: int = 1) -> ReportInputs:
    """Random series of as many classes as there are labels, in the manifest of a real fit."""
    card = manifest.classes[0]
    cards = [card.model_copy(update={"label": label, "training_count": each}) for label in labels]
    shape = manifest.series.model_copy(update={"n_channels": n_channels, "n_timepoints": 60})
    n_classes = len(labels)
    training, synthetic, held_out = (collection(n_classes, each, n_channels, seed) for seed in range(3))
    ones = np.ones((n_classes, 1))
    return ReportInputs(
        manifest=manifest.model_copy(update={"classes": cards, "series": shape}),
        training=training,
        synthetic=synthetic,
        held_out=held_out,
        predicted=held_out.class_index,
        reconstruction=0.5 * held_out.series,
        cross_fitted_error=np.full(len(training.series), 0.1),
        mixture=MixtureParameters(ones, np.zeros((n_classes, 1, 4)), np.tile(np.eye(4), (n_classes, 1, 1, 1))),
        histories={"VAE": History(np.arange(5), {"error": np.linspace(1, 0.1, 5)})},
    )


def with_metrics(given: ReportInputs, **metrics: object) -> ReportInputs:
    measured = given.manifest.metrics.model_copy(update=metrics)
    return replace(given, manifest=given.manifest.model_copy(update={"metrics": measured}))


def test_a_fit_writes_every_section_with_pictures_beside_its_repository(fitted: Path) -> None:
    page = Page(fitted)
    for anchor, title in SECTIONS.items():
        assert title in page.text[anchor]
    drawn = {
        "series": 1,
        "neighbourhoods": 2,
        "latent": 1,
        "reconstructions": 1,
        "anomaly": 1,
        "confusion": 1,
        "losses": 1,
    }
    assert {anchor: page.pictures[anchor] for anchor in drawn} == drawn
    for anchor in drawn:
        assert "Look " in page.text[anchor]
    assert "60 cases of the given test set" in page.text["summary"]
    assert len(fitted.read_bytes()) < MOST_BYTES


def test_a_page_asks_for_nothing_that_is_not_in_it(fitted: Path) -> None:
    page = Page(fitted)
    assert any(address.startswith("data:image/png;base64,") for address in page.addresses)
    outside = [address for address in page.addresses if not address.startswith(("data:image/png;base64,", "#"))]
    assert outside == []
    assert not page.tags & {"script", "link", "iframe", "object", "base"}
    assert "url(" not in fitted.read_text() and "@import" not in fitted.read_text()


def test_labels_are_text_whatever_they_hold(manifest: Manifest, tmp_path: Path) -> None:
    labels = ["<b>bold</b>", "$x^{$", "_hidden", "a\nb", "{{ 7 * 7 }}", "<script>alert(1)</script>"]
    page = Page(write_report(inputs(manifest, labels), tmp_path))
    assert not page.tags & {"b", "script"}
    for label in labels:
        assert label in page.text["summary"] and label in page.text["latent"]


def test_what_is_missing_is_explained(manifest: Manifest, tmp_path: Path) -> None:
    given = with_metrics(inputs(manifest, ["all"]), accuracy=None, balanced_accuracy=None, n_measured=0)
    unlabelled = given.manifest.model_copy(update={"labelled": False, "calibration": None})
    bare = replace(
        given,
        manifest=unlabelled,
        held_out=None,
        predicted=None,
        reconstruction=given.training.series,
        cross_fitted_error=None,
        histories={},
    )
    page = Page(write_report(bare, tmp_path))
    reasons = {
        "summary": "the data has no labels",
        "policy": "compared no policies",
        "quality": "No cases were held out",
        "anomaly": "There is no threshold",
        "confusion": "no labels",
        "losses": "No network was trained",
        "reconstructions": "training cases, as none were held out",
    }
    for anchor, reason in reasons.items():
        assert reason in page.text[anchor], anchor
    labelled = replace(bare, manifest=unlabelled.model_copy(update={"labelled": True}))
    assert "No cases were held out" in confusion.section(labelled).empty
    assert "did not measure quality" in quality.section(given).empty


def test_a_class_of_one_case_and_one_without_held_out_cases_are_drawn(manifest: Manifest, tmp_path: Path) -> None:
    given = inputs(manifest, ["a", "b"], each=1)
    assert given.held_out is not None
    one = Collection(given.held_out.series[:1], given.held_out.class_index[:1], given.held_out.latent[:1])
    few = replace(given, held_out=one, predicted=np.array([1]), reconstruction=one.series)
    page = Page(write_report(few, tmp_path))
    assert "There is no t-SNE" in page.text["latent"]
    assert "100 %" in page.text["confusion"]


def test_policies_and_quality_are_told_in_words_with_the_chosen_one_marked(manifest: Manifest, tmp_path: Path) -> None:
    def interval(mean: float) -> Interval:
        return Interval(mean=mean, low=mean - 1, high=mean + 1)

    policies = {"none": 0.0, "warps": 0.4, "latent+warps": 1.7}
    candidates = [
        Candidate(policy=policy, nll=1 - mean / 10, balanced_accuracy=0.9, uplift=interval(mean))  # type: ignore[arg-type]
        for policy, mean in policies.items()
    ]
    uplift = Uplift(
        policy="latent+warps",
        balanced=False,
        n_cases=60,
        n_folds=3,
        candidates=candidates,
        advice=Advice(policy="latent+warps", use=False, uplift=interval(-0.2)),
        weight=0.5,
    )
    measured = {field: 0.125 for field in Quality.model_fields}
    evidence = Quality(
        **{  # type: ignore[arg-type]
            **measured,
            "measured_on": "given test set",
            "n_cases": 60,
            "discriminative_scores": {"one judge": 0.1, "another": 0.2},
            "predictive_score": None,
            "judge": "MiniRocket",
            "coverage": {"a": 0.9, "b": 0.4},
            "density": {"a": 1.0, "b": 0.8},
        }
    )
    page = Page(write_report(with_metrics(inputs(manifest, ["a", "b"]), uplift=uplift, quality=evidence), tmp_path))
    for words in ("latent+warps ◆ chosen", "+1.7", "[+0.7, +2.7]", "not likely to help", "−0.2 [−1.2, +0.8]"):
        assert words in page.text["policy"]
    assert page.pictures["policy"] == 1
    assert "series decoded from the class's latent mixture" in page.text["summary"]
    for words in ("discriminative score", "another", "MiniRocket", "membership attack", "at most 0.60", "40 %"):
        assert words in page.text["quality"]


def test_a_report_of_many_classes_and_channels_is_bounded_and_says_what_it_leaves_out(
    manifest: Manifest, tmp_path: Path
) -> None:
    file = write_report(inputs(manifest, [f"a rather long label {i}" for i in range(45)], 2, 9), tmp_path)
    page = Page(file)
    assert len(file.read_bytes()) < MOST_BYTES
    assert "of 45 classes" in page.text["series"] and "first 3 of 9 channels" in page.text["series"]
    assert "5 more classes are left out" in page.text["summary"]


def test_a_neighbour_is_the_nearest_other_series() -> None:
    rows = np.array([[0.0, 0.0], [3.0, 3.0], [4.0, 4.0]])
    distance, which = nearest(rows, rows, np.arange(3))
    assert which.tolist() == [1, 2, 1] and distance.tolist() == [3, 1, 1]
    assert nearest(rows[1:2] + 0.5, rows)[0].tolist() == [0.5]


@pytest.mark.parametrize(("n", "most"), [(0, 5), (1, 5), (5, 5), (100, 7)])
def test_cases_are_drawn_from_all_over_the_data(n: int, most: int) -> None:
    chosen = spread(n, most)
    assert len(set(chosen.tolist())) == len(chosen) == min(n, most)
    if n:
        assert chosen[0] == 0 and chosen[-1] in (0, n - 1)


def test_a_long_label_is_shortened_in_its_middle_and_is_never_mathematics() -> None:
    assert plain("sensor in hall 12 of building 7", 12) == "sensor…ing 7"
    assert plain("two\nlines") == "two lines"
    assert plain("$5") == r"\$5"
