"""nginx as deploy/nginx/nginx.conf has it, before servers of this machine, on ports of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtest.peers.graph import ROOT
from loadtest.server import NotRun, find_free_ports

CONFIGURATION = ROOT / "deploy/nginx/nginx.conf"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""Folders of nginx, which else lie in the system's."""

STOP_SECONDS = 10.0


def find_nginx() -> str | None:
    """The program, which Debian keeps where only root looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextmanager
def run_nginx(folder: Path, servers: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The ports, of HTTP and of gRPC, on which nginx shares requests out among `servers`, each known by its own two.

    What it writes lies in `folder`. Raises `NotRun` where it is not installed or does not start.
    """
    program = find_nginx()
    if program is None:
        raise NotRun("nginx is not installed; apt-get install nginx")
    http, rpc = find_free_ports(2)
    (folder / "nginx.conf").write_text(write_configuration(folder, servers, http, rpc))
    as_root = "user root; " if os.geteuid() == 0 else ""
    command = [program, "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]
    rest = ["-g", f"{as_root}daemon off; pid {folder}/nginx.pid;"]
    tried = subprocess.run([*command, "-t", *rest], capture_output=True, text=True)
    if tried.returncode:
        raise NotRun(f"nginx refuses its configuration: {tried.stderr.strip()[-300:]}")
    process = subprocess.Popen([*command, *rest], stdin=subprocess.DEVNULL)
    try:
        yield http, rpc
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def write_configuration(folder: Path, servers: Sequence[tuple[int, int]], http: int, rpc: int) -> str:
    """The example's text with these addresses in place of its own, and with files in `folder`."""
    text = CONFIGURATION.read_text()
    changed = {
        "listen 80 ": f"listen 127.0.0.1:{http} ",
        "listen 81 ": f"listen 127.0.0.1:{rpc} ",
        "/var/log/nginx/": f"{folder}/",
        "\nhttp {\n": "\nhttp {\n" + "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in TEMPORARY),
    }
    for port, index in ((3000, 0), (3001, 1)):
        named = [f"        server seriesmith-{number}:{port} max_fails=1 fail_timeout=2s;\n" for number in (1, 2)]
        ours = [named[0].replace(f"seriesmith-1:{port}", f"127.0.0.1:{server[index]}") for server in servers]
        changed["".join(named)] = "".join(ours)
    for old, new in changed.items():
        if text.count(old) != 1:
            found = text.count(old)
            raise ValueError(f"{CONFIGURATION} must have {old!r} once, to be tried here; it is there {found} times.")
        text = text.replace(old, new)
    return text
