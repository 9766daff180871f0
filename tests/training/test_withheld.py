"""A fit that should not be served is kept aside with the reasons, and what is in service stays."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bundle.engine.bundle import Bundle, Terms
from bundle.engine.sessions import Runtime
from bundle.evidence import Predecessor
from bundle.looking import list_versions
from bundle.manifest import Manifest, read_manifest
from bundle.signing import make_signer, write_key_pair
from tests.bundle.breaking import SMALL
from tests.conftest import save_unlabelled
from tests.training.test_fit import make_brief
from training.compare import main as compare
from training.configuration import FitConfiguration
from training.fit import fit_and_publish, main
from training.publishing.aside import FOLDER, REASONS, Withheld, keep_aside, remove_aside
from training.publishing.predecessor import find_served

CPU = Runtime("cpu", 1)

NONSENSE = ["--dataset=sines", "--folds=0", "--policy=none", "--device=cpu", "--workers=1", "--no-report"]
NONSENSE += ["--vae=dense", "--vae.steps=1", "--texture=stored"]  # soon exported
NONSENSE += ["--classifier=fastest", "--classifier.steps=1"]
"""A fit that has learned nothing of the sines."""


@pytest.fixture
def root(repository: Path, tmp_path: Path) -> Path:
    """A repository with a good version of the sines in service."""
    shutil.copytree(repository / "sines", tmp_path / "models" / "sines")
    return tmp_path / "models"


def read_beside(directory: Path) -> Manifest:
    return read_manifest((directory / "manifest.json").read_bytes())


def test_the_bundles_of_tests_pass_the_gate(repository: Path) -> None:
    for name in ("sines", "unlabelled"):
        assert read_beside(repository / name / "1").metrics.objections == []


@pytest.mark.long
def test_nonsense_is_kept_aside_for_each_reason_until_it_is_forced(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*NONSENSE, "--models", str(root)]) == 3
    aside, ended = root / FOLDER / "sines" / "1", capsys.readouterr()
    reasons = (aside / REASONS).read_text().splitlines()
    for words in ("its reconstruction explains", "does not recognise samples", "worse than version 1 in service"):
        assert any(words in reason for reason in reasons)
        assert words in ended.err and "objection " in ended.out
    assert f"kept aside in {aside}; the same command with --force publishes it" in ended.err
    assert list_versions(root) == {"sines": [1]}, "what was in service stays"
    assert len(list((root / ".fits").iterdir())) == 1, "--force goes on from the checkpoints"
    withheld = Bundle.load(aside, CPU).manifest
    assert withheld.metrics.objections == reasons
    assert compare(["sines", "--models", str(root / FOLDER)]) == 0 and reasons[0] in capsys.readouterr().out

    assert main([*NONSENSE, "--models", str(root), "--force"]) == 0
    said = capsys.readouterr()
    assert "going on with the fit that was stopped" in said.err and "compared  with version 1 in service" in said.out
    forced = read_beside(root / "sines" / "2")
    assert forced.metrics.objections == reasons and "force" not in forced.provenance.configuration
    assert {role: graph.sha256 for role, graph in forced.graphs.items()} == {
        role: graph.sha256 for role, graph in withheld.graphs.items()
    }
    assert not aside.exists() and not (root / ".fits").exists()

    assert main(["--models", str(root)]) == 1, "a refit of everything is judged too"
    assert "sines: sines is not published" in capsys.readouterr().err
    assert list_versions(root) == {"sines": [1, 2]}


@pytest.mark.long
def test_of_unlabelled_data_the_reconstruction_is_judged(tmp_path: Path) -> None:
    save_unlabelled(tmp_path / "waves.npz")
    given = {"data": tmp_path / "waves.npz", "key": "data", "layout": "n_cases,n_timepoints,n_channels", "force": False}
    configuration = make_brief(**given, models=tmp_path / "models", vae=replace(make_brief().vae, steps=1))
    with pytest.raises(Withheld) as caught:
        fit_and_publish(configuration)
    [reason] = caught.value.objections
    assert "its reconstruction explains" in reason and "cases (held-out split)" in reason
    assert list_versions(tmp_path / "models") == {}


@pytest.mark.long
def test_a_version_of_other_data_is_not_compared_and_the_fit_says_so(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    series = np.random.default_rng(0).normal(size=(24, 2, 64))
    np.savez(root.parent / "other.npz", X=series, y=np.repeat([0, 1, 2], 8))
    directory = fit_and_publish(make_brief(data=root.parent / "other.npz", models=root, name="sines"))
    assert directory is not None
    reason = "it was fitted to other data"
    assert read_beside(directory).metrics.predecessor == Predecessor(version=1, not_compared=reason)
    assert f"compared  not with version 1 in service: {reason}" in capsys.readouterr().out


def test_the_version_in_service_is_the_newest_that_loads_and_is_neither_unloaded_nor_retired(root: Path) -> None:
    shutil.copytree(root / "sines" / "1", root / "sines" / "2")
    (root / "sines" / "2" / "manifest.json").write_text("{}")
    served = find_served(root, "sines")
    assert served is not None and served.manifest.version == 1
    (root / "sines" / ".retired-1").touch()
    assert find_served(root, "sines") is None
    (root / "sines" / ".retired-1").unlink()
    (root / "sines" / ".unloaded").write_text("2")
    assert find_served(root, "sines") is None
    assert find_served(root, "cosines") is None and find_served(root / "nowhere", "sines") is None


def keep_copy(root: Path, key: Path | None = None) -> Path:
    """Keep the small bundle aside, signed by `key`."""
    plain = read_beside(SMALL)
    files = {file.name: file.read_bytes() for file in SMALL.iterdir() if file.name != "manifest.json"}

    def make_manifest(version: int) -> Manifest:
        return plain.model_copy(update={"version": version})

    signer = None if key is None else make_signer(key)
    return keep_aside(root, plain.name, files, make_manifest, signer, ["it is worse."])


def test_what_lies_aside_is_signed_and_few_and_goes_when_a_version_is_published(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    write_key_pair(key)
    kept = [keep_copy(tmp_path / "models", key) for _ in range(5)]
    assert [directory.name for directory in kept if directory.exists()] == ["3", "4", "5"]
    assert Bundle.load(kept[-1], CPU, Terms(trusted_keys=key.with_name("key.pem.pub"))).manifest.version == 5
    assert (kept[-1] / REASONS).read_text() == "it is worse.\n"
    assert list_versions(tmp_path / "models") == {}, "no server looks there"
    remove_aside(tmp_path / "models", kept[-1].parent.name)
    assert not kept[-1].parent.exists()


def test_forcing_is_no_part_of_what_was_fitted() -> None:
    assert FitConfiguration(force=True).record() == FitConfiguration().record()
    assert json.dumps(FitConfiguration().record())
