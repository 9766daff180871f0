"""Writes what follows from the operations and the .proto files: `make proto`.

    python -m scripts.generate

`service/proto/seriesmith.proto` follows from `service/operations/`; the stubs of both packages from the .proto files;
the answers, the calls and the methods of the client from `service/operations/` again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

from scripts.endpoints.answers import write_answers
from scripts.endpoints.calls import write_operations
from scripts.endpoints.clients import write_clients
from scripts.endpoints.numbers import Numbers
from scripts.endpoints.proto import write_proto

ROOT = Path(__file__).resolve().parent.parent
PROTOS = Path("service/proto")
PROTO = PROTOS / "seriesmith.proto"
CLIENT = Path("client/seriesmith")
INSIDE = "seriesmith/v1"
"""Where a .proto lies by the name of its package. The stubs of client and service know it by this one name, so that a
process may import both."""


def generate(root: Path) -> None:
    """Write every file below `root`, which has the .proto whose numbers are kept.

    Raises `ValueError`, and `TypeError` for a field that no message can hold.
    """
    (root / PROTO).write_text(write_proto(Numbers(root / PROTO)), encoding="utf-8")
    _write_stubs(root)
    for name, text in {
        "answers.py": write_answers(),
        "operations.py": write_operations(),
        "clients.py": write_clients(),
    }.items():
        (root / CLIENT / name).write_text(_format(text, ROOT / CLIENT / name), encoding="utf-8")


def _write_stubs(root: Path) -> None:
    """Write the stubs of each .proto beside it, and those of ours into the client too."""
    others = [str(PROTOS / path.name) for path in sorted((root / PROTOS).glob("*.proto")) if path.name != PROTO.name]
    (root / CLIENT / "v1").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run_protoc(folder, f"-I{root}", *others)
        _run_protoc(folder, f"-I{INSIDE}={root / PROTOS}", f"{INSIDE}/{PROTO.name}")
        for path in [*(folder / PROTOS).iterdir(), *(folder / INSIDE).iterdir()]:
            shutil.copy(path, root / PROTOS)
        for path in (folder / INSIDE).iterdir():
            shutil.copy(path, root / CLIENT / "v1")


def _run_protoc(folder: Path, *arguments: str) -> None:
    if protoc.main(["protoc", f"--python_out={folder}", f"--pyi_out={folder}", *arguments]) != 0:
        raise ValueError("protoc could not read a .proto; what it said is above.")


def _format(text: str, path: Path) -> str:
    """Return a module, to lie at `path`, in the project's style and without the imports that it does not use."""
    for command in (["check", "--fix-only", "--quiet", "--select", "F401,I"], ["format"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(path), "-"]
        text = subprocess.run(ruff, input=text, text=True, stdout=subprocess.PIPE, check=True).stdout
    return text


if __name__ == "__main__":
    try:
        generate(ROOT)
    except (TypeError, ValueError) as error:
        sys.exit(str(error))
