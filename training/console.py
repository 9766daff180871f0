"""`seriesmith`: what is done with datasets, a command each. What a command needs is imported when it is chosen."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from itertools import pairwise

from training.nursery import open_nursery

COMMANDS = {
    "fit": "learn a dataset and publish its bundle",
    "tune": "search settings on held-out training cases, then fit and publish the best",
    "generate": "write a generated dataset to a file, or series of a bundle to many (--bundle)",
    "classify": "score series in bulk by a bundle: labels, anomaly scores, typicality",
    "evaluate": "measure policies over many datasets",
    "compare": "every family on the same datasets, or what bundles' manifests say, side by side",
    "advise": "say whether augmentation is likely to help a dataset, before any training",
    "windows": "measure a bundle of unlabelled windows by TimeGAN's protocol",
    "picture": "draw a dataset's series beside those sampled from its bundle",
    "describe": "print the families and options that a fit has, as JSON",
    "models": "list a repository, say which version answers, roll back, prune",
    "walk": "draw the series between a bundle's classes, and along its latent axes",
}
"""Modules of training/ with `main(arguments, prog)`, and what each does."""

SIDE_BY_SIDE = ("fit",)
"""Commands that always work in several processes."""

INSTALL = "pip install -e '.[cpu,training]'"

REFUSED = 2
"""The exit status of a command that was refused."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the first argument names; the exit status."""
    command, *rest = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if command in ("-h", "--help"):
        print(describe_commands())
        return 0
    if command not in COMMANDS:
        print(f"seriesmith has no command {command!r}; it has: {', '.join(COMMANDS)}.", file=sys.stderr)
        return REFUSED
    return run_command(command, rest, f"seriesmith {command}")


def describe_commands() -> str:
    """What `--help` says."""
    width = max(map(len, COMMANDS))
    lines = [f"  {command:{width}}  {what}" for command, what in COMMANDS.items()]
    return "\n".join(["usage: seriesmith COMMAND …", "", *lines, "", "seriesmith COMMAND --help lists its settings."])


def run_command(command: str, arguments: Sequence[str], prog: str) -> int:
    """Import a command and run it; the exit status. `prog` is what it calls itself."""
    os.environ["MPLBACKEND"] = "Agg"  # pictures are files; a notebook's own backend may not be installed here
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)  # importing torch takes seconds, Ctrl-C needs no traceback
    try:
        if command in SIDE_BY_SIDE and not works_alone(arguments):
            open_nursery()  # it imports meanwhile
        module = importlib.import_module(find_module(command, arguments))
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("training", "bundle"):
            raise
        print(f"{prog} needs {error.name}, which is not installed here: {INSTALL}", file=sys.stderr)
        return REFUSED
    finally:
        signal.signal(signal.SIGINT, before)
    status: int = module.main(list(arguments), prog)
    return status


def find_module(command: str, arguments: Sequence[str]) -> str:
    """The module of a command: one that is given a bundle to generate from needs nothing that learns."""
    if command == "generate" and any(word == "--bundle" or word.startswith("--bundle=") for word in arguments):
        return "training.scale.sampling"
    return f"training.{command}"


def works_alone(arguments: Sequence[str]) -> bool:
    """Whether a command line asks for no process beside its own: with one worker, or for help."""
    joined = " ".join(arguments).replace("=", " ").split()
    one = ("--workers", "1") in pairwise(joined)
    return one or bool({"-h", "--help"}.intersection(arguments))
