"""`seriesmith models`: what a repository holds, and which version of a model answers."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

if __name__ == "__main__":  # before what may not be installed
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("models")

from bundle.errors import InvalidRequest, NotFound, SeriesmithError, Unsupported
from bundle.looking import Name, look
from bundle.manifest import VERSION_PATTERN, Manifest, read_manifest
from bundle.pruning import choose_surplus, remove_version
from bundle.reading import MANIFEST_BYTES, Folder
from bundle.repository import SHIPPED
from bundle.retiring import restore, retire
from training.figures import describe_held_out

HEAD = ("model", "version", "state", "written", "MB", "dataset", "accuracy")


def main(arguments: Sequence[str] | None = None, prog: str = "seriesmith models") -> int:
    """The command line; answers the exit status."""
    given = _build_parser(prog).parse_args(arguments)
    root = given.models or Path(os.environ.get("SERIESMITH_MODELS") or SHIPPED)
    try:
        for line in given.run(root, given):
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
        command.add_argument("--models", type=Path, help="the repository (default: SERIESMITH_MODELS, or models/)")
        command.set_defaults(run=run)
        return command

    show = add("list", list_models, "list models, versions and what each is worth")
    promote = add("promote", promote_version, "have a version answer: newer ones are retired, and none is lost")
    promote.add_argument("version", metavar="NAME/VERSION")
    back = add("rollback", roll_back, "have the version before the one that answers answer")
    back.add_argument("name", metavar="NAME")
    again = add("restore", restore_version, "have a version that was retired served again")
    again.add_argument("version", metavar="NAME/VERSION")
    prune = add("prune", prune_models, "remove old and retired versions from the disk")
    prune.add_argument("--keep", type=int, default=3, help="newest versions that stay, retired ones apart (default: 3)")
    prune.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    for command in (show, prune):
        command.add_argument("names", nargs="*", metavar="NAME", help="models (default: all)")
    return parser


def list_models(root: Path, given: argparse.Namespace) -> Iterator[str]:
    """Yield a table, a row for each version, newest first. Raises `NotFound`."""
    rows = [HEAD, *(row for name, seen in _choose(root, given.names) for row in _list_rows(root, name, seen))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def promote_version(root: Path, given: argparse.Namespace) -> Iterator[str]:
    """Retire every version newer than the one given, which is restored. Raises `NotFound` and `Unsupported`."""
    name, version = _read_version(given.version)
    yield _have_answer(root, name, version)


def roll_back(root: Path, given: argparse.Namespace) -> Iterator[str]:
    """Promote the version before the one that answers. Raises `NotFound` and `Unsupported`."""
    [(name, seen)] = _choose(root, [given.name])
    standing = sorted(seen.versions - seen.retired)
    if len(standing) < 2:
        raise Unsupported(f"{name!r} has {len(standing)} version that is not retired; there is none to go back to.")
    yield _have_answer(root, name, standing[-2])


def restore_version(root: Path, given: argparse.Namespace) -> Iterator[str]:
    """Take the mark of a version away. Raises `NotFound` and `Unsupported`."""
    name, version = _read_version(given.version)
    _choose(root, [name])
    restore(root / name, version)
    yield f"{name}/{version} is restored; {_say_answering(root, name)}."


def prune_models(root: Path, given: argparse.Namespace) -> Iterator[str]:
    """Remove what is not among the newest. Raises `InvalidRequest`, `NotFound` and `Unsupported`."""
    if given.keep < 1:
        raise InvalidRequest(f"--keep is {given.keep}; keep at least 1 version.", "keep")
    for name, seen in _choose(root, given.names):
        for version in choose_surplus(seen, given.keep):
            n_bytes = _measure(root / name / str(version))
            if not given.dry_run:
                remove_version(root / name, version)
            yield f"{'would remove' if given.dry_run else 'removed'} {name}/{version}, {n_bytes / 1e6:.1f} MB"


def _choose(root: Path, names: Sequence[str]) -> list[tuple[str, Name]]:
    """The models named, or all. Raises `NotFound`."""
    found = look(root)
    for name in names:
        if name not in found:
            raise NotFound(f"there is no model {name!r:.80} in {root}; there is: {', '.join(found) or '(none)'}.")
    return [(name, found[name]) for name in names or found]


def _read_version(text: str) -> tuple[str, int]:
    name, _, version = text.partition("/")
    if re.fullmatch(VERSION_PATTERN, version) is None:
        raise InvalidRequest(f"{text!r:.80} names no version; write NAME/VERSION, gunpoint/2 for instance.", "version")
    return name, int(version)


def _have_answer(root: Path, name: str, version: int) -> str:
    [(name, seen)] = _choose(root, [name])
    restore(root / name, version)
    standing = seen.versions - seen.retired | {version}
    newer = sorted(other for other in standing if other > version)
    for other in newer:
        retire(root / name, other, standing)
    retired = f"; retired: {', '.join(map(str, newer))}" if newer else ""
    return f"{_say_answering(root, name)}{retired}."


def _say_answering(root: Path, name: str) -> str:
    seen = look(root)[name]
    version = max(seen.versions - seen.retired)
    if version <= seen.unloaded:
        return f"{name} is unloaded, and {name}/{version} will answer once it is loaded"
    return f"{name}/{version} answers"


def _list_rows(root: Path, name: str, seen: Name) -> Iterator[tuple[str, ...]]:
    standing = seen.versions - seen.retired
    for version in sorted(seen.versions, reverse=True):
        state = "retired" if version in seen.retired else "answers" if version == max(standing, default=0) else "older"
        if version <= seen.unloaded:
            state = "unloaded"
        directory = root / name / str(version)
        try:
            with Folder(directory) as folder:
                manifest = read_manifest(folder.read("manifest.json", MANIFEST_BYTES))
            written = datetime.fromtimestamp((directory / "manifest.json").stat().st_mtime, UTC)
        except (SeriesmithError, OSError) as error:
            yield name, str(version), "unreadable", "", "", "", str(error)
            continue
        size = f"{_measure(directory) / 1e6:.1f}"
        when = f"{written:%Y-%m-%d %H:%M}"
        yield name, str(version), state, when, size, manifest.provenance.dataset, _describe_worth(manifest)


def _describe_worth(manifest: Manifest) -> str:
    return "" if manifest.metrics.accuracy is None else describe_held_out(manifest.metrics)


def _measure(directory: Path) -> int:
    """Bytes of a version's files."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
