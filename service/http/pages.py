"""Pages that never change while the server runs, answered from memory."""

from __future__ import annotations

from service.http.exchange import Request, Response
from service.http.table import Route
from service.keys import Role

HTML = b"text/html; charset=utf-8"


def build_page(path: str, content: bytes, media_type: bytes = HTML, role: Role | None = "use") -> Route:
    """Build the row of a page, to which a browser may send the key as a password."""

    async def show(request: Request) -> Response:
        return Response(content, media_type)

    return Route(path, ("GET",), show, role, page=True)
