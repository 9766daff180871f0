"""Who may use the studio: nobody at all on a public address without keys, and no web page of another origin.

A studio stores files and runs fits for whoever reaches it. So where no key is needed, it is there for this machine
alone. Which hosts HTTP is served on, a worker knows from its supervisor; started in another way it does not, and then
the studio wants a key too, since neither the Host header nor a connection behind a proxy proves where a request is
from.

On this machine's own addresses a page from elsewhere could still come in under a name of its own that suddenly means
127.0.0.1 (DNS rebinding): such a request has that name as its Host, and is refused. An address as Host is none that
could be bent so.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection

from bundle.errors import Forbidden
from service.identity import is_loopback

READING = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""

SETTING = "SERIESMITH_STUDIO_ALLOW_ANONYMOUS=true"
REMEDY = (
    "Set SERIESMITH_KEYS (made by `python -m service.keys`) or SERIESMITH_API_KEY, serve on 127.0.0.1, or say "
    f"{SETTING} where something else keeps strangers away."
)

Check = Callable[[str, dict[bytes, bytes]], None]
"""Called with method and headers; raises `Forbidden`."""


def find_why_shut(needs_key: bool, allow_anonymous: bool, hosts: Collection[str] | None) -> str:
    """Return in a sentence why the studio is not there; empty where it is. `hosts` None: nobody knows them."""
    if needs_key or allow_anonymous:
        return ""
    if hosts is None:
        return f"The studio is off: it is not known who reaches this server, and no key is needed. {REMEDY}"
    public = [host for host in hosts if not is_loopback(host)]
    if not public:
        return ""
    return f"The studio is off: other machines reach {public[0]}, and no key is needed. {REMEDY}"


def build_check(needs_key: bool, allow_anonymous: bool, hosts: Collection[str] | None) -> Check:
    """Build what every request of the studio is to pass, besides the key."""
    names = {host.lower() for host in hosts or ()}
    any_host = needs_key or allow_anonymous

    def check(method: str, headers: dict[bytes, bytes]) -> None:
        if not any_host:
            require_known_host(headers, names)
        if method not in READING:
            require_own_page(headers)

    return check


def require_own_page(headers: dict[bytes, bytes]) -> None:
    """Raise `Forbidden` for a request that a browser sends for a page of another origin."""
    origin, host = headers.get(b"origin"), headers.get(b"host", b"")
    if origin is not None and origin.partition(b"://")[2].lower() != host.lower():
        raise Forbidden(
            f"the request comes from a web page of {origin.decode('latin-1')[:80]!r}, and pages of other origins "
            "change nothing here; send it from this server's page or from a program."
        )


def require_known_host(headers: dict[bytes, bytes], names: Collection[str]) -> None:
    """Raise `Forbidden` where the Host is neither an address, nor the loopback's name, nor one of `names`."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    name = re.sub(r":\d*$", "", host)
    if name in names or is_loopback(name) or _is_address(name):
        return
    raise Forbidden(
        f"the request is for the host {host[:80]!r}, which is no address and no name of this server, and no key is "
        f"needed here: a page of that name could read what is kept. Call the server 127.0.0.1 or localhost. {REMEDY}"
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
