"""`seriesmith models`: what a repository or a registry holds, and which version of a model answers."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":  # before what may not be installed
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("models")

from bundle.errors import InvalidRequest, NotFound, SeriesmithError, Unsupported
from bundle.manifest import VERSION_PATTERN, Manifest, read_manifest
from bundle.pruning import choose_surplus
from bundle.registry import Key, Listed, Registry
from bundle.registry.address import ALL, Address, is_url, read_address
from bundle.registry.aliases import check_alias
from bundle.registry.fetching import read_remote_manifest
from bundle.registry.folder import FolderRegistry
from bundle.registry.moving import pull, push
from bundle.registry.opening import open_registry
from bundle.repository import SHIPPED
from training.figures import describe_held_out

HEAD = ("model", "version", "state", "written", "MB", "dataset", "accuracy")


def main(arguments: Sequence[str] | None = None, prog: str = "seriesmith models") -> int:
    """The command line; answers the exit status."""
    given = _build_parser(prog).parse_args(arguments)
    try:
        for line in given.run(open_models(given.models or os.environ.get("SERIESMITH_MODELS") or str(SHIPPED)), given):
            print(line)
    except SeriesmithError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 2
    return 0


def _build_parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description="What a repository holds, and which version answers.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[..., Iterator[str]], what: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=what, description=what)
        command.add_argument("--models", help="a folder, or a URL (default: SERIESMITH_MODELS, or models/)")
        command.set_defaults(run=run)
        return command

    show = add("list", list_models, "list models, versions and what each is worth")
    promote = add("promote", promote_version, "have a version answer: newer ones are retired, and none is lost")
    back = add("rollback", roll_back, "have the version before the one that answers answer")
    back.add_argument("name", metavar="NAME")
    again = add("restore", restore_version, "have a version that was retired served again")
    prune = add("prune", prune_models, "remove old and retired versions for good")
    prune.add_argument("--keep", type=int, default=3, help="newest versions that stay, retired ones apart (default: 3)")
    prune.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    there = add("push", push_version, "add a version to a registry elsewhere")
    there.add_argument(
        "--to", required=True, metavar="URL", help="s3://…, mlflow+http://…, any URL of fsspec, a folder"
    )
    there.add_argument("--alias", help="what it is to be called there: champion, for instance")
    here = add("pull", pull_versions, "add versions of a registry elsewhere: NAME/VERSION, or the newest of NAME")
    here.add_argument("--from", required=True, dest="source", metavar="URL", help="as --to of push; URL#NAME@ALIAS too")
    alias = add("alias", set_alias, "have an alias stand for a version, which servers of URL#@ALIAS answer with")
    for command in (promote, again, there, alias):
        command.add_argument("version", metavar="NAME/VERSION")
    alias.add_argument("alias", metavar="ALIAS")
    for command in (show, prune, here):
        command.add_argument("names", nargs="*", metavar="NAME", help="models (default: all)")
    return parser


@dataclass(frozen=True)
class Models:
    """A registry, and by which aliases it is read."""

    registry: Registry
    address: Address

    def choose(self, names: Sequence[str] = ()) -> list[tuple[str, Listed]]:
        """The models named, or all. Raises `NotFound`."""
        found = {name: listed for name, listed in self.registry.look().items() if self.address.has(name)}
        for name in names:
            if name not in found:
                there = ", ".join(found) or "(none)"
                raise NotFound(f"there is no model {name!r:.80} in {self.registry.place}; there is: {there}.")
        return [(name, found[name]) for name in names or found]

    def find_version(self, text: str) -> tuple[Key, Listed]:
        """The key that NAME/VERSION names. Raises `InvalidRequest` and `NotFound`."""
        name, _, version = text.partition("/")
        if re.fullmatch(VERSION_PATTERN, version) is None:
            raise InvalidRequest(
                f"{text!r:.80} names no version; write NAME/VERSION, gunpoint/2 for instance.", "version"
            )
        [(_, listed)] = self.choose([name])
        if int(version) not in listed.versions:
            there = ", ".join(map(str, sorted(listed.versions)))
            raise NotFound(f"there is no version {version} of {name!r}; there is: {there}.", "version")
        return (name, int(version)), listed

    def find_answering(self, name: str, listed: Listed) -> int:
        """The version that answers; 0 where none does."""
        alias = self.address.find_alias(name)
        most = max(listed.versions) if alias is None else listed.aliases.get(alias, 0)
        return max((version for version in listed.versions - listed.retired if version <= most), default=0)


def open_models(text: str) -> Models:
    """Open a folder or a URL. Raises a `SeriesmithError`."""
    address = read_address(text) if is_url(text) else Address(text, ALL)
    return Models(open_registry(address.url), address)


def list_models(models: Models, given: argparse.Namespace) -> Iterator[str]:
    """Yield a table, a row for each version, newest first. Raises `NotFound`."""
    rows = [HEAD, *(row for name, listed in models.choose(given.names) for row in _list_rows(models, name, listed))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def promote_version(models: Models, given: argparse.Namespace) -> Iterator[str]:
    """Have the version given answer: by its alias, or by retiring newer ones. Raises `NotFound`, `Unsupported`."""
    key, listed = models.find_version(given.version)
    yield _have_answer(models, key, listed)


def roll_back(models: Models, given: argparse.Namespace) -> Iterator[str]:
    """Promote the version before the one that answers. Raises `NotFound` and `Unsupported`."""
    [(name, listed)] = models.choose([given.name])
    answering = models.find_answering(name, listed)
    before = [version for version in listed.versions - listed.retired if version < answering]
    if not before:
        raise Unsupported(
            f"{name!r} has no version before {answering} that is not retired; there is none to go back to."
        )
    yield _have_answer(models, (name, max(before)), listed)


def restore_version(models: Models, given: argparse.Namespace) -> Iterator[str]:
    """Take the mark of a version away. Raises `NotFound` and `Unsupported`."""
    key, _ = models.find_version(given.version)
    models.registry.restore(key)
    yield f"{key[0]}/{key[1]} is restored; {_say_answering(models, key[0])}."


def prune_models(models: Models, given: argparse.Namespace) -> Iterator[str]:
    """Remove what is not among the newest, and has no alias. Raises `InvalidRequest`, `NotFound` and `Unsupported`."""
    if given.keep < 1:
        raise InvalidRequest(f"--keep is {given.keep}; keep at least 1 version.", "keep")
    for name, listed in models.choose(given.names):
        for version in choose_surplus(listed, given.keep):
            if version in listed.aliases.values():
                continue
            n_bytes = models.registry.measure((name, version)).n_bytes
            if not given.dry_run:
                models.registry.remove((name, version))
            yield f"{'would remove' if given.dry_run else 'removed'} {name}/{version}, {n_bytes / 1e6:.1f} MB"


def push_version(models: Models, given: argparse.Namespace) -> Iterator[str]:
    """Add a version of a folder to a registry. Raises `InvalidRequest`, `NotFound`, `BundleError`, `Unsupported`."""
    (name, version), _ = models.find_version(given.version)
    alias = check_alias(given.alias) if given.alias else None
    there = open_models(given.to)
    added = push(there.registry, _require_folder(models) / name / str(version))
    if alias is not None:
        there.registry.set_alias((name, version), alias)
    called = f", and is {name}@{alias}" if alias else ""
    yield f"{name}/{version} {'is' if added else 'was already'} in {there.registry.place}{called}."


def pull_versions(models: Models, given: argparse.Namespace) -> Iterator[str]:
    """Add versions of a registry to a folder. Raises `InvalidRequest`, `NotFound`, `BundleError`."""
    there, root = open_models(given.source), _require_folder(models)
    asked = given.names or [name for name, _ in there.choose()]
    for text in asked:
        if "/" in text:
            key, _ = there.find_version(text)
        else:
            [(name, listed)] = there.choose([text])
            key = name, there.find_answering(name, listed)
        if not key[1]:
            raise NotFound(f"no version of {text!r} answers in {there.registry.place}; name one, as NAME/VERSION.")
        added = pull(there.registry, key, root)
        yield f"{key[0]}/{key[1]} {'is' if added else 'was already'} in {root / key[0] / str(key[1])}."


def set_alias(models: Models, given: argparse.Namespace) -> Iterator[str]:
    """Have an alias stand for a version. Raises `InvalidRequest`, `NotFound` and `Unsupported`."""
    key, _ = models.find_version(given.version)
    models.registry.set_alias(key, check_alias(given.alias))
    yield f"{key[0]}@{given.alias} is {key[0]}/{key[1]} in {models.registry.place}."


def _require_folder(models: Models) -> Path:
    if not isinstance(models.registry, FolderRegistry):
        raise InvalidRequest(
            f"--models is {models.registry.place}; bundles are pushed from and pulled to a folder of this machine.",
            "models",
        )
    return models.registry.root


def _have_answer(models: Models, key: Key, listed: Listed) -> str:
    name, version = key
    models.registry.restore(key)
    if (alias := models.address.find_alias(name)) is not None:
        models.registry.set_alias(key, alias)
        return f"{_say_answering(models, name)}, as {name}@{alias}."
    newer = sorted(other for other in listed.versions - listed.retired if other > version)
    for other in newer:
        models.registry.retire((name, other))
    retired = f"; retired: {', '.join(map(str, newer))}" if newer else ""
    return f"{_say_answering(models, name)}{retired}."


def _say_answering(models: Models, name: str) -> str:
    [(_, listed)] = models.choose([name])
    version = models.find_answering(name, listed)
    if not version:
        return f"no version of {name} answers"
    if version <= listed.unloaded:
        return f"{name} is unloaded, and {name}/{version} will answer once it is loaded"
    return f"{name}/{version} answers"


def _list_rows(models: Models, name: str, listed: Listed) -> Iterator[tuple[str, ...]]:
    answering = models.find_answering(name, listed)
    for version in sorted(listed.versions, reverse=True):
        key = name, version
        state = _name_state(version, answering, listed)
        try:
            manifest = read_manifest(read_remote_manifest(models.registry, key))
            stored = models.registry.measure(key)
        except (SeriesmithError, OSError) as error:
            yield name, str(version), "unreadable", "", "", "", str(error)
            continue
        size = f"{stored.n_bytes / 1e6:.1f}"
        when = f"{stored.written:%Y-%m-%d %H:%M}" if stored.written else ""
        yield name, str(version), state, when, size, manifest.provenance.dataset, _describe_worth(manifest)


def _name_state(version: int, answering: int, listed: Listed) -> str:
    """Whether a version answers, and its aliases."""
    state = "answers" if version == answering else "older" if version < answering else "newer"
    if version in listed.retired:
        state = "retired"
    if version <= listed.unloaded:
        state = "unloaded"
    return " ".join([state, *(f"@{alias}" for alias, of in sorted(listed.aliases.items()) if of == version)])


def _describe_worth(manifest: Manifest) -> str:
    return "" if manifest.metrics.accuracy is None else describe_held_out(manifest.metrics)
