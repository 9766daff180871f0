"""Tries a bundle in a process of its own: where that process dies, of memory too, the bundle is refused.

The process reports the hash of the manifest that it read, which holds those of all files; only these are loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

from bundle.engine.sessions import Interrupt, Runtime
from bundle.errors import BundleError
from bundle.reading import MANIFEST_BYTES, Folder, Unreadable

POLL_SECONDS = 0.05

ANSWER_BYTES = 10_000
"""Most bytes that are read of what the process says."""


def try_bundle(directory: Path, most_bytes: int, memory: int, seconds: float, interrupt: Interrupt) -> str:
    """Try a bundle in a process of its own, within `memory` bytes, and return the SHA-256 of its manifest.

    Raises `BundleError` where it does not, or `interrupt` came.
    """
    root = Path(__file__).resolve().parents[1]
    command = [
        sys.executable,
        "-m",
        "bundle.trial",
        str(directory),
        str(most_bytes),
        str(memory),
        str(int(seconds) + 1),
    ]
    # Nothing of the server's environment: what is tried may be a stranger's, and keys are in there.
    environment = {
        name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
    } | {"PYTHONPATH": os.pathsep.join([str(root), *filter(None, sys.path)]), "OPENBLAS_NUM_THREADS": "1"}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise Unreadable(f"no process can be started to try it: {error.strerror}.") from error
    try:
        while process.poll() is None and not interrupt.is_set:
            time.sleep(POLL_SECONDS)
        process.kill()
        assert process.stdout is not None
        said = process.stdout.read(ANSWER_BYTES)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    return _read_verdict(said, process.returncode, memory)


def _read_verdict(said: bytes, status: int, memory: int) -> str:
    try:
        answer = json.loads(said)
    except ValueError:
        answer = None
    if status != 0 or not isinstance(answer, dict):
        death = signal.Signals(-status).name if status < 0 else f"status {status}"
        raise BundleError(f"the process that tried it ended with {death}; it may take {memory} bytes of memory.")
    if answer["refused"] is not None:
        raise (Unreadable if answer["may_pass"] else BundleError)(answer["refused"])
    return str(answer["manifest"])


def main(directory: Path, most_bytes: int, memory: int, seconds: int) -> None:
    """Load a bundle and run it within limits; print what came of it."""
    from bundle.engine.bundle import Bundle, Terms

    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + memory, taken + memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer: dict[str, object] = {"refused": None, "may_pass": False}
    try:
        with Folder(directory, most_bytes) as folder:
            answer["manifest"] = hashlib.sha256(folder.read("manifest.json", MANIFEST_BYTES)).hexdigest()
        terms = Terms(most_bytes, manifest_sha256=str(answer["manifest"]))
        Bundle.load(directory, Runtime("cpu", 1), terms).warm_up()
    except BundleError as error:
        answer |= {"refused": error.message, "may_pass": isinstance(error, Unreadable)}
    except Exception as error:
        answer["refused"] = f"it verifies but does not run in {memory} bytes of memory: {str(error)[:400]}"
    print(json.dumps(answer), flush=True)
    # Without the destructors of what is being tried.
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
