"""`seriesmith models` on a repository of four versions, and what a server of it makes of that."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bundle.looking import look
from bundle.repository import SHIPPED, Repository
from bundle.retiring import PREFIX
from bundle.unloading import unload
from training.models import main

VERSIONS = (1, 2, 3, 4)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for version in VERSIONS:
        directory = tmp_path / "models" / "gunpoint" / str(version)
        shutil.copytree(SHIPPED / "gunpoint" / "1", directory)
        manifest = directory / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"version": 1,', f'"version": {version},', 1))
    return tmp_path / "models"


def run(root: Path, *arguments: str) -> int:
    return main([arguments[0], "--models", str(root), *arguments[1:]], "models")


def find_answering(root: Path) -> int:
    """The version that a server of the repository answers with."""
    return Repository(root).refresh().resolve("gunpoint").manifest.version


def test_the_list_says_which_version_answers(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "gunpoint" / f"{PREFIX}4").touch()
    (root / "gunpoint" / "2" / "manifest.json").write_text("{")
    assert run(root, "list") == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["model", "version", "state", "written", "MB", "dataset", "accuracy"]
    assert [row.split()[1:3] for row in rows] == [
        ["4", "retired"],
        ["3", "answers"],
        ["2", "unreadable"],
        ["1", "older"],
    ]
    assert "GunPoint" in rows[0] and "on 150 cases" in rows[0]


def test_a_version_is_rolled_back_promoted_and_restored(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = [
        (("rollback", "gunpoint"), 3, "gunpoint/3 answers; retired: 4."),
        (("rollback", "gunpoint"), 2, "gunpoint/2 answers; retired: 3."),
        (("promote", "gunpoint/1"), 1, "gunpoint/1 answers; retired: 2."),
        (("promote", "gunpoint/3"), 3, "gunpoint/3 answers."),
        (("restore", "gunpoint/4"), 4, "gunpoint/4 is restored; gunpoint/4 answers."),
    ]
    for arguments, answering, said in steps:
        assert run(root, *arguments) == 0
        assert capsys.readouterr().out.strip() == said
        assert find_answering(root) == answering
    assert look(root)["gunpoint"].versions == set(VERSIONS)  # nothing is lost


def test_old_versions_are_pruned_and_the_highest_number_stays(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "rollback", "gunpoint") == 0
    assert run(root, "prune", "--keep", "1", "--dry-run") == 0
    assert "would remove gunpoint/1" in capsys.readouterr().out and look(root)["gunpoint"].versions == set(VERSIONS)
    assert run(root, "prune", "--keep", "1", "gunpoint") == 0
    assert capsys.readouterr().out.count("removed") == 2
    seen = look(root)["gunpoint"]
    assert sorted(seen.versions) == [3, 4] and sorted(seen.retired) == [4]
    assert find_answering(root) == 3
    assert {path.name for path in (root / "gunpoint").iterdir()} == {"3", "4", f"{PREFIX}4"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rollback", "nope"), "no model 'nope'"),
        (("promote", "gunpoint"), "write NAME/VERSION"),
        (("promote", "gunpoint/77"), "no version 77"),
        (("promote", "../x/1"), "write NAME/VERSION"),
        (("restore", "gunpoint/0"), "write NAME/VERSION"),
        (("prune", "--keep", "0"), "--keep is 0"),
        (("list", "nope"), "there is: gunpoint"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    arguments: tuple[str, ...], words: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(root.rglob("*"))
    assert run(root, *arguments) == 2
    assert words in capsys.readouterr().err and sorted(root.rglob("*")) == before


def test_there_is_nothing_to_go_back_to_behind_the_first(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "promote", "gunpoint/1") == 0
    assert run(root, "rollback", "gunpoint") == 2
    assert "none to go back to" in capsys.readouterr().err and find_answering(root) == 1


def test_an_unloaded_model_is_not_said_to_answer(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unload(root, "gunpoint", 4)
    assert run(root, "list") == 0
    assert [row.split()[2] for row in capsys.readouterr().out.splitlines()[1:]] == ["unloaded"] * 4
    assert run(root, "rollback", "gunpoint") == 0
    assert "gunpoint/3 will answer once it is loaded" in capsys.readouterr().out
