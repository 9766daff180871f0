"""Two instances are restarted in turn, and no request fails: behind nginx, and where clients turn to the other one."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.ledger import open_ledger
from tests.reliability.load import WIRES, Payloads, is_answered, load_steadily, wait_for_answers
from tests.reliability.processes import end
from tests.reliability.sizes import Sizes
from tests.service.server import Server, find_free_ports, run_server, wait_until

pytestmark = pytest.mark.reliability


def test_two_instances_are_restarted_in_turn_behind_nginx(
    repository: Path, tmp_path: Path, payloads: Payloads, sizes: Sizes
):
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("needs nginx")
    ledger = open_ledger("rolling restart of two instances behind nginx")
    front, again = find_free_ports(2)
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
    with ExitStack() as servers:
        first = servers.enter_context(run_server(tmp_path / "first", repository, http_port=again))
        second = servers.enter_context(run_server(tmp_path / "second", repository))
        balanced = servers.enter_context(_balance(nginx, tmp_path, front, [first, second], payloads))
        http = [wire for wire in WIRES if "grpc" not in wire]
        with load_steadily(balanced, payloads, ledger, wires=http, pause=0.005):
            wait_for_answers(ledger, sizes.answers)
            end(first)
            wait_for_answers(ledger, sizes.answers)
            servers.enter_context(run_server(tmp_path / "third", repository, http_port=again))
            time.sleep(1)  # for as long as nginx takes a server for failed
            wait_for_answers(ledger, sizes.answers)
            end(second)
            wait_for_answers(ledger, sizes.answers)
    ledger.restarted = 2
    ledger.require_none("wrong", "lost", "refused")


def test_two_instances_are_restarted_in_turn_and_clients_turn_to_the_other(
    repository: Path, tmp_path: Path, payloads: Payloads, sizes: Sizes
):
    """Every wire, gRPC too: whoever is refused by one instance, for it ends or begins, asks the other."""
    ledger = open_ledger("rolling restart of two instances, clients know both")
    http_port, grpc_port = find_free_ports(2)
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
    again: dict[str, Any] = {"http_port": http_port, "grpc_port": grpc_port}
    with ExitStack() as servers:
        first = servers.enter_context(run_server(tmp_path / "first", repository, **again))
        second = servers.enter_context(run_server(tmp_path / "second", repository))
        with load_steadily([first, second], payloads, ledger):
            wait_for_answers(ledger, sizes.answers)
            end(first)
            wait_for_answers(ledger, sizes.answers)
            third = servers.enter_context(run_server(tmp_path / "third", repository, **again))
            third.http.close()  # its connection would be counted for a client's
            _wait_for_clients_to_come_back(first)
            end(second)
            wait_for_answers(ledger, sizes.answers)
    ledger.restarted = 2
    ledger.require_none("wrong", "lost", "refused")


def _wait_for_clients_to_come_back(server: Server) -> None:
    """Each gRPC client tries again when its back-off is over, after a second or two."""
    fresh = Server(server.url)
    try:
        wait_until(lambda: fresh.read_metrics()["seriesmith_connections"] > len(WIRES), seconds=30, what="all clients")
    finally:
        fresh.http.close()


@contextmanager
def _balance(nginx: str, folder: Path, port: int, servers: list[Server], payloads: Payloads) -> Iterator[Server]:
    """nginx in front of servers."""
    upstream = [f"server 127.0.0.1:{server.http.base_url.port} max_fails=1 fail_timeout=1s;" for server in servers]
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, upstream=" ".join(upstream), port=port))
    balancer = subprocess.Popen([nginx, "-c", str(configuration), "-p", str(folder)])
    balanced = Server(f"http://127.0.0.1:{port}")
    try:
        wait_until(lambda: is_answered(balanced, payloads), seconds=10, what="nginx")
        yield balanced
    finally:
        balanced.http.close()
        balancer.terminate()
        balancer.wait(10)


NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream seriesmith {{
        {upstream}
        keepalive 16;
    }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 0;
        location / {{
            proxy_pass http://seriesmith;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_next_upstream error timeout http_503 non_idempotent;
        }}
    }}
}}
"""
