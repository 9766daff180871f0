"""The addresses on which gRPC listens: `::` includes IPv4, a name is all its addresses, brackets are dropped."""

from __future__ import annotations

import errno
import ipaddress
import socket
from contextlib import ExitStack

from service.settings import Settings

ANY = "::"
"""Every interface, by IPv6 and by IPv4."""

LACKING = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
"""What binding says of an address that this machine lacks: ::1, say, to which its `localhost` points all the same."""


def bind_sockets(settings: Settings, shared: bool = True) -> list[socket.socket]:
    """Sockets bound to the host and the port; `shared` with other workers. Raises `OSError`."""
    lacking: OSError | None = None
    with ExitStack() as bound:
        sockets = []
        for family, address in _resolve(settings):
            try:
                sockets.append(bound.enter_context(_bind(family, address, shared)))
            except OSError as error:
                if error.errno not in LACKING:
                    raise
                lacking = error
        if lacking is not None and not sockets:
            raise lacking
        bound.pop_all()
    return sockets


def require_free_port(settings: Settings) -> None:
    """Raise `OSError` where another process listens. Workers share the port, and so would not notice it."""
    if not settings.grpc_port:
        return
    try:
        probes = bind_sockets(settings, shared=False)
    except OSError as error:
        raise OSError(
            f"the gRPC port {write_address(settings)} cannot be had ({error.strerror}); set SERIESMITH_GRPC_PORT to "
            "another, or to 0 for none, or SERIESMITH_GRPC_HOST to an address of this machine."
        ) from error
    for probe in probes:
        probe.close()


def is_loopback(settings: Settings) -> bool:
    """Whether nobody but this machine reaches the port. Raises `OSError`."""
    hosts = [address[0].partition("%")[0] for _, address in _resolve(settings)]
    return all(ipaddress.ip_address(host).is_loopback for host in hosts)


def write_address(settings: Settings) -> str:
    """The host and the port as one writes them."""
    host = _read_host(settings)
    return f"[{host}]:{settings.grpc_port}" if ":" in host else f"{host}:{settings.grpc_port}"


def _read_host(settings: Settings) -> str:
    return settings.grpc_host.removeprefix("[").removesuffix("]")


def _resolve(settings: Settings) -> list[tuple[int, tuple[str, int]]]:
    """Families and addresses, each once, in the system's order."""
    found = socket.getaddrinfo(
        _read_host(settings), settings.grpc_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))  # type: ignore[misc]


def _bind(family: int, address: tuple[str, int], shared: bool) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != ANY)
        one.bind(address)
    except BaseException:
        one.close()
        raise
    return one
