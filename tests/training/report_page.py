"""A page as its reader gets it, and what pages are made of without a fit."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np

from bundle.generation.mixture import MixtureParameters
from bundle.manifest import Manifest
from training.learning.loop import History
from training.report import Collection, ReportInputs


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


def make_collection(n_classes: int, each: int, n_channels: int, seed: int) -> Collection:
    random = np.random.default_rng(seed)
    class_index = np.repeat(np.arange(n_classes), each)
    series = random.normal(size=(len(class_index), n_channels, 60)).astype(np.float32)
    return Collection(series, class_index, random.normal(size=(len(class_index), 4)) + class_index[:, None])


def make_inputs(manifest: Manifest, labels: list[str], each: int = 4, n_channels: int = 1) -> ReportInputs:
    """Random series of as many classes as there are labels, in the manifest of a real fit."""
    card = manifest.classes[0]
    cards = [card.model_copy(update={"label": label, "training_count": each}) for label in labels]
    shape = manifest.series.model_copy(update={"n_channels": n_channels, "n_timepoints": 60})
    n_classes = len(labels)
    training, synthetic, held_out = (make_collection(n_classes, each, n_channels, seed) for seed in range(3))
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
        texture="flow: the bundle keeps weights",
        histories={"VAE": History(np.arange(5), {"error": np.linspace(1, 0.1, 5)})},
    )


def replace_metrics(given: ReportInputs, **metrics: object) -> ReportInputs:
    measured = given.manifest.metrics.model_copy(update=metrics)
    return replace(given, manifest=given.manifest.model_copy(update={"metrics": measured}))
