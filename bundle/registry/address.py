"""Reads the address of a registry: a URL, and behind `#` which models of it, by which alias."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bundle.errors import InvalidRequest
from bundle.manifest import NAME_PATTERN

ALIAS_PATTERN = r"[A-Za-z][A-Za-z0-9_.-]{0,99}"
URL = re.compile(r"[a-z][a-z0-9+.-]+://|mlflow:|models:/")
CHOICE = re.compile(rf"(?P<name>{NAME_PATTERN})?(@(?P<alias>{ALIAS_PATTERN}))?")
USER = re.compile(r"//[^/@#\s]*@")

EVERY = ""
"""Stands for all names in `Address.chosen`."""

ALL: Mapping[str, str | None] = {EVERY: None}
"""Every name, of which the newest version answers."""


@dataclass(frozen=True)
class Address:
    """A registry's URL, and the alias (None: the newest version answers) by the names that are `chosen`."""

    url: str
    chosen: Mapping[str, str | None]

    def __str__(self) -> str:
        return hide_password(self.url)

    def find_alias(self, name: str) -> str | None:
        """Return the alias that says which version of a name answers; None where the newest does."""
        return self.chosen[name] if name in self.chosen else self.chosen.get(EVERY)

    def has(self, name: str) -> bool:
        """Whether a name is chosen."""
        return EVERY in self.chosen or name in self.chosen


def is_url(text: str) -> bool:
    """Whether `text` is a registry's address, and no folder."""
    return URL.match(text) is not None


def read_address(text: str) -> Address:
    """Read `URL`, `URL#name`, `URL#name@alias`, `URL#@alias`, several with commas between.

    MLflow's own `models:/name@alias` is `mlflow:#name@alias`. Raises `InvalidRequest`.
    """
    url, _, fragment = text.partition("#")
    if url.startswith("models:/"):
        url, fragment = "mlflow:", url.removeprefix("models:/").strip("/")
    choices = [CHOICE.fullmatch(choice) for choice in fragment.split(",")] if fragment else []
    if not all(choice and choice[0] for choice in choices):
        raise InvalidRequest(
            f"{hide_password(text)} chooses {fragment!r:.200}; write NAME, NAME@ALIAS or @ALIAS, several with commas "
            "between: s3://bucket/models#gunpoint@champion for instance."
        )
    chosen = {choice["name"] or EVERY: choice["alias"] for choice in choices if choice}
    return Address(url, chosen or ALL)


def hide_password(url: str) -> str:
    """Return a URL as it may be shown: without user and password."""
    return USER.sub("//…@", url)
