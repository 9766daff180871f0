"""The peers that there are: every folder of `loadtest/peers/`."""

from __future__ import annotations

import importlib
from pathlib import Path

from loadtest.server import Server

FOLDER = Path(__file__).parent / "peers"


def find_peers() -> dict[str, Path]:
    """Folders by name."""
    return {path.parent.name: path.parent for path in sorted(FOLDER.glob("*/peer.py"))}


def describe_peer(name: str) -> Server:
    """What the peer's `peer.py` says of it."""
    server: Server = importlib.import_module(f"loadtest.peers.{name}.peer").SERVER
    return server
