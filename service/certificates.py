"""A certificate that changes on disk is taken up within seconds, by every connection after that; nothing restarts."""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

logger = logging.getLogger("bentoml.seriesmith")

LOOK_SECONDS = 2.0
"""Between two looks at the files."""


@dataclass(frozen=True)
class Certificate:
    """The context that connections are made with, and the files of its certificate, with its chain, and of its key."""

    context: ssl.SSLContext
    chain: Path
    key: Path

    def read_stamps(self) -> tuple[tuple[int, int], ...]:
        """Return what tells the files from those of before; nothing where one cannot be found."""
        try:
            return tuple((one.st_mtime_ns, one.st_ino) for one in (self.chain.stat(), self.key.stat()))
        except OSError:
            return ()

    def take_up(self) -> None:
        """Load the files. Raises `OSError` (`ssl.SSLError` is one) or `ValueError`, and changes nothing then."""
        # A context that fails half way has the new certificate and the old key: another one tries them.
        for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self.context):
            context.load_cert_chain(self.chain, self.key, password=refuse_passwords)


def refuse_passwords() -> bytes:
    """Answer OpenSSL with an error, so that it does not ask on the terminal."""
    raise ValueError("the key has a password")


async def follow_certificates(certificates: Sequence[Certificate]) -> None:
    """Take up what changes, until this is cancelled. What cannot be used is logged, and the one before goes on."""
    seen = [one.read_stamps() for one in certificates]
    while certificates:
        await asyncio.sleep(LOOK_SECONDS)
        for k, one in enumerate(certificates):
            if (stamps := one.read_stamps()) in (seen[k], ()):
                continue
            seen[k] = stamps
            try:
                one.take_up()
                logger.info("the certificate %s has changed, and new connections get it", one.chain)
            except (OSError, ValueError) as error:
                said = "%s and %s are no certificate and its key (%s); the one before goes on"
                logger.error(said, one.chain, one.key, error)


def list_http_certificates() -> list[Certificate]:
    """Those of the uvicorn server whose method handles SIGTERM in this process; none where HTTP has no TLS."""
    config: Any = getattr(getattr(signal.getsignal(signal.SIGTERM), "__self__", None), "config", None)
    context, chain = getattr(config, "ssl", None), getattr(config, "ssl_certfile", None)
    if context is None or chain is None or getattr(config, "ssl_keyfile_password", None):
        return []
    return [Certificate(context, Path(chain), Path(config.ssl_keyfile or chain))]
