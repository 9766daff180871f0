"""Links of the repository hold on the site, wherever it has their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.website.sources import find_uri, list_linked, list_pages, rewrite_links
from tests.service.server import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository of a few files."""
    for path in (
        "README.md",
        "docs/live.md",
        "docs/a.png",
        "docs/deep/table.md",
        "training/README.md",
        "training/fit.py",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(f"# {path}\n")
    return tmp_path


@pytest.mark.parametrize(
    ("page", "link", "there"),
    [
        ("training/README.md", "../docs/live.md", "../live.md"),
        ("training/README.md", "../README.md#ask-it", "../overview.md#ask-it"),
        ("training/README.md", "fit.py", "../source/training/fit.py.md"),
        ("README.md", "docs/a.png", "a.png"),
        ("docs/deep/table.md", "../../training/README.md", "../training/README.md"),
        ("docs/live.md", "deep/table.md", "deep/table.md"),
        ("docs/live.md", "reference/settings.md", "reference/settings.md"),
        ("docs/live.md", "https://example.org/training/README.md", "https://example.org/training/README.md"),
        ("docs/live.md", "#anchor", "#anchor"),
    ],
)
def test_a_link_leads_to_where_the_site_has_the_file(root: Path, page: str, link: str, there: str) -> None:
    assert rewrite_links(page, f"see [`that` and [this]]({link}), ![picture]({link})", root) == (
        f"see [`that` and [this]]({there}), ![picture]({there})"
    )


@pytest.mark.parametrize(
    "code", ["`[a](../docs/live.md)`", "```\n[a](../docs/live.md)\n```", "`a\n[a](../docs/live.md)`"]
)
def test_code_stays_as_it_is(root: Path, code: str) -> None:
    assert rewrite_links("training/README.md", code, root) == code
    assert list_linked([("training/README.md", code)], root) == set()


def test_a_link_behind_code_that_is_wrapped_is_found(root: Path) -> None:
    text = "by `seriesmith\ncompare`. `fit.py` shows ([live](../docs/live.md))"
    assert list_linked([("training/README.md", text)], root) == {"docs/live.md"}


def test_every_markdown_file_that_is_tracked_outside_of_tests_is_a_page() -> None:
    pages = {*list_pages(), *(f"docs/{file.relative_to(ROOT / 'docs')}" for file in (ROOT / "docs").rglob("*.md"))}
    found = {
        str(path.relative_to(ROOT))
        for room in ROOT.iterdir()
        if room.is_dir() and not room.name.startswith(".") and room.name not in ("tests", "build", "dist", "reports")
        for path in room.rglob("*.md")
    }
    assert found <= pages
    assert all(find_uri(path) for path in pages)
