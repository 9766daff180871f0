"""A repository takes up what changed, one bundle at a time: what is wrong with one keeps no other from being served."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from bundle import loading, repository
from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.errors import NotFound, Unsupported
from bundle.loading import Loader
from bundle.looking import look, read_identity
from bundle.repository import Gone, Repository
from bundle.unloading import MARK, load, read_unloaded, unload
from tests.bundle.breaking import change_graph, change_manifest, copy_bundle, loop_for_ever

CPU = Runtime("cpu", 1)


def load_repository(root: Path, **settings: float) -> Repository:
    """A repository that was looked at once."""
    return Repository(root, CPU, loader=Loader(CPU, **settings)).refresh()  # type: ignore[arg-type]


def test_a_version_that_is_repaired_in_place_is_read_again(tmp_path: Path) -> None:
    directory = copy_bundle(tmp_path)
    whole = (directory / "decoder.onnx").read_bytes()
    with (directory / "decoder.onnx").open("r+b") as file:
        file.write(b"broken")
    before = load_repository(tmp_path)
    assert "SHA-256" in before.refused["basicmotions", 1].reason
    assert before.refresh().refused["basicmotions", 1] is before.refused["basicmotions", 1]
    with (directory / "decoder.onnx").open("r+b") as file:
        file.write(whole)
    after = before.refresh()
    assert after.list_versions("basicmotions") == [1] and not after.refused


def test_a_version_that_is_copied_slowly_is_served_once_it_is_whole(tmp_path: Path) -> None:
    source, target = copy_bundle(tmp_path / "source"), tmp_path / "models" / "basicmotions" / "1"
    copy_bundle(tmp_path / "models", "other")
    target.mkdir(parents=True)
    found = load_repository(tmp_path / "models")
    names = sorted((file.name for file in source.iterdir()), key=lambda name: name != "manifest.json")
    for name in names:
        assert found.list_versions("basicmotions") == []
        content = (source / name).read_bytes()
        (target / name).write_bytes(content[: len(content) // 2])
        found = found.refresh()
        assert "basicmotions" in {key[0] for key in found.refused} and found.list_versions("other") == [1]
        (target / name).write_bytes(content)
        found = found.refresh()
    assert found.list_versions("basicmotions") == [1] and not found.refused


def test_a_version_that_is_renamed_out_and_back_is_served_throughout(tmp_path: Path) -> None:
    directory = copy_bundle(tmp_path)
    copy_bundle(tmp_path, "other")
    found = load_repository(tmp_path)
    directory.rename(tmp_path / "aside")
    found = found.refresh()
    assert found.list_versions("basicmotions") == [1]
    (tmp_path / "aside").rename(directory)
    found = found.refresh()
    assert found.list_versions("basicmotions") == [1] and not found.missing
    directory.rename(tmp_path / "aside")
    found = found.refresh().refresh()
    assert found.list_versions("basicmotions") == [] and not found.refused
    (tmp_path / "aside").rename(directory)
    assert found.refresh().list_versions("basicmotions") == [1]


def test_what_was_loaded_is_served_on_when_its_files_are_broken_later(tmp_path: Path) -> None:
    directory = copy_bundle(tmp_path)
    before = load_repository(tmp_path)
    whole = (directory / "decoder.onnx").read_bytes()
    (directory / "decoder.onnx").write_bytes(b"broken")
    after = before.refresh()
    assert after.bundles == before.bundles and "SHA-256" in after.refused["basicmotions", 1].reason
    assert after.refresh().refused == after.refused
    (directory / "decoder.onnx").unlink()
    assert after.refresh().bundles == before.bundles
    (directory / "decoder.onnx").write_bytes(whole)
    mended = after.refresh()
    assert not mended.refused and mended.list_versions("basicmotions") == [1]


def test_what_could_not_be_read_is_tried_again_less_and_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, now, reads = copy_bundle(tmp_path), 0.0, []
    (directory / "decoder.onnx").unlink()
    monkeypatch.setattr(repository, "FIRST_RETRY_SECONDS", 1.0)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    real = Bundle.load

    def noted(*given: Any) -> Bundle:
        reads.append(now)
        return real(*given)

    monkeypatch.setattr(Bundle, "load", noted)
    found = load_repository(tmp_path)
    for second in range(1, 200):
        now = float(second)
        found = found.refresh()
    assert reads == [0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 63.0, 123.0, 183.0]
    assert "cannot be read" in found.refused["basicmotions", 1].reason


def test_what_is_wrong_is_not_read_again_until_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change_manifest(copy_bundle(tmp_path), lambda raw: raw | {"surprise": 1})
    copy_bundle(tmp_path, "other")
    found, reads = load_repository(tmp_path), []
    real = Bundle.load

    def noted(*given: Any) -> Bundle:
        reads.append(given[0].parent.name)
        return real(*given)

    monkeypatch.setattr(Bundle, "load", noted)
    assert found.refresh().refresh().bundles == found.bundles and reads == []
    found.refresh(again="basicmotions")
    assert reads == ["basicmotions"]


def test_a_repository_that_is_gone_leaves_what_was_loaded(tmp_path: Path) -> None:
    root = tmp_path / "models"
    copy_bundle(root)
    found = load_repository(root)
    root.rename(tmp_path / "aside")
    with pytest.raises(NotFound, match="No such file"):
        found.refresh()
    root.mkdir()
    with pytest.raises(Gone, match="served on"):
        found.refresh()
    root.rmdir()
    (tmp_path / "aside").rename(root)
    assert found.refresh().bundles.keys() == found.bundles.keys()


def test_a_loop_that_does_not_end_is_ended_and_others_are_served_meanwhile(tmp_path: Path) -> None:
    change_graph(copy_bundle(tmp_path, "endless"), "decoder.onnx", loop_for_ever)
    copy_bundle(tmp_path, "other")
    begin = Repository(tmp_path, CPU, loader=Loader(CPU, load_seconds=3.0))
    start = time.monotonic()
    found = begin.refresh(patience=0.2)
    while found.list_versions("other") != [1]:
        found = found.refresh(patience=0.2)
    assert found.pending == {("endless", 1)} and not found.refused
    while found.pending:
        found = found.refresh(patience=0.0)
    assert time.monotonic() - start < 30
    assert "not loaded within 3 s" in found.refused["endless", 1].reason
    assert found.loader.abandoned == 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("loading endless")]
    again = found.refresh()
    assert again.refused == found.refused and again.list_versions("other") == [1]


def test_a_load_that_cannot_be_ended_is_left_alone_and_its_name_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_bundle(tmp_path, "stuck")
    copy_bundle(tmp_path, "other")
    monkeypatch.setattr(loading, "GRACE_SECONDS", 0.01)
    stuck, real = threading.Event(), Bundle.warm_up
    monkeypatch.setattr(Bundle, "warm_up", lambda self: stuck.wait() if self.manifest.name == "stuck" else real(self))
    found = Repository(tmp_path, CPU, loader=Loader(CPU, load_seconds=2.0)).refresh(patience=2.0)
    assert found.loader.abandoned == 1 and found.list_versions("other") == [1]
    again = found.refresh(again="stuck")
    assert "an earlier load of stuck has not ended" in again.refused["stuck", 1].reason
    stuck.set()
    while again.loader.abandoned:
        time.sleep(0.01)
    assert again.refresh(again="stuck").list_versions("stuck") == [1]


def test_files_that_hang_take_one_thread_however_often_they_are_asked_for_and_others_of_the_name_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = copy_bundle(tmp_path, "stuck")
    monkeypatch.setattr(loading, "GRACE_SECONDS", 0.01)
    stuck, real = threading.Event(), Bundle.warm_up
    monkeypatch.setattr(Bundle, "warm_up", lambda self: stuck.wait() if self.manifest.version == 1 else real(self))

    def threads() -> int:
        return sum(thread.name == "loading stuck/1" for thread in threading.enumerate())

    found = Repository(tmp_path, CPU, loader=Loader(CPU, load_seconds=1.0))
    for _ in range(5):
        found = found.refresh(again="stuck")
        assert threads() == 1 and found.loader.abandoned == 1
    assert found.refused["stuck", 1].retry_at is None
    copy_bundle(tmp_path, "stuck", 2)
    found.loader.load_seconds = 60.0
    found = found.refresh()
    assert found.list_versions("stuck") == [2] and threads() == 1
    found.loader.load_seconds = 0.5
    for _ in range(4):
        os.utime(directory / "weights.npz")
        found = found.refresh()
        assert threads() == 2
    assert "2 earlier loads of stuck have not ended" in found.refused["stuck", 1].reason
    assert found.list_versions("stuck") == [2]
    stuck.set()
    while found.loader.abandoned:
        time.sleep(0.01)
    found.loader.load_seconds = 60.0
    assert found.refresh(again="stuck").list_versions("stuck") == [1, 2]


def test_a_name_whose_mark_cannot_be_read_is_served_as_it_was(tmp_path: Path) -> None:
    copy_bundle(tmp_path)
    copy_bundle(tmp_path, "other")
    before = load_repository(tmp_path)
    for make in (lambda mark: os.mkfifo(mark), lambda mark: mark.write_text("9" * 60), lambda mark: mark.mkdir()):
        make(tmp_path / "other" / MARK)
        after = before.refresh()
        assert after.bundles == before.bundles and MARK in after.refused["other", 1].reason
        fresh = load_repository(tmp_path)
        assert fresh.names == ["basicmotions"] and MARK in fresh.refused["other", 1].reason
        (shutil.rmtree if (tmp_path / "other" / MARK).is_dir() else os.unlink)(tmp_path / "other" / MARK)
    assert before.refresh().bundles == before.bundles


def test_a_mark_is_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    copy_bundle(tmp_path)
    unload(tmp_path, "basicmotions", 1)
    assert read_unloaded(tmp_path / "basicmotions") == 1
    assert sorted(os.listdir(tmp_path / "basicmotions")) == [MARK, "1"]
    assert not load_repository(tmp_path).bundles
    load(tmp_path, "basicmotions")
    assert os.listdir(tmp_path / "basicmotions") == ["1"]
    load(tmp_path, "basicmotions")
    with pytest.raises(NotFound):
        load(tmp_path, "x" * 300)


def test_a_failed_mark_says_so_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_bundle(tmp_path)

    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bundle.writing.os.fsync", full)
    with pytest.raises(Unsupported, match="No space left"):
        unload(tmp_path, "basicmotions", 1)
    assert os.listdir(tmp_path / "basicmotions") == ["1"]


def test_a_look_at_what_has_not_changed_takes_under_a_millisecond_per_bundle(tmp_path: Path) -> None:
    for number in range(10):
        copy_bundle(tmp_path, f"name{number}")
    found = Repository(tmp_path, CPU).refresh()
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        found = found.refresh()
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.010


def test_every_change_of_a_file_changes_what_a_version_is_known_by(tmp_path: Path) -> None:
    directory = copy_bundle(tmp_path)
    file = directory / "weights.npz"
    seen = {read_identity(directory)}
    content, times = file.read_bytes(), (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    for change in (
        lambda: file.write_bytes(content[:-1] + b"x"),
        lambda: os.utime(file, ns=times),
        lambda: file.rename(directory / "aside"),
        lambda: (directory / "aside").rename(file),
        lambda: (directory / "more").touch(),
    ):
        change()
        seen.add(read_identity(directory))
    assert len(seen) == 6
    (directory / "manifest.json").unlink()
    assert read_identity(directory) is None
    assert look(tmp_path)["basicmotions"].versions == {1}


def test_what_cannot_be_a_name_or_a_version_is_passed_over(tmp_path: Path) -> None:
    copy_bundle(tmp_path)
    for name in ("x" * 200, "A", ".hidden"):
        (tmp_path / name / "1").mkdir(parents=True)
        (tmp_path / name / "1" / "manifest.json").touch()
    (tmp_path / "file").touch()
    (tmp_path / "basicmotions" / ("9" * 200)).mkdir()
    found = load_repository(tmp_path)
    assert found.names == ["basicmotions"] and not found.refused
