"""Lets pip in a build read what pip here reads: the same indexes, certificates and folders, whatever they are."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path


def share_pip_settings(folder: Path) -> str:
    """Return a containers.conf that mounts pip's settings of this machine, and the local files that they name.

    `folder` is where the settings are put together.
    """
    settings = read_pip_settings()
    file = folder / "pip.conf"
    lines = [f"{name} = {value}" for name, value in settings.items()]
    file.write_text("\n".join(["[global]", *lines, ""]))
    mounts = [f"{path}:{path}:ro" for path in list_local_paths(settings)]
    return f"[containers]\nvolumes = {json.dumps([f'{file}:/etc/pip.conf:ro', *mounts])}\n"


def read_pip_settings() -> dict[str, str]:
    """Return pip's settings by name, from its files and its environment variables; those of the environment win."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = [line.partition("=")[::2] for line in listed if "=" in line]
    found.sort(key=lambda pair: pair[0].startswith(":env:"))
    return {name.rpartition(".")[2]: str(ast.literal_eval(value)) for name, value in found}


def list_local_paths(settings: dict[str, str]) -> list[str]:
    """Return the files and folders that settings name. Of a local index, its parent: its files lie beside it."""
    words = {word for value in settings.values() for word in value.split()}
    paths = {Path(word) for word in words if word.startswith("/")}
    paths |= {Path(word.removeprefix("file://")).parent for word in words if word.startswith("file://")}
    return sorted(str(path) for path in paths if path.exists() and path != Path("/"))
