"""The next connection, of HTTP or gRPC, is shown a certificate that was renewed; a broken one changes nothing."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.service.grpc.certificates import make_authority, sign
from tests.service.server import ROOT, find_free_ports, wait_until


@contextmanager
def run_secured(folder: Path, models: Path, chain: Path, key: Path) -> Iterator[tuple[int, int]]:
    """The ports, of HTTP and of gRPC, of a server with TLS on both, as deploy/kubernetes/components/tls sets it."""
    http, rpc = find_free_ports(2)
    environment = {name: text for name, text in os.environ.items() if not name.startswith("SERIESMITH_")} | {
        "BENTOML_HOME": str(folder / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
        "SERIESMITH_MODELS": str(models),
        "SERIESMITH_MOUNT": "none",
        "SERIESMITH_WORKERS": "1",
        "SERIESMITH_DRAIN_SECONDS": "0",
        "SERIESMITH_GRPC_PORT": str(rpc),
        "SERIESMITH_GRPC_CERTFILE": str(chain),
        "SERIESMITH_GRPC_KEYFILE": str(key),
    }
    command = [sys.executable, "-m", "service", "--host=127.0.0.1", f"--port={http}"]
    command += [f"--ssl-certfile={chain}", f"--ssl-keyfile={key}"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield http, rpc
    finally:
        process.terminate()
        process.wait(30)


def read_serial(port: int, authority: Path) -> str:
    """Of the certificate that a new connection is shown and that the authority has signed; empty where none comes."""
    context = ssl.create_default_context(cafile=authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname="localhost") as shown,
        ):
            return str((shown.getpeercert() or {})["serialNumber"])
    except OSError:
        return ""


def replace(source: tuple[Path, Path], target: tuple[Path, Path]) -> None:
    """As whole files, the certificate before its key."""
    for old, new in zip(target, source, strict=True):
        shutil.copy(new, old.with_suffix(".new"))
        old.with_suffix(".new").rename(old)


@pytest.mark.long
def test_a_renewed_certificate_is_taken_up_and_a_broken_one_changes_nothing(repository: Path, tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    pairs = [sign(authority, name) for name in ("first", "second")]
    files = tmp_path / "tls.crt", tmp_path / "tls.key"
    replace(pairs[0], files)
    with run_secured(tmp_path, repository, *files) as ports:
        first = wait_until(lambda: read_serial(ports[1], authority), 90, "a server that is ready")
        assert read_serial(ports[0], authority) == first
        files[1].write_text("no key")
        log = tmp_path / "server.log"
        wait_until(lambda: log.read_text().count("the one before goes on") == 2, 10, "both to be refused")
        assert [read_serial(port, authority) for port in ports] == [first, first]
        replace(pairs[1], files)
        wait_until(lambda: read_serial(ports[0], authority) not in ("", first), 10, "HTTP to take it up")
        wait_until(lambda: read_serial(ports[1], authority) not in ("", first), 10, "gRPC to take it up")
        assert read_serial(ports[0], authority) == read_serial(ports[1], authority)
