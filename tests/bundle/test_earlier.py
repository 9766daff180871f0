"""A manifest of an earlier format is read as the present one that says the same, and by the rules of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bundle.errors import BundleError
from bundle.manifest import FORMAT_VERSION, read_manifest, write_manifest

EARLIER = {
    1: Path(__file__).parent / "format_1" / "basicmotions" / "1",
    2: Path(__file__).parent / "format_2" / "sines" / "1",
}


def read_raw(version: int) -> dict[str, Any]:
    """The JSON of a manifest that an earlier Seriesmith wrote."""
    raw: dict[str, Any] = json.loads((EARLIER[version] / "manifest.json").read_bytes())
    assert raw["format_version"] == version
    return raw


@pytest.mark.parametrize("version", EARLIER)
def test_it_says_the_same_in_the_present_format(version: int):
    raw = read_raw(version)
    manifest = read_manifest(json.dumps(raw).encode())
    assert manifest.format_version == FORMAT_VERSION
    said = manifest.model_dump(mode="json")
    latent = said.pop("latent")
    later = {name: latent.pop(name) for name in ("codes", "residual")}
    assert latent == {name: raw.pop(name) for name in ("latent_dim", "expansion", "mixture")}
    later |= {name: said["provenance"].pop(name) for name in ("pretraining", "training_sketch")}
    assert set(later.values()) == {None}, "no earlier format has them"
    for name in ("name", "version", "labelled", "classes", "provenance", "probe", "weights", "calibration"):
        assert said[name] == raw[name]
    assert {role: graph["sha256"] for role, graph in said["graphs"].items()} == {
        role: graph["sha256"] for role, graph in raw["graphs"].items()
    }


@pytest.mark.parametrize("version", EARLIER)
def test_what_was_read_can_be_written_and_read_again(version: int):
    manifest = read_manifest(json.dumps(read_raw(version)).encode())
    assert read_manifest(write_manifest(manifest)) == manifest


Change = Callable[[dict[str, Any]], Any]
BROKEN: dict[str, tuple[Change, str]] = {
    "a key of format 3": (lambda raw: raw.update(latent=None), "'latent' is of format 3"),
    "a graph of format 3": (lambda raw: raw["graphs"].update(generate=raw["graphs"]["decoder"]), "no graph 'generate'"),
    "a graph less": (lambda raw: raw["graphs"].pop("density"), "lists no graph density"),
    "a classifier of no labels": (lambda raw: raw.update(labelled=False), "labelled must be true"),
    "labels of no classifier": (lambda raw: raw["graphs"].pop("classifier"), "false where there is none"),
    "series of any length": (lambda raw: raw["series"].update(length_policy="resample"), "it must be 'fixed'"),
    "series with gaps": (lambda raw: raw["series"].update(gap_policy="mask"), "series has the key 'gap_policy'"),
    "no threshold": (lambda raw: raw["calibration"].update(anomaly_threshold=None), "calibration is null"),
    "no components": (lambda raw: raw["classes"][0].update(components=None), "None components"),
    "no latent_dim": (lambda raw: raw.pop("latent_dim"), "latent_dim"),
    "no mixture": (lambda raw: raw.pop("mixture"), "mixture"),
    "no expansion": (lambda raw: raw.update(expansion=None), "both are there"),
    "graphs of another type": (lambda raw: raw.update(graphs=[]), "graphs"),
    "a calibration of another type": (lambda raw: raw.update(calibration=[None]), "calibration"),
    "an unknown key": (lambda raw: raw.update(surprise=1), "surprise"),
}


@pytest.mark.parametrize("version", EARLIER)
@pytest.mark.parametrize("what", BROKEN)
def test_it_keeps_the_rules_of_its_own_format(version: int, what: str):
    raw = read_raw(version)
    change, words = BROKEN[what]
    change(raw)
    with pytest.raises(BundleError) as caught:
        read_manifest(json.dumps(raw).encode())
    assert words in caught.value.message
