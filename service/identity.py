"""Who calls: the key that came with a request, what its roles allow, and how much of it may run at a time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import logging
import time
from collections.abc import Iterable
from pathlib import Path

from bundle.errors import Forbidden, Overloaded, Unauthenticated
from service.keys import ROLES, KeyCard, Role, read_keys
from service.settings import Settings

logger = logging.getLogger("bentoml.seriesmith")

SENTENCE = "this server needs the header 'Authorization: Bearer <API key>'."

Signature = tuple[int, int, int]
"""Inode, size and modification time of a file."""


class Caller:
    """One key, as long as the server knows it: its name, its roles and what it has under way."""

    __slots__ = ("_allowance", "_concurrent", "_rate", "_refilled", "name", "roles", "running")

    def __init__(
        self, name: str, roles: frozenset[Role], requests_per_second: float = 0.0, concurrent_requests: int = 0
    ) -> None:
        self.name, self.roles = name, roles
        self.running = 0
        self._refilled = time.monotonic()
        self.limit(requests_per_second, concurrent_requests)

    def limit(self, requests_per_second: float, concurrent_requests: int) -> None:
        """Set the limits; 0 means none. A second's worth of requests may come at once."""
        self._rate, self._concurrent = requests_per_second, concurrent_requests
        self._allowance = max(1.0, requests_per_second)

    def require(self, role: Role) -> None:
        """Raise `Forbidden` where the key lacks a role."""
        if role not in self.roles:
            raise Forbidden(
                f"the key {self.name!r} has the roles {', '.join(sorted(self.roles))}; this needs the role {role!r}."
            )

    def enter(self) -> None:
        """Begin a request; `leave` ends it. Raises `Overloaded` where the key has too many, or they come too fast."""
        if self._concurrent and self.running >= self._concurrent:
            raise Overloaded(
                f"the key {self.name!r} has {self.running} requests under way, as many as it may; wait for an answer."
            )
        if self._rate:
            self._spend()
        self.running += 1

    def leave(self) -> None:
        """End a request."""
        self.running -= 1

    def _spend(self) -> None:
        now = time.monotonic()
        burst = max(1.0, self._rate)
        self._allowance = min(burst, self._allowance + (now - self._refilled) * self._rate)
        self._refilled = now
        if self._allowance < 1:
            wait = (1 - self._allowance) / self._rate
            raise Overloaded(
                f"the key {self.name!r} may send {self._rate:g} requests a second; the next one in {wait:.2g} s.",
                retry_after=wait,
            )
        self._allowance -= 1


ANONYMOUS = Caller("", frozenset(ROLES))
"""Everyone, where no key is needed."""


class Identity:
    """The keys of this server. The file of keys may change while it runs; one that cannot be read changes nothing."""

    def __init__(self, settings: Settings) -> None:
        """Raises `ValueError` where the file of keys is not valid."""
        self._path: Path | None = settings.keys
        self._signature: Signature | None = None
        self._single: dict[bytes, Caller] = {}
        self._callers: dict[bytes, Caller] = {}
        if settings.api_key:
            digest = hashlib.sha256(settings.api_key.encode()).digest()
            self._single = {digest: Caller("SERIESMITH_API_KEY", frozenset(ROLES))}
        self.needs_key = bool(settings.api_key or settings.keys)
        if self._path is not None:
            self._signature = _read_signature(self._path)
            self._take(read_keys(self._path))
        else:
            self._callers = self._single

    def identify(self, authorization: bytes) -> Caller:
        """Return the caller whose key is in the header or metadata 'authorization'. Raises `Unauthenticated`."""
        if not self.needs_key:
            return ANONYMOUS
        scheme, _, key = authorization.strip().partition(b" ")
        caller = self._callers.get(hashlib.sha256(key.strip()).digest()) if scheme.lower() == b"bearer" else None
        if caller is None:
            raise Unauthenticated(SENTENCE)
        return caller

    def identify_reader(self, authorization: bytes) -> Caller:
        """Identify a browser too, which may send the key as the password of Basic, with any name."""
        scheme, _, coded = authorization.strip().partition(b" ")
        if self.needs_key and scheme.lower() == b"basic":
            try:
                _, _, key = base64.b64decode(coded.strip(), validate=True).partition(b":")
            except binascii.Error as error:
                raise Unauthenticated(SENTENCE) from error
            return self.identify(b"Bearer " + key)
        return self.identify(authorization)

    def refresh(self) -> None:
        """Read the file of keys again where it has changed."""
        if self._path is None or (signature := _read_signature(self._path)) == self._signature:
            return
        self._signature = signature
        try:
            self._take(read_keys(self._path))
        except ValueError as error:
            logger.error("%s The keys known before still hold.", error)
        else:
            logger.info("%d API keys are known", len(self._callers))

    def _take(self, cards: list[KeyCard]) -> None:
        """Replace the known keys by these; a name that stays keeps its count of requests under way."""
        known = {caller.name: caller for digest, caller in self._callers.items() if digest not in self._single}
        callers = dict(self._single)
        for card in cards:
            caller, roles = known.get(card.name), frozenset(card.roles)
            if caller is None:
                caller = Caller(card.name, roles)
            caller.roles = roles
            caller.limit(card.requests_per_second, card.concurrent_requests)
            callers[bytes.fromhex(card.sha256)] = caller
        self._callers = callers


def _read_signature(path: Path) -> Signature | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def require_keys(settings: Settings, hosts: Iterable[str]) -> None:
    """Raise `ValueError` where other machines could reach one of the hosts, and nobody needs a key."""
    if settings.api_key or settings.keys or settings.allow_anonymous:
        return
    if public := [host for host in hosts if not is_loopback(host)]:
        raise ValueError(
            f"other machines reach {public[0]!r}, and no key is needed: set SERIESMITH_KEYS (made by "
            "python -m service.keys) or SERIESMITH_API_KEY, serve on 127.0.0.1, or say SERIESMITH_ALLOW_ANONYMOUS=true."
        )


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches a host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in ("localhost", "ip6-localhost", "ip6-loopback")
