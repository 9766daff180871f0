"""The page at `/`, and its files below `/studio/`; all are read once, and a browser asks whether they have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

from service.http.exchange import Request, Response
from service.http.table import Route
from studio.studio import Studio

MEDIA_TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".txt": b"text/plain; charset=utf-8",
}
POLICY = (
    b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; "
    b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def make_rows(studio: Studio) -> Iterator[Route]:
    """A row for each file of the page."""
    root = resources.files("studio").joinpath("page")
    for path, file in _list_files(root, "/studio/"):
        yield _make_row("/" if path == "/studio/index.html" else path, file)


def _list_files(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _list_files(entry, f"{path}{entry.name}/")
        elif _find_suffix(entry.name) in MEDIA_TYPES:
            yield path + entry.name, entry


def _find_suffix(name: str) -> str:
    return "." + name.rpartition(".")[2]


def _make_row(path: str, file: Traversable) -> Route:
    content, media_type = file.read_bytes(), MEDIA_TYPES[_find_suffix(file.name)]
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'.encode()
    headers = (
        (b"etag", tag),
        (b"cache-control", b"no-cache"),
        (b"content-security-policy", POLICY),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    )

    async def show(request: Request) -> Response:
        if request.headers.get(b"if-none-match") == tag:
            return Response(b"", media_type, 304, headers)
        return Response(content, media_type, 200, headers)

    return Route(path, ("GET",), show)  # without a key: it holds nothing, and asks for the key itself
