"""A store of objects holds the bytes that a folder holds: one in memory, and S3 as a server speaks it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from bundle.repository import SHIPPED
from tests.training.scale.cluster import choose_port, wait_until
from tests.training.scale.folders import hash_files
from training.console import main
from training.scale.places import Place

GUNPOINT = str(SHIPPED / "gunpoint" / "1")
GENERATE = ["generate", "--bundle", GUNPOINT, "--rows", "100", "--shard-rows", "32", "--seed", "1", "--workers", "1"]
CLASSIFY = ["classify", "--bundle", GUNPOINT, "--part-rows", "32", "--workers", "1"]


@pytest.fixture
def folders(tmp_path: Path) -> list[dict[str, str]]:
    """What a generation, and its scoring, leave behind on this machine."""
    made, scored = tmp_path / "made", tmp_path / "scored"
    assert main([*GENERATE, "--to", str(made)]) == 0
    assert main([*CLASSIFY, "--from", str(made), "--to", f"file://{scored}"]) == 0
    return [hash_files(made), hash_files(scored)]


def hash_place(url: str) -> dict[str, str]:
    place = Place(url)
    return {name: hashlib.sha256(place.read(name)).hexdigest() for name in place.list_files()}


def run_on(root: str) -> list[dict[str, str]]:
    """The same below a URL, twice: the second time nothing is left to do."""
    for _ in range(2):
        assert main([*GENERATE, "--to", f"{root}/made"]) == 0
        assert main([*CLASSIFY, "--from", f"{root}/made", "--to", f"{root}/scored"]) == 0
    return [hash_place(f"{root}/made"), hash_place(f"{root}/scored")]


def test_a_store_in_memory_holds_what_folders_hold(folders: list[dict[str, str]]):
    assert run_on("memory://bulk") == folders


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of a server of S3 on this machine."""
    pytest.importorskip("s3fs")
    pytest.importorskip("moto.server")
    port = choose_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        wait_until(lambda: can_make("s3://bulk"), "the server answers")
        yield "s3://bulk"
    finally:
        server.terminate()
        server.wait()


def can_make(bucket: str) -> bool:
    try:
        fsspec.filesystem("s3", skip_instance_cache=True).mkdir(bucket)
    except Exception:  # whatever its client raises while nobody listens
        return False
    return True


@pytest.mark.long
def test_a_bucket_holds_what_folders_hold(s3: str, folders: list[dict[str, str]]):
    assert run_on(s3) == folders


@pytest.mark.long
def test_a_bucket_that_there_is_not_is_refused(s3: str, capsys: pytest.CaptureFixture[str]):
    assert main([*GENERATE, "--to", "s3://nowhere/made"]) == 2
    assert "seriesmith generate: " in capsys.readouterr().err


def test_what_is_written_is_there_whole_or_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = Place(str(tmp_path))
    place.write("a", b"first")
    monkeypatch.setattr(place._files, "mv", fail)
    with pytest.raises(OSError, match="full"):
        place.write("a", b"second")
    assert place.read("a") == b"first" and len(place.list_files()) == 2
    place.remove_leftovers()
    assert list(place.list_files()) == ["a"]


def fail(*_: object) -> None:
    raise OSError("full")
