"""Kept codes: the nearest are those that a plain search finds, and a bundle's are verified as all it has."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.errors import BundleError, Unsupported
from bundle.generation.neighbours import TrainingCodes
from bundle.publish import compute_sha256
from training import data as datasets
from training.configuration import FitConfiguration
from training.data.partition import split_dataset


def test_the_nearest_are_those_that_a_plain_search_finds():
    random = np.random.default_rng(0)
    codes = TrainingCodes(random.standard_normal((50, 4)).astype(np.float32), random.permutation(200)[:50])
    given = random.standard_normal((7, 4))
    index, distance = codes.find_nearest(given, 5)
    for row, found, how_far in zip(given, index, distance, strict=True):
        all_distances = np.linalg.norm(codes.latent - row, axis=1)
        assert found.tolist() == codes.index[np.argsort(all_distances)[:5]].tolist()
        np.testing.assert_allclose(how_far, np.sort(all_distances)[:5], rtol=1e-5)
    assert sorted(codes.find_nearest(given, 50)[0][0]) == sorted(codes.index)


def test_each_case_that_was_learned_from_is_its_own_nearest_by_its_place_in_the_data(sines: Bundle):
    dataset = datasets.load("sines")
    learn = split_dataset(dataset, FitConfiguration(dataset="sines")).learn
    assert sines.codes is not None and sines.codes.index.tolist() == learn.row_numbers.tolist()
    index, distance = sines.codes.find_nearest(sines.encode(dataset.train.series[learn.row_numbers])[0], 1)
    assert index[:, 0].tolist() == learn.row_numbers.tolist() and distance.max() < 1e-3


def test_a_bundle_without_codes_says_how_to_have_them(sines: Bundle, unlabelled: Bundle):
    assert "neighbours" in sines.operations and "neighbours" not in unlabelled.operations
    with pytest.raises(Unsupported, match="cannot find neighbours: its fit kept no codes.*--keep-codes"):
        unlabelled.require("neighbours")
    assert sines.manifest.codes is not None and "all training cases" in sines.manifest.codes.reveals


def _write_npz(arrays: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


BROKEN = {
    "another width": lambda latent, index: {"latent": latent[:, 1:], "index": index},
    "fewer": lambda latent, index: {"latent": latent[1:], "index": index[1:]},
    "not finite": lambda latent, index: {"latent": latent * np.float32(np.nan), "index": index},
    "twice the same": lambda latent, index: {"latent": latent, "index": index * 0},
    "below zero": lambda latent, index: {"latent": latent, "index": index - 1_000_000},
    "no index": lambda latent, index: {"latent": latent},
    "a series too": lambda latent, index: {"latent": latent, "index": index, "series": latent},
    "of another kind": lambda latent, index: {"latent": latent.astype(np.float64), "index": index},
}


@pytest.mark.parametrize("name", BROKEN)
def test_codes_that_do_not_fit_are_refused(repository: Path, sines: Bundle, tmp_path: Path, name: str):
    directory = tmp_path / "sines" / "1"
    shutil.copytree(repository / "sines" / "1", directory)
    assert sines.codes is not None
    content = _write_npz(BROKEN[name](sines.codes.latent, sines.codes.index))
    (directory / "codes.npz").write_bytes(content)
    with pytest.raises(BundleError, match="not the file that was published"):
        Bundle.load(directory, Runtime("cpu", 1))
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest["latent"]["codes"]["sha256"] = compute_sha256(content)
    (directory / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="codes.npz holds"):
        Bundle.load(directory, Runtime("cpu", 1))
