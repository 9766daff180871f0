"""A bundle that is tried in a process first harms that process alone."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from bundle.engine.bundle import Bundle, Terms
from bundle.engine.sessions import Interrupt, Runtime
from bundle.errors import BundleError
from bundle.loading import Loader
from bundle.reading import Unreadable
from bundle.repository import Repository
from bundle.trial import try_bundle
from tests.bundle.breaking import change_graph, copy_bundle, loop_for_ever, take_memory

CPU = Runtime("cpu", 1)
GIB = 2**30


def try_bundles(root: Path, seconds: float = 60.0) -> Repository:
    """A repository each of whose bundles was tried in a process first."""
    return Repository(root, CPU, loader=Loader(CPU, Terms(trial_bytes=GIB), seconds)).refresh()


def test_a_bundle_that_takes_all_memory_is_refused_beside_a_good_one(tmp_path: Path) -> None:
    change_graph(copy_bundle(tmp_path, "greedy"), "decoder.onnx", take_memory)
    copy_bundle(tmp_path)
    found = try_bundles(tmp_path)
    assert found.names == ["basicmotions"]
    reason = found.refused["greedy", 1].reason
    assert "decoder.onnx" in reason and "Failed to allocate memory" in reason


def test_a_bundle_that_kills_its_process_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = copy_bundle(tmp_path)
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nkill -SEGV $$\n")
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    with pytest.raises(BundleError, match="ended with SIGSEGV"):
        try_bundle(directory, GIB, GIB, 60.0, Interrupt())


def test_a_trial_that_does_not_end_is_ended(tmp_path: Path) -> None:
    change_graph(copy_bundle(tmp_path, "endless"), "decoder.onnx", loop_for_ever)
    start = time.monotonic()
    found = try_bundles(tmp_path, 3.0)
    assert "not loaded within 3 s" in found.refused["endless", 1].reason
    assert found.loader.abandoned == 0 and time.monotonic() - start < 30


def test_what_is_loaded_is_what_was_tried(tmp_path: Path) -> None:
    directory = copy_bundle(tmp_path)
    digest = try_bundle(directory, GIB, GIB, 60.0, Interrupt())
    assert Bundle.load(directory, CPU, Terms(manifest_sha256=digest))
    manifest = json.loads((directory / "manifest.json").read_bytes())
    (directory / "manifest.json").write_text(json.dumps(manifest | {"expansion": 3.5}))
    with pytest.raises(Unreadable, match="changed while it was tried"):
        Bundle.load(directory, CPU, Terms(manifest_sha256=digest))


def test_a_trial_knows_no_secret_and_says_why_it_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERIESMITH_API_KEY", "secret")
    directory, said = copy_bundle(tmp_path), tmp_path / "said"
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\nenv > {said}\n")
    fake.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(fake))
        with pytest.raises(BundleError, match="status 0"):
            try_bundle(directory, GIB, GIB, 60.0, Interrupt())
    assert "PYTHONPATH" in said.read_text() and "secret" not in said.read_text()
    os.unlink(directory / "decoder.onnx")
    with pytest.raises(Unreadable, match="decoder.onnx cannot be read"):
        try_bundle(directory, GIB, GIB, 60.0, Interrupt())
