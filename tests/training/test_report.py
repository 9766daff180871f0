"""A report shows everything there is of a fit, says why the rest is missing, and needs nothing else to be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bundle.evidence import Advice, Candidate, Interval, Quality, Uplift
from bundle.manifest import Manifest, read_manifest
from tests.conftest import QUICK, take_dense_steps
from tests.training.report_page import Page, make_inputs, replace_metrics
from training.configuration import FitConfiguration
from training.families.textures import flow
from training.families.textures.stored import StoredResiduals
from training.fit import fit_and_publish
from training.report import Collection, write_report
from training.report.sections import confusion, quality

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


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a real, brief fit that wrote its report, and beside it the latent over the epochs."""
    models = tmp_path_factory.mktemp("report") / "models"
    brief = {
        **QUICK,
        **take_dense_steps(20, 20),
        "texture": flow.Settings(steps=20, euler_steps=4),
        "report": True,
        "animate": True,
    }
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


def test_a_page_asks_for_nothing_that_is_not_in_it_and_links_to_what_lies_beside_it(fitted: Path) -> None:
    page = Page(fitted)
    assert any(address.startswith("data:image/png;base64,") for address in page.addresses)
    outside = [address for address in page.addresses if not address.startswith(("data:image/png;base64,", "#"))]
    assert set(outside) == {file.name for file in fitted.parent.iterdir()} - {fitted.name} >= {"latent.webp"}
    assert not page.tags & {"script", "link", "iframe", "object", "base"}
    assert "url(" not in fitted.read_text() and "@import" not in fitted.read_text()


def test_labels_are_text_whatever_they_hold(manifest: Manifest, tmp_path: Path) -> None:
    labels = ["<b>bold</b>", "$x^{$", "_hidden", "a\nb", "{{ 7 * 7 }}", "<script>alert(1)</script>"]
    page = Page(write_report(make_inputs(manifest, labels), tmp_path))
    assert not page.tags & {"b", "script"}
    for label in labels:
        assert label in page.text["summary"] and label in page.text["latent"]


def test_what_is_missing_is_explained(manifest: Manifest, tmp_path: Path) -> None:
    given = replace_metrics(
        make_inputs(manifest, ["all"]), accuracy=None, balanced_accuracy=None, n_measured=0, uplift=None, quality=None
    )
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


def select(cases: Collection, index: np.ndarray) -> Collection:
    latent = None if cases.latent is None else cases.latent[index]
    return Collection(cases.series[index], cases.class_index[index], latent)


def test_a_class_of_one_case_and_one_without_held_out_cases_are_drawn(manifest: Manifest, tmp_path: Path) -> None:
    given = make_inputs(manifest, ["a", "b"], each=1)
    assert given.held_out is not None
    one = select(given.held_out, np.arange(1))
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
    page = Page(
        write_report(replace_metrics(make_inputs(manifest, ["a", "b"]), uplift=uplift, quality=evidence), tmp_path)
    )
    for words in ("latent+warps ◆ chosen", "+1.7", "[+0.7, +2.7]", "not likely to help", "−0.2 [−1.2, +0.8]"):
        assert words in page.text["policy"]
    assert page.pictures["policy"] == 1
    assert "series decoded from the class's latent mixture" in page.text["summary"]
    for words in ("discriminative score", "another", "MiniRocket", "membership attack", "at most 0.60", "40 %"):
        assert words in page.text["quality"]


def test_a_report_says_what_the_texture_reveals(fitted: Path, manifest: Manifest, tmp_path: Path) -> None:
    assert "flow: the bundle keeps the weights of a network, and neither a training" in Page(fitted).text["summary"]
    stored = replace(make_inputs(manifest, ["a"]), texture=f"stored: {StoredResiduals.reveals}")
    assert "stored: the bundle keeps every training case" in Page(write_report(stored, tmp_path)).text["summary"]


def test_a_report_of_many_classes_and_channels_is_bounded_and_says_what_it_leaves_out(
    manifest: Manifest, tmp_path: Path
) -> None:
    file = write_report(make_inputs(manifest, [f"a rather long label {i}" for i in range(45)], 2, 9), tmp_path)
    page = Page(file)
    assert len(file.read_bytes()) < MOST_BYTES
    assert "of 45 classes" in page.text["series"] and "first 3 of 9 channels" in page.text["series"]
    assert "5 more classes are left out" in page.text["summary"]


def test_reconstructions_are_of_classes_that_have_held_out_cases_however_many_have_none(
    manifest: Manifest, tmp_path: Path
) -> None:
    given = make_inputs(manifest, [str(label) for label in range(200)], each=2)
    assert given.held_out is not None
    last = np.flatnonzero(given.held_out.class_index >= 190)
    held_out = select(given.held_out, last)
    few = replace(given, held_out=held_out, predicted=held_out.class_index, reconstruction=held_out.series)
    page = Page(write_report(few, tmp_path))
    assert page.pictures["reconstructions"] == 1
    assert "the 8 largest of 200 classes" in page.text["reconstructions"]
    assert "Up to 300 points of each kind" in page.text["latent"]
