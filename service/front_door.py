"""Our HTTP paths are answered before BentoML's own stack: the one place that uses a private path of BentoML.

BentoML's middleware costs small requests most of their time, and its JSON decoding would answer bad input before our
operations could. `Service.to_asgi` is where a worker asks for its application.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from _bentoml_sdk import Service

from service.http.exchange import Application


def behind(front: Callable[[Application], Application]) -> type[Service[Any]]:
    """A BentoML service class whose workers serve `front(BentoML's own application)`."""

    class FrontDoor(Service[Any]):
        def to_asgi(self, is_main: bool = True) -> Application:
            return front(super().to_asgi(is_main=is_main))

    return FrontDoor
