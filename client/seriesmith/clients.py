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

    augment = make_method(operations.augment)
    augment_stream = make_stream_method(operations.augment)
    blend = make_method(operations.blend)
    classify = make_method(operations.classify)
    complete = make_method(operations.complete)
    decode = make_method(operations.decode)
    encode = make_method(operations.encode)
    interpolate = make_method(operations.interpolate)
    neighbours = make_method(operations.neighbours)
    reconstruct = make_method(operations.reconstruct)
    sample = make_method(operations.sample)
    sample_stream = make_stream_method(operations.sample)
    traverse = make_method(operations.traverse)
    models = make_method(cards.models)
    model = make_method(cards.model)


class AsyncClient(AsynchronousClient):
    """The twin of `Client`, for one event loop: await its methods; those whose names end in _stream go in `async for`.

    Close an iterator that is left early (`contextlib.aclosing`), which ends the server's work.
    """

    augment = make_async_method(operations.augment)
    augment_stream = make_async_stream_method(operations.augment)
    blend = make_async_method(operations.blend)
    classify = make_async_method(operations.classify)
    complete = make_async_method(operations.complete)
    decode = make_async_method(operations.decode)
    encode = make_async_method(operations.encode)
    interpolate = make_async_method(operations.interpolate)
    neighbours = make_async_method(operations.neighbours)
    reconstruct = make_async_method(operations.reconstruct)
    sample = make_async_method(operations.sample)
    sample_stream = make_async_stream_method(operations.sample)
    traverse = make_async_method(operations.traverse)
    models = make_async_method(cards.models)
    model = make_async_method(cards.model)
