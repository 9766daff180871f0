"""API keys: a TOML file of names, roles, limits and the hashes of keys, and the command that makes an entry.

    [[keys]]
    name = "laboratory"
    sha256 = "9f86d0…"             # of the key; the key itself is stored nowhere
    roles = ["use"]                # use: run models; manage: load and unload them; metrics: read /metrics
    requests_per_second = 50.0     # optional; a second's worth may come at once
    concurrent_requests = 16       # optional

`python -m service.keys laboratory --roles use metrics` prints a new key and its entry. Keys are random and long, so
that a plain SHA-256 cannot be reversed by trying.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import secrets
import tomllib
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Role = Literal["use", "manage", "metrics"]
ROLES: tuple[Role, ...] = get_args(Role)

LARGEST_FILE = 2**20
KEY_BYTES = 32


class KeyCard(BaseModel):
    """One entry of the file of keys; 0 means no limit."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    roles: Annotated[list[Role], Field(min_length=1)] = ["use"]
    requests_per_second: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    concurrent_requests: Annotated[int, Field(ge=0, le=10**6)] = 0


class _KeysFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: list[KeyCard]


def hash_key(key: bytes) -> str:
    """Return the SHA-256 of a key in hex, as the file holds it."""
    return hashlib.sha256(key).hexdigest()


def read_keys(path: Path) -> list[KeyCard]:
    """Read the entries of a file of keys. Raises `ValueError` with the first fault; no message shows a hash."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"the keys' file {path} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST_FILE:
        raise ValueError(f"the keys' file {path} has {len(content)} bytes; it may have {LARGEST_FILE}.")
    try:
        cards = _KeysFile.model_validate(tomllib.loads(content.decode())).keys
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"the keys' file {path} is not valid at {place}: {first['msg']}.") from error
    except ValueError as error:  # of UTF-8 and of TOML
        raise ValueError(f"the keys' file {path} is not TOML: {error}.") from error
    for what in ("name", "sha256"):
        values = [getattr(card, what) for card in cards]
        if len(set(values)) < len(values):
            raise ValueError(f"the keys' file {path} has two keys of one {what}; each needs its own.")
    if not cards:
        raise ValueError(f"the keys' file {path} has no [[keys]]; make one with: python -m service.keys <name>.")
    return cards


def make_entry(name: str, roles: list[Role]) -> tuple[str, str]:
    """Make a random key, and return it with its entry for the file."""
    key = secrets.token_urlsafe(KEY_BYTES)
    card = KeyCard(name=name, sha256=hash_key(key.encode()), roles=roles)
    lines = ["[[keys]]", f'name = "{card.name}"', f'sha256 = "{card.sha256}"', f"roles = {json.dumps(card.roles)}"]
    return key, "\n".join(lines) + "\n"


def main() -> None:
    """Print a new key and its entry for the file; the key is stored nowhere."""
    parser = argparse.ArgumentParser(prog="python -m service.keys", description=main.__doc__)
    parser.add_argument("name", help="what metrics and logs call it: letters, digits, '_', '.', '-'")
    parser.add_argument("--roles", nargs="+", choices=ROLES, default=["use"])
    arguments = parser.parse_args()
    try:
        key, entry = make_entry(arguments.name, arguments.roles)
    except ValidationError:
        parser.error(f"{arguments.name!r} is no name; send letters, digits, '_', '.' and '-', at most 64 of them")
    print(f"# The key, shown this once; its holder sends 'Authorization: Bearer <key>':\n# {key}\n\n{entry}", end="")


if __name__ == "__main__":
    main()
