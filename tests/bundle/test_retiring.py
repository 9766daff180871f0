"""A version is taken out of service and put back; nothing is lost, and never the last one."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest

from bundle.engine.sessions import Runtime
from bundle.errors import NotFound, Unsupported
from bundle.looking import list_versions
from bundle.publish import find_next_version
from bundle.repository import SHIPPED, Repository
from bundle.retiring import find_retired, restore, retire
from bundle.unloading import load, unload


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository of gunpoint in the versions 1 to 3."""
    for version in (1, 2, 3):
        copy_version(SHIPPED / "gunpoint" / "1", tmp_path / "models" / "gunpoint" / str(version))
    return tmp_path / "models"


def copy_version(shipped: Path, folder: Path) -> None:
    """Copy a bundle to another name and version, as its manifest says then."""
    shutil.copytree(shipped, folder)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest |= {"name": folder.parent.name, "version": int(folder.name)}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _list_files(root: Path) -> set[Path]:
    return {path.relative_to(root) for path in root.rglob("*") if not path.name.startswith(".retired-")}


def test_a_retired_version_is_served_by_nobody_and_can_be_restored(root: Path):
    files = _list_files(root)
    here = Repository(root, Runtime("cpu", 1)).refresh(2)
    assert here.list_versions("gunpoint") == [2, 3]
    retire(root / "gunpoint", 3, [2, 3])
    here, fresh = here.refresh(2), Repository(root, Runtime("cpu", 1)).refresh(2)
    for repository in (here, fresh):
        assert repository.list_versions("gunpoint") == [1, 2]
        refusal = repository.refused["gunpoint", 3]
        assert refusal.on_request and "retired on request" in refusal.reason
        with pytest.raises(NotFound):
            repository.resolve("gunpoint/3")
        assert repository.resolve("gunpoint").manifest.version == 2
    assert list_versions(root) == {"gunpoint": [1, 2]}
    restore(root / "gunpoint", 3)
    here = here.refresh(2)
    assert here.list_versions("gunpoint") == [2, 3] and not here.refused
    assert _list_files(root) == files


def test_twice_is_once(root: Path):
    for _ in range(2):
        retire(root / "gunpoint", 3, [1, 2, 3])
    for _ in range(2):
        restore(root / "gunpoint", 3)
    assert list_versions(root) == {"gunpoint": [1, 2, 3]}


def test_the_last_one_stays(root: Path):
    retire(root / "gunpoint", 3, [2, 3])
    with pytest.raises(Unsupported, match="version 2 of 'gunpoint' is the last one"):
        retire(root / "gunpoint", 2, [2, 3])
    with pytest.raises(Unsupported, match="the last one"):
        retire(root / "gunpoint", 1, [])


def test_of_two_who_retire_the_last_two_at_once_one_is_refused(root: Path):
    retire(root / "gunpoint", 3, [1, 2, 3])
    refused: list[Unsupported] = []
    together = threading.Barrier(2)

    def retire_one(version: int) -> None:
        together.wait()
        try:
            retire(root / "gunpoint", version, [1, 2])
        except Unsupported as error:
            refused.append(error)

    threads = [threading.Thread(target=retire_one, args=(version,)) for version in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1 and len(list_versions(root)["gunpoint"]) == 1


def test_a_version_that_is_not_there(root: Path):
    for change in (lambda: retire(root / "gunpoint", 9, [1]), lambda: restore(root / "gunpoint", 9)):
        with pytest.raises(NotFound, match="no version 9 of 'gunpoint'"):
            change()
    with pytest.raises(NotFound):
        restore(root / "nobody", 1)


def test_its_number_is_given_to_nobody(root: Path):
    retire(root / "gunpoint", 3, [1, 2, 3])
    assert find_next_version(root / "gunpoint") == 4
    shutil.rmtree(root / "gunpoint" / "3")  # the mark would hold for the next one
    assert find_next_version(root / "gunpoint") == 4


def test_unloading_and_retiring_go_together(root: Path):
    retire(root / "gunpoint", 3, [1, 2, 3])
    unload(root, "gunpoint", 2)
    repository = Repository(root, Runtime("cpu", 1)).refresh(3)
    assert not repository.bundles
    load(root, "gunpoint")
    assert repository.refresh(3).list_versions("gunpoint") == [1, 2]


def test_marks_of_anything_else_mean_nothing():
    assert find_retired([".retired-3", ".retired-", ".retired-x", ".retired-03", "3", ".retired-12"]) == {3, 12}
