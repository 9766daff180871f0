"""What MkDocs asks while it builds the site: the repository's pages, those made from the code, and their links."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from scripts.website.made import make_pages
from scripts.website.notebooks import render_notebook
from scripts.website.sources import DOCS, ROOT, SHOWN, find_uri, list_linked, list_pages, rewrite_links, show_source

PATHS: dict[str, str] = {}
"""Paths of the pages whose links are those of the repository, by uri."""


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add to the files of docs/ what the repository has elsewhere, and what follows from the code."""
    for file in [one for one in files if one.src_uri.endswith(".ipynb")]:
        _add_notebook(files, file, config)
    for path in list_pages():
        _add(files, File.generated(config, _place(path), abs_src_path=str(ROOT / path)))
    written = [file for file in files.documentation_pages() if file.src_uri not in PATHS.values()]
    PATHS.update({file.src_uri: _find_path(file) for file in written if file.src_uri not in PATHS})
    for path in sorted(list_linked((path, files.src_uris[uri].content_string) for uri, path in PATHS.items())):
        _add_linked(files, path, config)
    for uri, text in make_pages().items():
        _add(files, File.generated(config, uri, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Lead links of the repository to where the site has their files."""
    path = PATHS.get(page.file.src_uri)
    return markdown if path is None else rewrite_links(path, markdown)


def _place(path: str) -> str:
    uri = find_uri(path)
    assert uri is not None
    PATHS[uri] = path
    return uri


def _find_path(file: File) -> str:
    return DOCS + file.src_uri


def _add(files: Files, file: File) -> None:
    files.append(file)


def _add_linked(files: Files, path: str, config: MkDocsConfig) -> None:
    uri = find_uri(path)
    if uri is None or uri in files.src_uris:
        return
    if uri.startswith("source/") and os.path.splitext(path)[1] in SHOWN:
        files.append(File.generated(config, uri, content=show_source(path)))
    else:
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))


def _add_notebook(files: Files, file: File, config: MkDocsConfig) -> None:
    """Add the page that shows a notebook, and the pictures that it drew; the notebook itself can be downloaded."""
    assert file.abs_src_path is not None
    shown = render_notebook(Path(file.abs_src_path))
    uri = file.src_uri.removesuffix(".ipynb")
    files.append(File.generated(config, f"{uri}.md", content=shown.text))
    PATHS[f"{uri}.md"] = DOCS + file.src_uri
    for name, content in shown.pictures.items():
        files.append(File.generated(config, f"{Path(uri).parent}/{name}", content=content))
