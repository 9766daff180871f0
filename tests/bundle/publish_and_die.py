"""Publishes two files and a manifest again and again, and is killed once at every line that publishing runs through.

Prints how many lines there are; after each death the repository must hold whole versions alone.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bundle import leftovers, publish, writing  # noqa: E402
from bundle.manifest import read_manifest  # noqa: E402

STEPS = {str(module.__file__) for module in (leftovers, publish, writing)}


def die_at(step: int) -> Any:
    """A trace function that kills the process at the `step`-th line of publishing."""
    seen = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal seen
        if frame.f_code.co_filename not in STEPS:
            return None
        if event == "line":
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def check_versions(parent: Path, expected: dict[str, int]) -> None:
    """Whether every version that can be seen is whole; they are then taken away, and all but one of what was left."""
    for directory in parent.glob("[0-9]*"):
        sizes = {file.name: file.stat().st_size for file in directory.iterdir()}
        assert read_manifest((directory / "manifest.json").read_bytes()).version == int(directory.name)
        assert {name: size for name, size in sizes.items() if name != "manifest.json"} == expected
        shutil.rmtree(directory)
    for left in sorted(parent.glob(".tmp-*"))[1:]:
        shutil.rmtree(left)


def main(source: Path, root: Path) -> None:
    """Die at line 1, then at line 2, and so on, until a publisher lives."""
    manifest = read_manifest((source / "manifest.json").read_bytes())
    files = {name: os.urandom(1000) for name in ("decoder.onnx", "probe.npz")}
    expected = {name: len(content) for name, content in files.items()}
    step, status = 0, -1
    while status != 0:
        step += 1
        child = os.fork()
        if child == 0:
            sys.settrace(die_at(step))
            publish.publish(
                root, manifest.name, files, lambda version: manifest.model_copy(update={"version": version})
            )
            sys.settrace(None)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        check_versions(root / manifest.name, expected)
    print(step)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
