"""The commands of training/, run in processes of their own by this Python, from the code that this process runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

RUN = "import sys; from training.console import main; sys.exit(main(sys.argv[1:]))"


def make_command(*arguments: str) -> list[str]:
    """The command line that runs `seriesmith` with arguments."""
    return [sys.executable, "-c", RUN, *arguments]


def make_environment(without: Iterable[str] = ("_SERIESMITH_SUPERVISOR",)) -> dict[str, str]:
    """The environment of such a process: ours, where modules are found, and nothing that makes it a worker."""
    kept = {name: text for name, text in os.environ.items() if name not in without}
    return kept | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(place or os.getcwd() for place in sys.path))}
