"""A repository shows whole bundles only, under versions of their own."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.errors import BundleError, NotFound
from bundle.publish import publish, write_npz
from bundle.repository import Repository, list_versions
from tests.bundle.breaking import change_file

CPU = Runtime("cpu", 1)


def _publish(bundle: Bundle, source: Path, root: Path) -> Path:
    files = {file.name: file.read_bytes() for file in source.iterdir() if file.name != "manifest.json"}
    return publish(root, "sines", files, lambda version: bundle.manifest.model_copy(update={"version": version}))


def test_a_bundle_survives_publishing_and_loading(sines: Bundle, repository: Path, tmp_path: Path) -> None:
    directory = _publish(sines, repository / "sines" / "1", tmp_path)
    assert directory == tmp_path / "sines" / "1"
    assert Bundle.load(directory, CPU).manifest == sines.manifest


def test_publishers_at_once_get_versions_of_their_own(sines: Bundle, repository: Path, tmp_path: Path) -> None:
    source = repository / "sines" / "1"
    with ThreadPoolExecutor(8) as pool:
        directories = list(pool.map(lambda _: _publish(sines, source, tmp_path), range(8)))
    assert sorted(int(directory.name) for directory in directories) == list(range(1, 9))
    for directory in directories:
        assert json.loads((directory / "manifest.json").read_bytes())["version"] == int(directory.name)
    assert sorted(entry.name for entry in (tmp_path / "sines").iterdir()) == [str(k) for k in range(1, 9)]


def test_a_failed_publish_leaves_nothing(sines: Bundle, tmp_path: Path) -> None:
    def failing(version: int) -> object:
        raise RuntimeError(version)

    with pytest.raises(RuntimeError):
        publish(tmp_path, "sines", {"a.npz": b""}, failing)  # type: ignore[arg-type]
    assert list((tmp_path / "sines").iterdir()) == []


def test_equal_arrays_give_equal_bytes(sines: Bundle) -> None:
    assert sines.mixture is not None
    arrays = dict(sines.mixture.graph_inputs)
    assert write_npz(arrays) == write_npz(arrays)


def test_the_latest_that_verifies_is_served_and_the_rest_is_reported(
    sines: Bundle, repository: Path, tmp_path: Path
) -> None:
    for _ in range(3):
        directory = _publish(sines, repository / "sines" / "1", tmp_path)
    (directory / "decoder.onnx").write_bytes(b"no graph")
    (tmp_path / "sines" / "notes").mkdir()
    found = Repository(tmp_path, CPU).refresh()
    assert found.list_versions("sines") == [1, 2]
    assert found.resolve("sines").manifest.version == 2
    assert found.resolve(None).manifest.version == 2
    assert found.resolve("sines/1").manifest.version == 1
    assert "decoder.onnx" in found.refused["sines", 3].reason
    with pytest.raises(NotFound, match="no version '3' here; it has: 1, 2"):
        found.resolve("sines/3")
    with pytest.raises(NotFound, match="there is: sines"):
        found.resolve("other")


def test_a_refresh_keeps_what_is_loaded_and_retries_what_was_mended(
    sines: Bundle, repository: Path, tmp_path: Path
) -> None:
    source = repository / "sines" / "1"
    first = _publish(sines, source, tmp_path)
    second = _publish(sines, source, tmp_path)
    (second / "encoder.onnx").unlink()
    before = Repository(tmp_path, CPU).refresh()
    shutil.copy(source / "encoder.onnx", second)
    after = before.refresh()
    assert after.bundles["sines", 1] is before.bundles["sines", 1]
    assert after.list_versions("sines") == [1, 2] and not after.refused
    shutil.rmtree(first)
    assert after.refresh().refresh().list_versions("sines") == [2]


DAMAGED: dict[str, tuple[str, dict[str, np.ndarray] | None]] = {
    "no zip": ("probe", None),
    "a probe of another shape": ("probe", {"encoder.in.series": np.zeros((2, 3), np.float32)}),
    "a probe of text": ("probe", {"encoder.out.posterior_mean": np.array(["x"])}),
    "weights without axes": ("mixture", {"weights": np.array(1.0)}),
    "weights of text": ("mixture", {"weights": np.array([["a"]] * 3)}),
    "weights that do not sum to 1": ("mixture", {"weights": np.full((3, 1), 0.5)}),
    "means that are no numbers": ("mixture", {"means": np.full((3, 1, 16), np.nan)}),
    "covariances that are not positive": ("mixture", {"covariances": np.tile(-np.eye(16), (3, 1, 1, 1))}),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_bundle_that_is_wrong_inside_is_reported_beside_a_good_one(
    sines: Bundle, repository: Path, tmp_path: Path, damage: str
) -> None:
    good = _publish(sines, repository / "sines" / "1", tmp_path)
    bad = tmp_path / "other" / "1"
    shutil.copytree(good, bad)
    name, arrays = DAMAGED[damage]
    file = bad / f"{name}.npz"
    with np.load(file) as archive:
        whole = {key: archive[key] for key in archive.files}
    file.write_bytes(b"no zip" if arrays is None else write_npz(whole | arrays))
    _rewrite_manifest(bad, name="other")
    change_file(bad, file.name, file.read_bytes())
    found = Repository(tmp_path, CPU).refresh()
    assert found.names == ["sines"]
    reason = found.refused["other", 1].reason
    assert file.name in reason or "encoder.onnx gives another" in reason


def test_a_bundle_that_does_not_run_is_reported_beside_a_good_one(
    sines: Bundle, repository: Path, tmp_path: Path
) -> None:
    good = _publish(sines, repository / "sines" / "1", tmp_path)
    shutil.copytree(good, tmp_path / "other" / "1")
    series = {**sines.manifest.series.model_dump(), "n_timepoints": 50}
    _rewrite_manifest(tmp_path / "other" / "1", name="other", series=series)
    found = Repository(tmp_path, CPU).refresh()
    assert found.names == ["sines"]
    assert "it must be float32 ('n', 2, 50)" in found.refused["other", 1].reason


def test_a_version_that_was_replaced_is_read_again(sines: Bundle, repository: Path, tmp_path: Path) -> None:
    first = _publish(sines, repository / "sines" / "1", tmp_path)
    before = Repository(tmp_path, CPU).refresh()
    assert before.refresh().bundles["sines", 1] is before.bundles["sines", 1]
    shutil.rmtree(first)
    _publish(sines, repository / "sines" / "1", tmp_path)
    assert before.refresh().bundles["sines", 1] is not before.bundles["sines", 1]


def _rewrite_manifest(directory: Path, **change: object) -> None:
    manifest = json.loads((directory / "manifest.json").read_bytes())
    (directory / "manifest.json").write_text(json.dumps(manifest | change))


def test_only_the_newest_versions_are_kept(sines: Bundle, repository: Path, tmp_path: Path) -> None:
    for _ in range(4):
        _publish(sines, repository / "sines" / "1", tmp_path)
    assert Repository(tmp_path, CPU).refresh(keep=2).list_versions("sines") == [3, 4]


def test_a_repository_that_is_not_there_says_how_to_give_another(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="SERIESMITH_MODELS"):
        list_versions(tmp_path / "absent")


def test_a_name_that_cannot_be_is_refused_before_anything_is_written(sines: Bundle, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot name a bundle"):
        publish(tmp_path, "../evil", {}, lambda version: sines.manifest)
    assert list(tmp_path.iterdir()) == []
