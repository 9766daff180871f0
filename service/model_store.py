"""Bundles in BentoML's model store, and back: `python -m service.model_store push gunpoint/1`.

`push` copies a version of the repository into the store as `gunpoint:1`, from where `bentoml models list`, `export`,
`push` and the `models:` of a bento's `bentofile.yaml` know it; `pull gunpoint:1` copies it back, verified; `list` shows
the bundles in the store. The store's folder is a repository as it is: SERIESMITH_MODELS=$BENTOML_HOME/models serves it.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import bentoml
from bentoml.exceptions import BentoMLException

from bundle.errors import BundleError, InvalidRequest, NotFound, SeriesmithError
from bundle.manifest import NAME_PATTERN, VERSION_PATTERN, Manifest
from bundle.registry import Key
from bundle.registry import moving as registry
from bundle.registry.fetching import MANIFEST, read_own_manifest
from bundle.registry.folder import FolderRegistry
from bundle.signing import FILE as SIGNATURE
from service.settings import Settings

MODULE = "seriesmith"
"""What the store says that a model is of."""


def push(root: Path, key: Key) -> str:
    """Copy a version, once it is as its manifest says, into the store. Raises `NotFound` and `BundleError`."""
    directory = root / key[0] / str(key[1])
    if not directory.is_dir():
        raise NotFound(f"there is no version {key[1]} of {key[0]!r} in {root}.", "version")
    manifest = read_own_manifest(directory)
    tag = f"{key[0]}:{key[1]}"
    if (there := _find(tag)) is not None:
        if (Path(there.path) / MANIFEST).read_bytes() != (directory / MANIFEST).read_bytes():
            raise BundleError(f"the store has another model as {tag}; `bentoml models delete {tag}` removes it.")
        return f"{tag} was already in {there.path}"
    with bentoml.models.create(tag, module=MODULE, labels=_label(manifest), metadata=_describe(manifest)) as model:
        for file in (*manifest.files, *[SIGNATURE] * (directory / SIGNATURE).is_file(), MANIFEST):
            shutil.copyfile(directory / file, Path(model.path) / file)
    return f"{tag} is in the store"


def pull(root: Path, key: Key) -> str:
    """Copy a model of the store into a repository, as a registry's. Raises `NotFound` and `BundleError`."""
    there = _find(f"{key[0]}:{key[1]}")
    if there is None:
        raise NotFound(f"the store has no model {key[0]}:{key[1]}; `bentoml models list` says what it has.", "version")
    added = registry.pull(FolderRegistry(Path(there.path).parents[1]), key, root)
    return f"{key[0]}/{key[1]} {'is' if added else 'was already'} in {root}"


def list_models() -> Iterator[str]:
    """Yield the bundles in the store, a line each."""
    for model in bentoml.models.list():
        if model.info.module == MODULE:
            yield f"{model.tag}  {model.info.labels.get('dataset', '')}  {model.path}"


def _find(tag: str) -> bentoml.Model | None:
    try:
        return bentoml.models.get(tag)
    except BentoMLException:
        return None


def _label(manifest: Manifest) -> dict[str, str]:
    """What the store can be searched by: letters, digits, '-', '_' and '.', as it takes them."""
    return {"dataset": re.sub(r"[^A-Za-z0-9_.-]+", "-", manifest.provenance.dataset)[:60].strip("-_.") or "unnamed"}


def _describe(manifest: Manifest) -> dict[str, object]:
    return {"accuracy": manifest.metrics.accuracy, "dataset_sha256": manifest.provenance.dataset_sha256}


def _read_key(text: str) -> Key:
    """`gunpoint/1` or `gunpoint:1`."""
    name, _, version = text.replace(":", "/").partition("/")
    if not re.fullmatch(NAME_PATTERN, name) or not re.fullmatch(VERSION_PATTERN, version):
        raise InvalidRequest(f"{text!r:.80} names no version; write NAME/VERSION, gunpoint/2 for instance.", "version")
    return name, int(version)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m service.model_store", description="Bundles and BentoML's store.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="list the bundles in the store")
    for name, does in (("push", "copy a version into the store"), ("pull", "copy a model of the store back")):
        command = commands.add_parser(name, help=does)
        command.add_argument("version", metavar="NAME/VERSION")
        command.add_argument("--models", type=Path, help="the repository (default: SERIESMITH_MODELS, or models/)")
    given = parser.parse_args(arguments)
    act: dict[str, Callable[[Path, Key], str]] = {"push": push, "pull": pull}
    try:
        if given.command == "list":
            lines = list(list_models())
        else:
            root = given.models or Settings.from_environment().repository
            lines = [act[given.command](root, _read_key(given.version))]
    except (SeriesmithError, ValueError) as error:
        print(f"service.model_store: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
