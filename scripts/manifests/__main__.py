"""`python -m scripts.manifests [FILE…]`: say what is wrong with each object of these files, or of standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from scripts.manifests.schemas import list_faults


def main(files: list[str]) -> None:
    """Print a line for each object. Raises `SystemExit` where one of them is wrong, or there is none."""
    texts = {file: Path(file).read_text() for file in files} or {"standard input": sys.stdin.read()}
    checked = [print_verdict(place, manifest) for place, manifest in read_manifests(texts)]
    if not checked or not all(checked):
        raise SystemExit(f"{checked.count(False)} of {len(checked)} objects are wrong.")


def read_manifests(texts: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object, with where it is from."""
    for place, text in texts.items():
        yield from ((place, manifest) for manifest in yaml.safe_load_all(text) if manifest is not None)


def print_verdict(place: str, manifest: dict[str, Any]) -> bool:
    """Print whether an object is good, and return it."""
    faults = list_faults(manifest)
    name = f"{manifest.get('kind')} {manifest.get('metadata', {}).get('name')}"
    print(f"{place}: {name}: " + ("; ".join(faults) or "good"))
    return not faults


if __name__ == "__main__":
    main(sys.argv[1:])
