"""A publisher that is killed, or whose disk is full or read-only, leaves the repository as it was."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.errors import BundleError, Unsupported
from bundle.leftovers import Workplace
from bundle.manifest import read_manifest
from bundle.publish import publish
from bundle.repository import Repository, list_versions
from bundle.unloading import load, unload
from tests.bundle.breaking import SMALL

CPU = Runtime("cpu", 1)
MANIFEST = read_manifest((SMALL / "manifest.json").read_bytes())
FILES = {file.name: file.read_bytes() for file in SMALL.iterdir() if file.name != "manifest.json"}


def publish_small(root: Path) -> Path:
    """The small bundle, in its next version."""
    return publish(root, MANIFEST.name, FILES, lambda version: MANIFEST.model_copy(update={"version": version}))


def test_a_publisher_that_is_killed_at_any_line_leaves_whole_versions_and_no_more_than_the_next_one_removes(
    tmp_path: Path,
) -> None:
    script = Path(__file__).with_name("publish_and_die.py")
    done = subprocess.run([sys.executable, script, SMALL, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50
    parent = tmp_path / MANIFEST.name
    left = [entry for entry in parent.iterdir() if entry.name.startswith(".")]
    assert len(left) == 1
    for entry in left:
        os.utime(entry, (time.time() - 120,) * 2)
    assert Bundle.load(publish_small(tmp_path), CPU)
    assert [entry.name for entry in parent.iterdir() if entry.name.startswith(".")] == []


def test_what_a_living_publisher_writes_is_left_alone(tmp_path: Path) -> None:
    publish_small(tmp_path)
    parent = tmp_path / MANIFEST.name
    with Workplace(parent) as workplace:
        os.utime(workplace.path, (0, 0))
        (parent / ".tmp-other").mkdir()
        (parent / ".tmp-old").mkdir()
        (parent / ".tmp-mark").touch()
        for name in (".tmp-old", ".tmp-mark"):
            os.utime(parent / name, (time.time() - 25 * 3600,) * 2)
        publish_small(tmp_path)
        assert workplace.path.is_dir() and (parent / ".tmp-other").is_dir()
        assert not (parent / ".tmp-old").exists() and not (parent / ".tmp-mark").exists()
    assert not workplace.path.exists()


def test_all_is_on_the_disk_before_it_is_seen_and_its_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, rename = os.fsync, os.rename

    def noted_fsync(descriptor: int) -> None:
        done.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    def noted_rename(source: Path, target: Path) -> None:
        done.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", noted_rename)
    directory = publish_small(tmp_path / "models")
    before, after = done[: done.index("rename")], done[done.index("rename") + 1 :]
    assert {Path(path).name for path in before} >= {*FILES, "manifest.json"}
    assert str(tmp_path / "models") in before and Path(before[-1]).name.startswith(".tmp-")
    assert after == [str(directory.parent)]


@pytest.mark.parametrize("step", ["mkdtemp", "fsync", "rename"])
def test_a_publisher_whose_disk_fails_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    publish_small(tmp_path)

    def full(*given: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"bundle.{'leftovers.tempfile' if step == 'mkdtemp' else 'writing.os'}.{step}", full)
    with pytest.raises(BundleError, match="cannot be published to .*: No space left on device. No version was added"):
        publish_small(tmp_path)
    assert os.listdir(tmp_path / MANIFEST.name) == ["1"]


@contextmanager
def mount_disk(folder: Path, size: str) -> Iterator[Path]:
    """A small disk of one's own; skips where none may be mounted."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_gets_a_sentence_and_what_was_published_stays(tmp_path: Path) -> None:
    with mount_disk(tmp_path / "disk", "1m") as disk:
        publish_small(disk)
        with pytest.raises(BundleError, match="No space left on device"):
            [publish_small(disk) for _ in range(10)]
        last = list_versions(disk)[MANIFEST.name][-1]
        assert sorted(os.listdir(disk / MANIFEST.name)) == sorted(map(str, range(1, last + 1)))
        assert Repository(disk, CPU).refresh().list_versions(MANIFEST.name)[-1] == last


def test_a_read_only_disk_gets_a_sentence_and_loading_what_is_served_needs_no_writing(tmp_path: Path) -> None:
    with mount_disk(tmp_path / "disk", "4m") as disk:
        publish_small(disk)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(BundleError, match="Read-only file system"):
            publish_small(disk)
        with pytest.raises(BundleError, match="Read-only file system"):
            publish(disk, "other", FILES, lambda version: MANIFEST)
        load(disk, MANIFEST.name)
        with pytest.raises(Unsupported, match="Read-only"):
            unload(disk, MANIFEST.name, 1)
        assert Repository(disk, CPU).refresh().refresh(again=MANIFEST.name).list_versions(MANIFEST.name) == [1]


def test_a_bundle_that_readers_would_refuse_is_not_published(tmp_path: Path) -> None:
    cards = [card.model_copy(update={"label": 10**20}) for card in MANIFEST.classes[:1]]
    with pytest.raises(BundleError, match="64 bits"):
        publish(tmp_path, "basicmotions", FILES, lambda version: MANIFEST.model_copy(update={"classes": cards}))
    assert os.listdir(tmp_path / "basicmotions") == []
