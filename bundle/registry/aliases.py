"""The aliases of a name's versions, as `<name>/aliases.json` in repositories of files: {"champion": 2}."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from bundle.errors import BundleError, InvalidRequest
from bundle.registry.address import ALIAS_PATTERN
from bundle.showing import show

FILE = "aliases.json"
ALIASES_BYTES = 2**16
MOST_VERSION = 10**9


def read_aliases(content: bytes) -> dict[str, int]:
    """Read the file. Raises `BundleError` where it is something else."""
    try:
        found = json.loads(content)
        good = isinstance(found, dict) and all(
            re.fullmatch(ALIAS_PATTERN, alias) and type(version) is int and 0 < version < MOST_VERSION
            for alias, version in found.items()
        )
    except (ValueError, RecursionError):
        good = False
    if not good:
        raise BundleError(f'{FILE} is not of the form {{"champion": 2}}: {show(content)}.')
    return dict(found)


def write_aliases(aliases: Mapping[str, int]) -> bytes:
    """Write the file."""
    return (json.dumps(dict(sorted(aliases.items()))) + "\n").encode()


def check_alias(alias: str) -> str:
    """Return `alias`. Raises `InvalidRequest` where it cannot be one."""
    if re.fullmatch(ALIAS_PATTERN, alias) is None:
        raise InvalidRequest(
            f"{show(alias)} cannot be an alias: it is letters, digits, '-', '_' and '.', and begins with a letter."
        )
    return alias
