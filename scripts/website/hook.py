"""What MkDocs asks while it builds the site: the repository's pages, those made from the code, and their links."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from scripts.website.made import make_pages
from scripts.website.notebooks import render_notebook
from scripts.website.sources import DOCS, ROOT, find_uri, list_linked, list_pages, rewrite_links, show_source

PATHS: dict[str, str] = {}
"""By uri, the paths of the files that pages come from; those that follow from the code come from none."""


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add to the files of docs/ what the repository has elsewhere, and what follows from the code."""
    PATHS.update({file.src_uri: DOCS + file.src_uri for file in files.documentation_pages()})
    for file in [one for one in files if one.src_uri.endswith(".ipynb")]:
        _add_notebook(files, file, config)
    for path in list_pages():
        _add_copy(files, path, config)
    written = [(path, files.src_uris[uri].content_string) for uri, path in PATHS.items()]
    for path in sorted(list_linked(written)):
        if find_uri(path) not in files.src_uris:
            _add_linked(files, path, config)
    for uri, text in make_pages().items():
        files.append(File.generated(config, uri, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Lead links of the repository to where the site has their files."""
    path = PATHS.get(page.file.src_uri)
    return markdown if path is None else rewrite_links(path, markdown)


def _add_copy(files: Files, path: str, config: MkDocsConfig) -> None:
    """Add a file of the repository as it is."""
    uri = find_uri(path)
    if path.endswith(".md") and uri is not None:
        PATHS[uri] = path
    files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))


def _add_linked(files: Files, path: str, config: MkDocsConfig) -> None:
    """Add what a page links to: code as a page that shows it, anything else as it is."""
    uri = find_uri(path)
    if uri == f"source/{path}.md":
        files.append(File.generated(config, uri, content=show_source(path)))
    else:
        _add_copy(files, path, config)


def _add_notebook(files: Files, file: File, config: MkDocsConfig) -> None:
    """Add the page that shows a notebook, and the pictures that it drew; the notebook itself can be downloaded."""
    shown = render_notebook(Path(file.abs_src_path))
    uri = file.src_uri.removesuffix(".ipynb") + ".md"
    files.append(File.generated(config, uri, content=shown.text))
    PATHS[uri] = DOCS + file.src_uri
    for name, content in shown.pictures.items():
        files.append(File.generated(config, f"{posixpath.dirname(uri)}/{name}", content=content))
