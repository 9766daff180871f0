"""TLS of the gRPC port: a certificate that cannot be used at the start is refused in a sentence that names the file."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

import grpc

from service.certificates import Certificate, refuse_passwords
from service.grpc.address import is_loopback, write_address
from service.settings import Settings

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2; HTTP/2 forbids its others (RFC 9113, appendix A)."""


def build_tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Build our server's TLS context; None where no certificate is set. Raises `ValueError`, naming the variable."""
    if not settings.grpc_certfile:
        return None
    chain, key, clients = _read_files(settings)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["h2"])
    try:
        context.load_cert_chain(chain, key, password=refuse_passwords)
    except (ssl.SSLError, ValueError) as error:
        raise ValueError(
            f"SERIESMITH_GRPC_CERTFILE ({chain}) and SERIESMITH_GRPC_KEYFILE ({key}) are no certificate and its key, "
            f"in PEM and without a password: {error}."
        ) from error
    if clients is not None:
        try:
            context.load_verify_locations(clients)
        except ssl.SSLError as error:
            raise ValueError(f"SERIESMITH_GRPC_CLIENT_CA ({clients}) holds no certificate in PEM: {error}.") from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def list_certificates(settings: Settings, context: ssl.SSLContext | None) -> list[Certificate]:
    """Return the certificate that `context` was built with; none where there is none."""
    if context is None:
        return []
    return [Certificate(context, Path(settings.grpc_certfile), Path(settings.grpc_keyfile or settings.grpc_certfile))]


def build_server_credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """Build the TLS credentials of grpcio's server; None where no certificate is set. Raises `ValueError`."""
    if build_tls_context(settings) is None:
        return None
    chain, key, clients = _read_files(settings)
    pair = key.read_bytes(), chain.read_bytes()
    if clients is None:
        return grpc.ssl_server_credentials([pair])
    return grpc.ssl_server_credentials([pair], clients.read_bytes(), require_client_auth=True)


def require_tls_beside_https(settings: Settings, arguments: Sequence[str]) -> None:
    """Raise `ValueError` where HTTP has TLS, by these arguments of BentoML, and gRPC answers the network without.

    A client that sends its key over HTTPS would send it in the clear over gRPC.
    """
    https = any(argument.partition("=")[0] == "--ssl-certfile" for argument in arguments)
    if https and settings.grpc_port and not settings.grpc_certfile and not is_loopback(settings):
        raise ValueError(
            f"HTTP has TLS, and gRPC on {write_address(settings)} has none, so that a key would cross the network in "
            "the clear; set SERIESMITH_GRPC_CERTFILE and SERIESMITH_GRPC_KEYFILE, or SERIESMITH_GRPC_HOST=127.0.0.1, "
            "or SERIESMITH_GRPC_PORT=0 for no gRPC."
        )


def _read_files(settings: Settings) -> tuple[Path, Path, Path | None]:
    """Return the files of certificate, key and clients' authorities, once opened. Raises `ValueError`."""
    named = {
        "CERTFILE": settings.grpc_certfile,
        "KEYFILE": settings.grpc_keyfile or settings.grpc_certfile,
        "CLIENT_CA": settings.grpc_client_ca,
    }
    for name, path in named.items():
        try:
            if path:
                Path(path).read_bytes()
        except OSError as error:
            raise ValueError(f"SERIESMITH_GRPC_{name} ({path}) cannot be read: {error.strerror}.") from error
    clients = named["CLIENT_CA"]
    return Path(named["CERTFILE"]), Path(named["KEYFILE"]), Path(clients) if clients else None
