"""Refusals, from the tree of errors: status over HTTP, code over gRPC."""

from __future__ import annotations

from collections.abc import Iterator

from bundle import errors
from bundle.errors import SeriesmithError
from scripts.website.made.families import show_docstring
from scripts.website.tables import as_code, make_table

PAGE = """# Errors

What cannot be answered is refused in a sentence, `{"error": {"code", "message", "field"}}`, and disturbs no other
request; `field` is there where a part of the request is at fault. `/v2` answers `{"error": message}`, as its protocol
says; over gRPC the message is the status' own.

"""


def make_pages() -> dict[str, str]:
    """Make the page of all refusals that a client may see."""
    rows = [
        (as_code(one.code), str(one.http_status), as_code(one.grpc_code), show_docstring(one))
        for one in sorted(_list_errors(), key=lambda one: one.http_status)
    ]
    return {"reference/errors.md": PAGE + make_table(("code", "HTTP", "gRPC", "meaning"), rows)}


def _list_errors() -> Iterator[type[SeriesmithError]]:
    for value in vars(errors).values():
        if isinstance(value, type) and issubclass(value, SeriesmithError) and value is not SeriesmithError:
            yield value
