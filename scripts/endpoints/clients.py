"""Writes `clients.py` of the client: the methods of the two clients, one or two for each operation."""

from __future__ import annotations

from collections.abc import Iterator

from service.operations import OPERATIONS

HEAD = '''\
"""The two clients: their methods are the operations of the server.

`make proto` writes this file from the operations of the server.
"""

from __future__ import annotations

from seriesmith import cards, operations
from seriesmith.asynchronous import AsynchronousClient, make_async_method, make_async_stream_method
from seriesmith.blocking import BlockingClient, make_method, make_stream_method


class Client(BlockingClient):
    """Waits for its answers. It is safe to use from several threads, and keeps its connections until it is closed, as
    `with` does.

    Methods whose names end in _stream answer an iterator of parts, in flat memory however many series there are;
    closing it early ends the server's work. All raise a `SeriesmithClientError`.
    """

'''
BETWEEN = '''

class AsyncClient(AsynchronousClient):
    """The twin of `Client`, for one event loop: await its methods; those whose names end in _stream go in `async for`.

    Close an iterator that is left early (`contextlib.aclosing`), which ends the server's work.
    """

'''
PAGES = ("models", "model")


def write_clients() -> str:
    """Return the text of the module."""
    return HEAD + "".join(_write_methods("make_")) + BETWEEN + "".join(_write_methods("make_async_"))


def _write_methods(make: str) -> Iterator[str]:
    for operation in OPERATIONS.values():
        yield f"    {operation.name} = {make}method(operations.{operation.name})\n"
        if operation.stream is not None:
            yield f"    {operation.name}_stream = {make}stream_method(operations.{operation.name})\n"
    for page in PAGES:
        yield f"    {page} = {make}method(cards.{page})\n"
