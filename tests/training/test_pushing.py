"""A fit that pushes counts on from what a registry holds, is judged beside it, and says where it went."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bundle.manifest import read_manifest
from bundle.registry.folder import FolderRegistry
from tests.training.test_fit import make_brief
from training.fit import fit_and_publish, main


@pytest.mark.long
def test_a_fit_goes_on_where_the_registry_is(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there"
    for version in ("1", "2"):
        shutil.copytree(repository / "sines" / "1", there / "sines" / version)
    manifest = there / "sines" / "2" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"version": 1,', '"version": 2,', 1))
    FolderRegistry(there).retire(("sines", 2))
    settings = make_brief(dataset="sines", models=tmp_path / "here", push_to=there.as_uri(), force=True)
    directory = fit_and_publish(settings)
    assert directory == tmp_path / "here" / "sines" / "3"
    assert f"pushed to {there}" in capsys.readouterr().out
    pushed = read_manifest((there / "sines" / "3" / "manifest.json").read_bytes())
    assert pushed.metrics.predecessor is not None and pushed.metrics.predecessor.version == 1
    assert "push_to" not in pushed.provenance.configuration


def test_a_registry_that_is_not_there_is_said_before_anything_is_fitted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["--dataset", "sines", "--models", str(tmp_path), "--push-to", str(tmp_path / "nowhere")]
    assert main(told) == 2
    assert "nowhere is not a directory" in capsys.readouterr().err and not (tmp_path / "sines").exists()
