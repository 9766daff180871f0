"""The manifest is strict, keeps labels' types and refuses what it does not know."""

from __future__ import annotations

import json

import pytest

from bundle.engine.bundle import Bundle
from bundle.errors import BundleError, InvalidRequest
from bundle.manifest import check_name, read_manifest, write_manifest


def test_a_manifest_survives_writing_and_reading(sines: Bundle) -> None:
    assert read_manifest(write_manifest(sines.manifest)) == sines.manifest


def test_labels_keep_their_type(sines: Bundle) -> None:
    assert sines.manifest.labels == [0, 1, 2]
    assert all(type(label) is int for label in sines.manifest.labels)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"surprise": 1}, "surprise"),
        ({"version": "1"}, "version"),
        ({"version": 0}, "version"),
        ({"format_version": 4}, "format version 4"),
        ({"format_version": None}, "format version None"),
        ({"name": "Sines"}, "name"),
        ({"classes": []}, "classes"),
        ({"latent": {"latent_dim": 2.5, "expansion": 1.0, "mixture": None}}, "latent.latent_dim"),
        ({"latent": {"latent_dim": 2, "expansion": -1.0, "mixture": None}}, "latent.expansion"),
    ],
)
def test_what_is_not_in_the_format_is_refused_by_name(sines: Bundle, change: dict[str, object], words: str) -> None:
    raw = json.loads(write_manifest(sines.manifest)) | change
    with pytest.raises(BundleError, match=words):
        read_manifest(json.dumps(raw).encode())


def test_two_labels_of_equal_text_are_refused(sines: Bundle) -> None:
    raw = json.loads(write_manifest(sines.manifest))
    raw["classes"][0]["label"] = "1"
    with pytest.raises(BundleError, match="equal text"):
        read_manifest(json.dumps(raw).encode())


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"null"])
def test_what_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(BundleError, match="JSON object"):
        read_manifest(text)


@pytest.mark.parametrize(("label", "index"), [(1, 1), ("1", 1), ("2", 2)])
def test_a_label_or_its_text_finds_its_class(sines: Bundle, label: object, index: int) -> None:
    assert sines.manifest.find_class_index(label) == index


@pytest.mark.parametrize("label", [3, "x", True, None, 1.0, [1]])
def test_an_unknown_label_is_refused_with_those_there_are(sines: Bundle, label: object) -> None:
    with pytest.raises(InvalidRequest, match="use one of: 0, 1, 2"):
        sines.manifest.find_class_index(label)


@pytest.mark.parametrize("name", ["", "A", "1a", "a.b", "../a", "a b", "a" * 101])
def test_a_name_that_is_no_bundle_name_is_refused(name: str) -> None:
    with pytest.raises(BundleError, match="--name"):
        check_name(name)
