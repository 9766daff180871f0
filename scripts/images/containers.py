"""Runs an image as an orchestrator with strict rules would: as nobody, read-only, without privileges or a network.

The process is the first of its PID namespace, its root is mounted read-only, /tmp is a tmpfs, and no capability is left
or can come back. In place of a container engine: unshare, mount, setpriv and chroot.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOBODY = 65534

PREPARE = """
set -e
root=$1; shift
ip link set lo up
echo "127.0.0.1 localhost" > "$root/etc/hosts"  # as engines do
mount --bind "$root" "$root"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for name in null zero full random urandom; do touch "$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"; done
mkdir -m 1777 "$root/dev/shm"
mount -t tmpfs -o mode=1777,nosuid,nodev,size=64m tmpfs "$root/dev/shm"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o mode=1777,nosuid,nodev,size=1g tmpfs "$root/tmp"
while [ "$1" != -- ]; do mount --bind "$1" "$root$2"; mount -o "remount,bind,$3" "$root$2"; shift 3; done
shift
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec={user}:{user} --groups= "$root" /usr/bin/env -i "$@"
"""


@dataclass(frozen=True)
class Volume:
    """A folder of this machine, and where the container sees it."""

    source: Path
    target: str
    writable: bool = False


@dataclass
class Container:
    """A process that runs; `pid` is its number here, where inside it is 1."""

    process: subprocess.Popen[bytes]
    log: Path
    started: float
    pid: int

    def call(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program of this machine in the container's network."""
        inside = ["nsenter", "--target", str(self.pid), "--net", *command]
        return subprocess.run(inside, capture_output=True, text=True, timeout=120)

    def execute(self, configuration: Mapping[str, Any], *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the image beside the process, as a health check does."""
        namespaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--root"]
        user = ["--setuid", str(NOBODY), "--setgid", str(NOBODY)]
        inside = ["nsenter", "--target", str(self.pid), *namespaces, *user, "/usr/bin/env", "-i"]
        return subprocess.run([*inside, *configuration["Env"], *command], capture_output=True, text=True, timeout=60)

    def read_status(self) -> dict[str, str]:
        """Return what Linux says of the process: Uid, CapEff, NoNewPrivs …"""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def end(self, patience: float = 60) -> int:
        """Send SIGTERM; return the exit code, which is above 128 where a signal ended the process."""
        os.kill(self.pid, signal.SIGTERM)
        return self.process.wait(patience)


@contextmanager
def run_container(
    root: Path,
    configuration: Mapping[str, Any],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    volumes: tuple[Volume, ...] = (),
    arguments: tuple[str, ...] = (),
) -> Iterator[Container]:
    """Start the image unpacked at `root`; what still runs at the end is killed. Both streams go to `log`."""
    for volume in volumes:  # before the root is read-only; an engine makes these too
        (root / volume.target.removeprefix("/")).mkdir(parents=True, exist_ok=True)
    mounts = [part for each in volumes for part in (str(each.source), each.target, "rw" if each.writable else "ro")]
    variables = [*configuration["Env"], *(f"{name}={value}" for name, value in (environment or {}).items())]
    command = [*configuration["Entrypoint"], *(arguments or configuration["Cmd"] or ())]
    inside = [*mounts, "--", f"--chdir={configuration['WorkingDir'] or '/'}", *variables, *command]
    namespaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"]
    script = PREPARE.replace("{user}", str(NOBODY))
    started = time.monotonic()
    with log.open("wb") as stream:
        process = subprocess.Popen(
            ["unshare", *namespaces, "sh", "-c", script, "sh", str(root), *inside], stdout=stream, stderr=stream
        )
    try:
        yield Container(process, log, started, find_child(process))
    finally:
        process.kill()
        process.wait()


def find_child(process: subprocess.Popen[bytes]) -> int:
    """Return the number of the process that `unshare` starts. Raises `SystemExit` where it starts none."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and process.poll() is None:
        if found := children.read_text().split():
            return int(found[0])
        time.sleep(0.01)
    raise SystemExit(f"unshare started nothing (exit code {process.poll()}); are namespaces allowed here?")
