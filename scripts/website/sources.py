"""Which files of the repository are pages of the site, where each of them lies there, and how their links are kept.

A path is that of a file in the repository, `training/README.md`; a uri is where the site has it. What lies in `docs/`
loses that folder; every other page keeps its path, so that links between them hold as they are.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = "docs/"
ROOMS = ("bundle", "client", "deploy", "loadtest", "models", "service", "studio", "training")
MOVED = {"README.md": "overview.md"}
"""The site has a first page of its own."""

SHOWN = {".py": "python", ".proto": "protobuf", ".toml": "toml", "": "text"}
"""Files that a page links to and the site shows, by suffix, and the languages that they are highlighted as."""

LINK = re.compile(r"(?P<before>!?\[(?:[^\[\]]|\[[^\]]*\])*\]\()(?P<target>[^)\s]+)(?P<after>[^)]*\))")
CODE = re.compile(
    r"(^(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^(?P=fence)[^\S\n]*$|`(?:[^`\n]|\n(?!\s*\n))+`)", re.MULTILINE | re.DOTALL
)
"""A fenced block, or code within a line: links there are none."""

ELSEWHERE = re.compile(r"[a-z]+:|#|/")
"""What a link begins with that leads out of the repository, or to its own page."""


def list_pages(root: Path = ROOT) -> list[str]:
    """List the paths of the pages outside docs/."""
    rooms = (found for room in ROOMS for found in (root / room).rglob("*.md"))
    return sorted(str(file.relative_to(root)) for file in (*root.glob("*.md"), *rooms))


def find_uri(path: str, root: Path = ROOT) -> str | None:
    """Find where the site has a file; None where the repository has no such file."""
    if not (root / path).is_file():
        return None
    if path.startswith(DOCS):
        return _find_page(path.removeprefix(DOCS))
    suffix = posixpath.splitext(path)[1]
    return f"source/{path}.md" if suffix in SHOWN else MOVED.get(path, path)


def _find_page(uri: str) -> str:
    """A notebook is shown as a page of its name."""
    return uri.removesuffix(".ipynb") + ".md" if uri.endswith(".ipynb") else uri


def list_linked(texts: Iterable[tuple[str, str]], root: Path = ROOT) -> set[str]:
    """List the paths of all files that pages, given as paths and texts, link to."""
    return {target for path, text in texts for target in _list_targets(path, text) if (root / target).is_file()}


def _list_targets(path: str, text: str) -> Iterator[str]:
    found: list[str] = []
    _replace_targets(text, lambda target: found.append(target) or target)  # type: ignore[func-returns-value]
    return (_resolve(path, target) for target in found)


def rewrite_links(path: str, text: str, root: Path = ROOT) -> str:
    """Return the text of the page `path` with each link to a file of the repository leading to where the site has it.

    A link to what the repository lacks stays as it is: the site may have made that page itself.
    """
    own = find_uri(path, root) or path

    def rewrite(target: str) -> str:
        uri = find_uri(_resolve(path, target), root)
        if uri is None:
            return target
        _, mark, anchor = target.partition("#")
        return posixpath.relpath(uri, posixpath.dirname(own) or ".") + mark + anchor

    return _replace_targets(text, rewrite)


def _resolve(path: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target.partition("#")[0]))


def _replace_targets(text: str, replace: Callable[[str], str]) -> str:
    """Replace each link's target that may be a file's; text in code has no links, and a link's text may have code."""
    held: list[str] = []

    def hide(code: re.Match[str]) -> str:
        held.append(code[0])
        return f"\0{len(held) - 1}\0"

    def change(link: re.Match[str]) -> str:
        target = link["target"]
        return link["before"] + (target if ELSEWHERE.match(target) else replace(target)) + link["after"]

    changed = LINK.sub(change, CODE.sub(hide, text))
    return re.sub(r"\0(\d+)\0", lambda mark: held[int(mark[1])], changed)


def show_source(path: str, root: Path = ROOT) -> str:
    """Return the page that shows a file of code; searches leave it out."""
    text = (root / path).read_text()
    language = SHOWN[posixpath.splitext(path)[1]]
    head = f"---\nsearch:\n  exclude: true\n---\n# {posixpath.basename(path)}\n\n`{path}`\n\n"
    return f"{head}````{language}\n{text}\n````\n"
