"""gRPC speaks TLS where it has a certificate, and asks clients for theirs where it is told to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from seriesmith import Client, Unreachable
from service.grpc.tls import build_tls_context, require_tls_beside_https
from service.settings import Settings
from tests.service.bundles import Labelled
from tests.service.grpc.certificates import make_authority, sign
from tests.service.grpc.conftest import SERVERS
from tests.service.server import Server, run_server, wait_until

OPEN = Settings(grpc_host="0.0.0.0")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the server and of its clients."""
    return make_authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def pair(authority: Path) -> tuple[Path, Path]:
    """The server's certificate and key."""
    return sign(authority, "server")


@pytest.fixture(scope="module", params=SERVERS)
def mutual(
    request: pytest.FixtureRequest,
    repository: Path,
    authority: Path,
    pair: tuple[Path, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """Asks for the authority's certificates, and has one."""
    tls: dict[str, Any] = {"grpc_certfile": pair[0], "grpc_keyfile": pair[1], "grpc_client_ca": authority}
    folder = tmp_path_factory.mktemp("mutual")
    with run_server(folder, repository, grpc=request.param, head_seconds=1, **tls) as running:
        yield running


def _open_channel(server: Server, roots: Path, own: tuple[Path, Path] | None = None) -> grpc.Channel:
    chain, key = (own[0].read_bytes(), own[1].read_bytes()) if own else (None, None)
    credentials = grpc.ssl_channel_credentials(roots.read_bytes(), key, chain)
    return grpc.secure_channel(server.grpc, credentials, [("grpc.use_local_subchannel_pool", 1)])


def _check(channel: grpc.Channel) -> Any:
    return health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)


def test_a_client_with_a_certificate_is_answered(mutual: Server, authority: Path):
    with _open_channel(mutual, authority, sign(authority, "client")) as channel:
        assert _check(channel).status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("kind", ["none", "another authority's"])
def test_a_client_without_the_right_one_is_not(mutual: Server, authority: Path, kind: str, tmp_path: Path):
    own = None if kind == "none" else sign(make_authority(tmp_path, "stranger"), "client")
    with _open_channel(mutual, authority, own) as channel, pytest.raises(grpc.RpcError) as refused:
        _check(channel)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_who_speaks_no_tls_is_not_answered(mutual: Server):
    with grpc.insecure_channel(mutual.grpc) as channel, pytest.raises(grpc.RpcError) as refused:
        _check(channel)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_old_tls_is_refused_and_http_2_is_agreed_on(mutual: Server, authority: Path):
    host, _, port = mutual.grpc.partition(":")
    context = ssl.create_default_context(cafile=str(authority))
    context.load_cert_chain(*sign(authority, "raw"))
    context.set_alpn_protocols(["h2"])
    with context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host) as agreed:
        assert agreed.selected_alpn_protocol() == "h2" and agreed.version() in ("TLSv1.2", "TLSv1.3")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((host, int(port))) as plain, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(plain, server_hostname=host)


def test_a_handshake_that_does_not_go_on_is_given_up(mutual: Server):
    host, _, port = mutual.grpc.partition(":")
    with socket.create_connection((host, int(port)), timeout=15) as silent:
        silent.sendall(b"\x16\x03\x01")
        assert wait_until(lambda: silent.recv(100) == b"", seconds=10, what="the end of the connection")


@pytest.mark.parametrize("kind", SERVERS)
def test_our_client_speaks_tls_to_a_server_that_asks_for_no_certificate(
    repository: Path,
    authority: Path,
    pair: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cases: Labelled,
    kind: str,
):
    both = tmp_path / "both.pem"
    both.write_bytes(pair[0].read_bytes() + pair[1].read_bytes())
    # Instead of GRPC_DEFAULT_SSL_ROOTS_FILE_PATH, which grpcio reads once in a process.
    credentials = grpc.ssl_channel_credentials(authority.read_bytes())
    monkeypatch.setattr(grpc, "ssl_channel_credentials", lambda: credentials)
    with run_server(tmp_path, repository, "a secret", grpc=kind, grpc_certfile=both) as server:
        with Client(f"grpcs://{server.grpc}", api_key="a secret") as client:
            assert len(client.classify(cases.series[:3], model="sines").labels) == 3
        with pytest.raises(Unreachable), Client(f"grpc://{server.grpc}", api_key="a secret", timeout=5) as client:
            client.classify(cases.series[:3], model="sines")


def test_what_is_no_certificate_is_refused_by_the_variables_name(authority: Path, pair: tuple[Path, Path]):
    other = sign(authority, "other")[1]
    certificate, key = map(str, pair)
    broken = authority.with_name("broken.pem")
    broken.write_text("-----BEGIN CERTIFICATE-----\nxyz\n-----END CERTIFICATE-----\n")
    for given, words in [
        ((certificate, key + ".gone", ""), "SERIESMITH_GRPC_KEYFILE .* cannot be read: No such file"),
        ((certificate + ".gone", key, ""), "SERIESMITH_GRPC_CERTFILE .* cannot be read: No such file"),
        ((str(broken), key, ""), "SERIESMITH_GRPC_CERTFILE .* no certificate and its key"),
        ((certificate, str(other), ""), "no certificate and its key"),
        ((certificate, "", ""), "no certificate and its key"),
        ((certificate, key, str(broken)), "SERIESMITH_GRPC_CLIENT_CA .* holds no certificate"),
        ((certificate, key, str(broken.parent)), "SERIESMITH_GRPC_CLIENT_CA .* cannot be read: Is a directory"),
    ]:
        with pytest.raises(ValueError, match=words):
            build_tls_context(Settings(grpc_certfile=given[0], grpc_keyfile=given[1], grpc_client_ca=given[2]))
    assert build_tls_context(Settings(grpc_certfile=certificate, grpc_keyfile=key)) is not None


@pytest.mark.parametrize("arguments", [["--ssl-certfile", "a.pem"], ["--ssl-certfile=a.pem"]])
def test_a_key_that_http_would_hide_and_grpc_would_not_is_refused(arguments: list[str]):
    with pytest.raises(ValueError, match="in the clear; set SERIESMITH_GRPC_CERTFILE"):
        require_tls_beside_https(OPEN, ["serve", *arguments])
    for secret in (Settings(), Settings(grpc_host="[::]", grpc_port=0), Settings(grpc_host="::", grpc_certfile="a")):
        require_tls_beside_https(secret, ["serve", *arguments])
    require_tls_beside_https(OPEN, ["serve"])
