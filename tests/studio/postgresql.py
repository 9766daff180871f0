"""A PostgreSQL server of its own for tests, where Debian's is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.service.server import find_free_ports


@contextmanager
def run_postgresql() -> Iterator[str]:
    """The URL of an empty database, whose server ends with the context. Skips where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL's server is not installed (/usr/lib/postgresql); apt-get install postgresql.")
    programs, user = found[-1].parent, _choose_user()
    home = Path(tempfile.mkdtemp(prefix="seriesmith-"))  # not pytest's: another user enters it
    if user is not None:
        shutil.chown(home, user)
    (port,) = find_free_ports(1)
    data, log = home / "data", home / "log"
    _run([str(programs / "initdb"), "-D", str(data), "-U", "studio", "-A", "trust", "--no-sync"], user)
    options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(log)]
    _run([*control, "-o", options, "start"], user)
    try:
        yield f"postgresql+psycopg://studio@127.0.0.1:{port}/postgres"
    finally:
        _run([*control, "-m", "immediate", "stop"], user)
        shutil.rmtree(home, ignore_errors=True)


def _choose_user() -> str | None:
    """Who runs it: it refuses root."""
    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


def _run(command: list[str], user: str | None) -> None:
    ended = subprocess.run(command, user=user, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert ended.returncode == 0, ended.stdout.decode(errors="replace")
