"""A notebook as a page: its text, its code, and what the code printed and drew when it was last run."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Shown:
    """A page's Markdown, and the pictures that it shows, by the name of their file beside it."""

    text: str
    pictures: dict[str, bytes]


def render_notebook(file: Path) -> Shown:
    """Render a notebook's page; the notebook itself lies beside it, to be downloaded."""
    notebook: NotebookNode = nbformat.read(file, as_version=4)
    pictures: dict[str, bytes] = {}
    parts = [_render_cell(cell, f"{file.stem}-{place}", pictures) for place, cell in enumerate(notebook.cells)]
    title, *rest = parts
    note = f"[This page as a notebook]({file.name}){{ .md-button download }}"
    return Shown("\n\n".join([title, note, *rest]) + "\n", pictures)


def _render_cell(cell: NotebookNode, name: str, pictures: dict[str, bytes]) -> str:
    if cell.cell_type != "code":
        return str(cell.source)
    first, _, rest = cell.source.partition("\n")
    language, source = ("bash", rest) if first.startswith("%%bash") else ("python", cell.source)
    outputs = [_render_output(output, name, pictures) for output in cell.outputs]
    return "\n\n".join([f"````{language}\n{source}\n````", *(output for output in outputs if output)])


def _render_output(output: NotebookNode, name: str, pictures: dict[str, bytes]) -> str:
    if (picture := output.get("data", {}).get("image/png")) is not None:
        file = f"{name}-{len(pictures)}.png"
        pictures[file] = base64.b64decode(picture)
        return f"![What the code above draws]({file})"
    text = read_text(output)
    return f"````{{ .text .output }}\n{text}\n````" if text else ""


def read_text(output: NotebookNode) -> str:
    """Return what an output prints, without colours; nothing for a picture."""
    if "image/png" in output.get("data", {}):
        return ""
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return ANSI.sub("", str(text)).rstrip("\n")
