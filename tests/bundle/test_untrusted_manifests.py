"""A manifest of absurd contents is refused by name, and one that is read can be written and shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from bundle.engine.bundle import Bundle
from bundle.errors import InvalidRequest
from bundle.manifest import read_manifest
from tests.bundle.breaking import SMALL, change_manifest, load_refused

ABSURD: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a label of 20 digits": (lambda raw: raw["classes"][0].update(label=10**20), "64 bits"),
    "a seed of 100 digits": (lambda raw: raw["provenance"].update(seed=10**100), "64 bits"),
    "a number of 5 000 digits": (lambda raw: raw["provenance"]["configuration"].update(x="@" * 5000), "JSON object"),
    "an infinite setting": (lambda raw: raw["provenance"]["configuration"].update(x=float("inf")), "Infinity"),
    "a number beyond floats": (lambda raw: raw["provenance"]["configuration"].update(x="#"), "not finite"),
    "half a character": (lambda raw: raw["classes"][0].update(label="\ud800"), "half a character"),
    "half a character in a key": (lambda raw: raw["provenance"]["libraries"].update({"\udfff": ""}), "half a"),
    "a long label": (lambda raw: raw["classes"][0].update(label="x" * 300), "label"),
    "a deep setting": (lambda raw: raw["provenance"]["configuration"].update(x=nest(30)), "deep"),
    "a bottomless setting": (lambda raw: raw["provenance"]["configuration"].update(x="["), "JSON object"),
    "texture for ever": (lambda raw: raw.update(format_version=2, texture_steps=10**9), "texture_steps"),
    "wide series": (lambda raw: raw["series"].update(n_channels=2**40), "values"),
    "long series": (lambda raw: raw["series"].update(n_timepoints=2**22), "values"),
    "a wide code": (lambda raw: raw.update(latent_dim=10**6), "latent_dim"),
    "many classes": (lambda raw: raw.update(classes=raw["classes"] * 1000), "classes"),
    "a tolerance for anything": (lambda raw: raw["graphs"]["encoder"].update(tolerance=1e9), "tolerance"),
    "a path": (lambda raw: raw["graphs"]["encoder"].update(file="../encoder.onnx"), "file"),
    "an absolute path": (lambda raw: raw["mixture"].update(file="/etc/passwd"), "file"),
    "a key that nobody knows": (lambda raw: raw.update(surprise=1), "surprise"),
    "a graph that nobody knows": (lambda raw: raw["graphs"].update(other=raw["graphs"]["encoder"]), "other"),
    "another latent_dim": (lambda raw: raw.update(latent_dim=8), "does not fit"),
    "another length": (lambda raw: raw["series"].update(n_timepoints=99), "must be"),
    "a class less": (lambda raw: raw["classes"].pop(), "does not fit"),
    "no labels": (lambda raw: raw.update(labelled=False), "labelled"),
    "other axes": (lambda raw: raw["graphs"]["decoder"]["outputs"][0].update(shape=["n", 600]), "manifest says"),
    "another type": (lambda raw: raw["graphs"]["decoder"]["outputs"][0].update(dtype="int64"), "manifest says"),
    "other parameters": (lambda raw: raw["graphs"]["mixture"]["overridable"].pop(), "manifest says"),
    "a version of many digits": (lambda raw: raw.update(version=10**12), "version"),
}


def nest(depth: int) -> Any:
    """Lists inside each other."""
    return [nest(depth - 1)] if depth else []


@pytest.mark.parametrize("what", ABSURD)
def test_an_absurd_manifest_is_refused_by_name(copied: Path, what: str) -> None:
    change, words = ABSURD[what]

    def changed(raw: dict[str, Any]) -> dict[str, Any]:
        change(raw)
        return raw

    change_manifest(copied, changed)
    file = copied / "manifest.json"
    text = file.read_text().replace('"' + "@" * 5000 + '"', "9" * 5000).replace('"#"', "1e999")
    file.write_text(text.replace('"["', "[" * 100_000))
    assert words in load_refused(copied)


def test_a_key_that_comes_twice_is_refused(copied: Path) -> None:
    text = (copied / "manifest.json").read_text()
    (copied / "manifest.json").write_text('{"name": "x",' + text.lstrip()[1:])
    assert "'name' comes twice" in load_refused(copied)


def test_a_manifest_that_is_read_can_be_written_as_json(published: Bundle) -> None:
    raw = json.loads((SMALL / "manifest.json").read_text())
    raw["classes"][0]["label"] = 2**63 - 1
    assert orjson.dumps(read_manifest(json.dumps(raw).encode()).model_dump())


def test_a_label_that_nobody_knows_is_shown_briefly(published: Bundle) -> None:
    for label in ("x" * 10**6, list(range(10**6)), nest(500), 2**63 * 10**100):
        with pytest.raises(InvalidRequest) as caught:
            published.manifest.find_class_index(label)
        assert len(caught.value.message) < 600
