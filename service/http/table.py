"""The table of paths: each row has methods, a role, a limit on the body and a handler."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from bundle.errors import MethodNotAllowed, UnsupportedMediaType
from service.budget import Budget
from service.http.exchange import Response, Streamed
from service.keys import Role
from service.openapi.described import Described

REMEMBERED, REMEMBERED_LETTERS = 256, 200
"""How many paths, no longer than so, need not be matched with every pattern again."""

SMALL_BYTES = 2**20
"""Of a body that is no operation's."""

Handler = Callable[..., Awaitable[Response | Streamed]]
"""Called with the request, and with what the groups of its path's pattern matched."""


@dataclass(frozen=True, slots=True)
class Route:
    """A row. In `path`, `{name}` stands for one segment, `{name*}` for any rest, a final `/?` for a slash or none.

    `handler` None: BentoML answers. `operation` names the one that is counted, from what the path's groups matched.
    No `methods`: any. No `content_types`: any, which the handler looks at. `page`: a browser shows it, and may send the
    key as a password. `spool`: bodies go to temporary files, `Request.file`, and not to memory, and these are the bytes
    that they may have there together; `body_seconds` is how long one may take to arrive, where the setting is too
    short for it. `require` is called with the method and the headers before the body is read, and raises a
    `SeriesmithError` where they will not do; `count` with how a request ended that came no further. `described` are its
    methods as the OpenAPI document has them.
    """

    path: str
    methods: tuple[str, ...]
    handler: Handler | None
    role: Role | None = None
    max_body_bytes: int = SMALL_BYTES
    operation: Callable[..., str | None] | None = None
    content_types: tuple[bytes, ...] = ()
    page: bool = False
    spool: Budget | None = None
    body_seconds: float | None = None
    require: Callable[[str, dict[bytes, bytes]], None] | None = None
    count: Callable[[Exception], None] | None = None
    described: tuple[Described, ...] = ()

    def require_content_type(self, headers: dict[bytes, bytes], path: str) -> None:
        """Raise `UnsupportedMediaType` where the body is none that the row takes."""
        came = headers.get(b"content-type", b"")
        if came.split(b";")[0].strip().lower() not in self.content_types:
            known = b", ".join(self.content_types).decode()
            raise UnsupportedMediaType(
                f"the body is {came.decode('latin-1')[:80]!r}; {path[:200]} takes one of: {known}."
            )

    def require_method(self, method: str, path: str) -> None:
        """Raise `MethodNotAllowed` where the row lacks the method; GET includes HEAD."""
        if method in self.methods or not self.methods or (method == "HEAD" and "GET" in self.methods):
            return
        allowed = ", ".join(self.methods)
        raise MethodNotAllowed(f"{path[:200]} answers {allowed}, not {method}.", allowed)


@dataclass(frozen=True, slots=True)
class Match:
    """A row, and what the groups of its path matched."""

    route: Route
    groups: tuple[str, ...] = ()

    @property
    def operation(self) -> str | None:
        """The operation that the path runs, if any."""
        return self.route.operation(*self.groups) if self.route.operation is not None else None


class Table:
    """Rows, looked up by path: plain ones at once, the others in their order."""

    def __init__(self, rows: Iterable[Route]) -> None:
        self._plain: dict[str, Match] = {}
        self._known: dict[str, Match] = {}
        self._patterns: list[tuple[re.Pattern[str], Route]] = []
        self.rows = tuple(rows)
        for row in self.rows:
            if "{" in row.path or row.path.endswith("/?"):
                self._patterns.append((_compile_pattern(row.path), row))
            else:
                self._plain[row.path] = Match(row)

    def find(self, path: str) -> Match | None:
        """Find the row of a path; None where there is none."""
        match = self._plain.get(path) or self._known.get(path)
        if match is not None:
            return match
        for pattern, row in self._patterns:
            if (found := pattern.fullmatch(path)) is not None:
                match = Match(row, found.groups())
                if len(self._known) < REMEMBERED and len(path) <= REMEMBERED_LETTERS:
                    self._known[path] = match
                return match
        return None


def _compile_pattern(path: str) -> re.Pattern[str]:
    plain = path.removesuffix("/?")
    parts = [
        ("(.*)" if part.endswith("*}") else "([^/]+)") if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{[^}]*\})", plain)
    ]
    return re.compile("".join(parts) + ("/?" if path != plain else ""), re.DOTALL)
