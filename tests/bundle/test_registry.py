"""Every registry keeps the same promises, and what comes out of one is whole and as its manifest says, or refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bundle.engine.bundle import Bundle
from bundle.errors import BundleError, InvalidRequest, SeriesmithError
from bundle.publish import find_next_version
from bundle.reading import Unreadable
from bundle.registry import Registry, Unreachable
from bundle.registry.address import ALL, Address, read_address
from bundle.registry.fetching import fetch, is_whole, read_remote_manifest
from bundle.registry.folder import FolderRegistry
from bundle.registry.mirror import Mirror, find_mirror
from bundle.registry.moving import pull, pull_newest, push
from bundle.registry.opening import open_registry
from bundle.repository import SHIPPED, Repository
from tests.registries import KINDS
from tests.service.bundles import publish_copy
from tests.service.server import ROOT

BUNDLE = SHIPPED / "gunpoint" / "1"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A repository of this machine, with three versions."""
    for version in (1, 2, 3):
        publish_copy(BUNDLE, tmp_path / "own", "gunpoint", version)
    return tmp_path / "own"


@pytest.fixture(params=KINDS)
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    opened: Callable[[Path], AbstractContextManager[str]] = request.param
    with opened(tmp_path) as url:
        yield open_registry(url)


def find_answering(root: Path) -> int:
    return Repository(root).refresh().resolve("gunpoint").manifest.version


def test_every_registry_keeps_its_promises(registry: Registry, own: Path, tmp_path: Path) -> None:
    assert registry.look() == {}
    for version in (2, 1, 3):  # whatever the order
        assert push(registry, own / "gunpoint" / str(version))
    assert not push(registry, own / "gunpoint" / "2")
    listed = registry.look()["gunpoint"]
    assert listed.versions == {1, 2, 3} and not listed.retired and not listed.aliases and listed.error is None

    other = publish_copy(BUNDLE, tmp_path / "other", "gunpoint", 2, series={"units": ["mm"]})
    with pytest.raises(BundleError, match="another bundle as gunpoint/2"):
        push(registry, other)

    directory = fetch(registry, ("gunpoint", 2), tmp_path / "here")
    assert Bundle.load(directory).manifest.version == 2
    assert sorted(path.name for path in directory.iterdir()) == sorted(path.name for path in BUNDLE.iterdir())
    stored = registry.measure(("gunpoint", 2))
    assert stored.n_bytes == sum(path.stat().st_size for path in directory.iterdir())

    registry.retire(("gunpoint", 3))
    registry.set_alias(("gunpoint", 1), "champion")
    registry.set_alias(("gunpoint", 2), "challenger")
    listed = registry.look()["gunpoint"]
    assert listed.retired == {3} and listed.aliases == {"champion": 1, "challenger": 2}
    registry.restore(("gunpoint", 3))
    registry.restore(("gunpoint", 3))
    registry.set_alias(("gunpoint", 3), "champion")
    listed = registry.look()["gunpoint"]
    assert not listed.retired and listed.aliases == {"champion": 3, "challenger": 2}
    registry.remove(("gunpoint", 1))
    assert registry.look()["gunpoint"].versions == {2, 3}
    with pytest.raises(Unreadable):
        read_remote_manifest(registry, ("gunpoint", 1))
    with pytest.raises(Unreadable):
        fetch(registry, ("gunpoint", 1), tmp_path / "here")


def test_a_mirror_is_in_step_with_every_registry(registry: Registry, own: Path, tmp_path: Path) -> None:
    for version in (1, 2, 3):
        push(registry, own / "gunpoint" / str(version))
    registry.set_alias(("gunpoint", 2), "champion")
    newest = Mirror(Address("", ALL), registry, tmp_path / "newest", keep=2)
    champion = Mirror(Address("", {"": "champion"}), registry, tmp_path / "champion", keep=2)

    def follow() -> tuple[int, int]:
        newest.follow()
        champion.follow()
        assert not newest.troubles and not champion.troubles
        return find_answering(newest.root), find_answering(champion.root)

    assert follow() == (3, 2)
    assert {path.name for path in (newest.root / "gunpoint").iterdir()} == {"2", "3"}
    assert {path.name for path in (champion.root / "gunpoint").iterdir()} == {"1", "2"}
    registry.set_alias(("gunpoint", 3), "champion")
    assert follow() == (3, 3)
    registry.set_alias(("gunpoint", 2), "champion")
    registry.retire(("gunpoint", 3))
    assert follow() == (2, 2)
    registry.set_alias(("gunpoint", 1), "champion")
    registry.restore(("gunpoint", 3))
    assert follow() == (3, 1)
    registry.remove(("gunpoint", 3))
    assert follow() == (2, 1)


def mirror_of(source: Path, root: Path, text: str = "", keep: int = 3) -> Mirror:
    address = read_address(f"file://{source}{text}")
    return Mirror(address, FolderRegistry(source), root, keep)


def test_what_is_broken_is_not_taken_over_and_what_answered_goes_on(own: Path, tmp_path: Path) -> None:
    mirror = mirror_of(own, tmp_path / "mirror")
    publish_copy(BUNDLE, own, "gunpoint", 4, damaged="decoder.onnx")
    mirror.follow()
    assert "SHA-256" in mirror.troubles["gunpoint", 4].reason
    assert find_answering(mirror.root) == 3
    assert {path.name for path in (mirror.root / "gunpoint").iterdir()} == {"1", "2", "3"}  # and no half of a 4
    attempts = mirror.troubles["gunpoint", 4].attempts
    mirror.follow()  # it is not fetched at once again
    assert mirror.troubles["gunpoint", 4].attempts == attempts == 1
    shutil.rmtree(own / "gunpoint" / "4")
    mirror.follow()
    assert not mirror.troubles


def test_an_alias_of_what_is_not_there_changes_nothing(own: Path, tmp_path: Path) -> None:
    registry = FolderRegistry(own)
    mirror = mirror_of(own, tmp_path / "mirror", "#gunpoint@champion")
    mirror.follow()
    assert "has no alias 'champion'" in mirror.troubles["gunpoint", 3].reason
    registry.set_alias(("gunpoint", 2), "champion")
    mirror.follow()
    assert find_answering(mirror.root) == 2 and not mirror.troubles
    publish_copy(BUNDLE, own, "gunpoint", 4, damaged="decoder.onnx")
    for version in (7, 4):
        registry.set_alias(("gunpoint", version), "champion")
        mirror.follow()
        assert mirror.troubles and find_answering(mirror.root) == 2
    (own / "gunpoint" / "aliases.json").write_text('{"champion": "2"}')
    mirror.follow()
    assert "aliases.json" in mirror.troubles["gunpoint", 4].reason and find_answering(mirror.root) == 2


def test_an_empty_registry_takes_nothing_away(own: Path, tmp_path: Path) -> None:
    mirror = mirror_of(own, tmp_path / "mirror")
    mirror.follow()
    own.rename(tmp_path / "away")
    with pytest.raises(Unreachable, match="not a directory"):
        mirror.follow()
    own.mkdir()
    with pytest.raises(Unreachable, match="holds no bundle; what was fetched before stays"):
        mirror.follow()
    assert find_answering(mirror.root) == 3


def test_what_broke_in_the_cache_is_fetched_again_and_what_did_not_is_not(own: Path, tmp_path: Path) -> None:
    mirror_of(own, tmp_path / "mirror").follow()
    broken = tmp_path / "mirror" / "gunpoint" / "3" / "decoder.onnx"
    before = {path: path.stat().st_ctime_ns for path in (tmp_path / "mirror").rglob("*.onnx")}
    broken.write_bytes(broken.read_bytes()[:-1])
    mirror_of(own, tmp_path / "mirror").follow()
    after = {path: path.stat().st_ctime_ns for path in (tmp_path / "mirror").rglob("*.onnx")}
    assert {path.parent.name for path in before if before[path] != after[path]} == {"3"}
    assert is_whole(broken.parent)


def test_nothing_but_what_the_manifest_lists_is_read(own: Path, tmp_path: Path) -> None:
    directory = own / "gunpoint" / "3"
    (directory / "run.py").write_text("raise SystemExit")
    (own / "Bad Name" / "1").mkdir(parents=True)
    (own / "gunpoint" / "..").mkdir(exist_ok=True)
    mirror_of(own, tmp_path / "mirror").follow()
    assert {path.name for path in (tmp_path / "mirror").iterdir()} == {"gunpoint", ".lock"}
    assert not list((tmp_path / "mirror").rglob("run.py"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda manifest: manifest | {"version": 9}, "says that it is gunpoint/9"),
        (lambda manifest: manifest | {"name": "other"}, "says that it is other/3"),
        (lambda manifest: manifest | {"probe": manifest["probe"] | {"file": "../../probe.npz"}}, "not valid at probe"),
        (lambda manifest: manifest | {"probe": manifest["probe"] | {"file": "absent.npz"}}, "absent.npz is not there"),
        (lambda manifest: manifest | {"more": 1}, "not valid"),
    ],
)
def test_a_manifest_that_lies_is_refused(change: Callable[[dict], dict], words: str, own: Path, tmp_path: Path) -> None:
    file = own / "gunpoint" / "3" / "manifest.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    with pytest.raises(BundleError, match=words):
        fetch(FolderRegistry(own), ("gunpoint", 3), tmp_path / "here")
    assert list((tmp_path / "here" / "gunpoint").iterdir()) == []


def test_sizes_are_bounded_before_anything_is_kept(own: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="too large; all files of a bundle may have 100000 bytes"):
        fetch(FolderRegistry(own), ("gunpoint", 3), tmp_path / "here", most_bytes=100_000)
    (own / "gunpoint" / "2" / "manifest.json").write_bytes(b" " * (2**20 + 1))
    with pytest.raises(BundleError, match="more than 1048576 bytes"):
        fetch(FolderRegistry(own), ("gunpoint", 2), tmp_path / "here")
    assert list((tmp_path / "here" / "gunpoint").iterdir()) == []


def test_links_and_pipes_are_not_followed(own: Path, tmp_path: Path) -> None:
    graph = own / "gunpoint" / "3" / "decoder.onnx"
    graph.rename(tmp_path / "elsewhere.onnx")
    graph.symlink_to(tmp_path / "elsewhere.onnx")
    with pytest.raises(BundleError, match="regular file"):
        fetch(FolderRegistry(own), ("gunpoint", 3), tmp_path / "here")
    graph.unlink()
    os.mkfifo(graph)
    with pytest.raises(BundleError, match="regular file"):
        fetch(FolderRegistry(own), ("gunpoint", 3), tmp_path / "here")


def test_what_is_not_whole_is_not_pushed(own: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    broken = publish_copy(BUNDLE, own, "gunpoint", 4, damaged="decoder.onnx")
    with pytest.raises(BundleError, match="not what its manifest says"):
        push(FolderRegistry(tmp_path / "there"), broken)
    assert list((tmp_path / "there").iterdir()) == []


def test_a_bundle_is_pulled_once_and_never_over_another(own: Path, tmp_path: Path) -> None:
    registry, here = FolderRegistry(own), tmp_path / "here"
    assert pull(registry, ("gunpoint", 2), here) and not pull(registry, ("gunpoint", 2), here)
    publish_copy(BUNDLE, here, "gunpoint", 3, series={"units": ["mm"]})
    with pytest.raises(BundleError, match="is another bundle"):
        pull(registry, ("gunpoint", 3), here)


def test_numbers_go_on_from_those_of_a_registry(own: Path, tmp_path: Path) -> None:
    registry, here = FolderRegistry(own), tmp_path / "here"
    pull_newest(registry, "other", here)
    assert not here.exists()
    registry.retire(("gunpoint", 3))
    pull_newest(registry, "gunpoint", here)
    assert find_answering(here) == 2 and find_next_version(here / "gunpoint") == 4


@pytest.mark.parametrize(
    ("text", "url", "chosen"),
    [
        ("s3://shelf/models", "s3://shelf/models", {"": None}),
        ("s3://shelf/models#gunpoint", "s3://shelf/models", {"gunpoint": None}),
        ("mlflow:#@champion", "mlflow:", {"": "champion"}),
        ("mlflow+http://h:5000#a@x,b", "mlflow+http://h:5000", {"a": "x", "b": None}),
        ("models:/gunpoint@champion", "mlflow:", {"gunpoint": "champion"}),
    ],
)
def test_an_address_says_where_and_what(text: str, url: str, chosen: dict[str, str | None]) -> None:
    assert read_address(text) == Address(url, chosen)


@pytest.mark.parametrize("text", ["s3://b/m#", "s3://b/m#A", "s3://b/m#a@", "s3://b/m#a,,b", "models:/gunpoint/3"])
def test_an_address_that_chooses_nothing_is_refused(text: str) -> None:
    if text.endswith("#"):
        assert read_address(text).chosen == ALL
        return
    with pytest.raises(InvalidRequest, match="NAME@ALIAS"):
        read_address(text)


def test_passwords_are_not_shown() -> None:
    address = read_address("mlflow+https://ann:secret@host/path#@champion")
    assert "secret" not in str(address) and "secret" not in str(find_mirror(Path("cache"), str(address), 3))
    with pytest.raises(SeriesmithError) as refused:
        open_registry("nonsense+x://ann:secret@host")
    assert "secret" not in refused.value.message


MISSING = """
import sys
from bundle.errors import Unsupported
from bundle.registry.opening import open_registry

sys.modules |= {"s3fs": None, "mlflow": None}
for url in ("s3://shelf", "mlflow:"):
    try:
        open_registry(url)
    except Unsupported as error:
        print(error)
"""


def test_a_missing_package_is_named_with_what_installs_it() -> None:
    """In a process of its own: what was imported once is found again."""
    said = subprocess.run([sys.executable, "-c", MISSING], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    s3, mlflow = said.splitlines()
    assert s3.startswith("s3://shelf needs a package") and s3.endswith("pip install 'seriesmith[s3]'") and "s3fs" in s3
    assert "mlflow" in mlflow and mlflow.endswith("pip install 'seriesmith[mlflow]'")
