"""Our HTTP paths are answered before BentoML's own stack: the one place that uses private paths of BentoML and uvicorn.

BentoML's middleware costs small requests most of their time, and its JSON decoding would answer bad input before our
operations could. `Service.to_asgi` is where a worker asks for its application, and uvicorn's table of protocols where
it finds who reads from a connection. Where either is no longer as it was, or `SERIESMITH_FRONT_DOOR` is "public", our
application becomes a middleware by BentoML's public interface: slower, and without the bounds of `service/http/http1`
(service/README.md says which).
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

import bentoml
import uvicorn.config

from service.http.asgi import HttpApplication
from service.http.bentoml_settings import read_settings
from service.http.exchange import Application, Receive, Scope, Send
from service.http.routes import Routes

logger = logging.getLogger("bentoml.seriesmith")


def open_front_door(cls: type, routes: Routes, private: bool, **options: Any) -> bentoml.Service[Any]:
    """The BentoML service of `cls`, whose workers answer our paths."""
    if private:
        try:
            return bentoml.service(service_class=_subclass_service(routes), **options)(cls)
        except (ImportError, AttributeError) as error:
            logger.warning("the front door is the public one, which is slower: %s", error)

    class Middleware(HttpApplication):
        def __init__(self, app: Application) -> None:
            super().__init__(routes, app)
            routes.bentoml = read_settings(service.name, routes.serving.settings.timeout_seconds)

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            """Answer also a client that has left: BentoML's timeout middleware waits a minute for an answer."""
            sent = scope["type"] != "http"

            async def watch(message: MutableMapping[str, Any]) -> None:
                nonlocal sent
                sent = True
                await send(message)

            await super().__call__(scope, receive, watch)
            if not sent:
                await send({"type": "http.response.start", "status": 499, "headers": []})
                await send({"type": "http.response.body", "body": b""})

    service: bentoml.Service[Any] = bentoml.service(**options)(cls)
    service.add_asgi_middleware(Middleware)
    return service


def _subclass_service(routes: Routes) -> type[bentoml.Service[Any]]:
    """A BentoML service class whose workers serve `routes`. Raises `ImportError` or `AttributeError`."""
    from _bentoml_sdk import Service

    from service.http.http1.connection import Http1Connection
    from service.http.http1.places import Places

    wrapped = Service.to_asgi
    protocols = uvicorn.config.HTTP_PROTOCOLS

    class FrontDoor(Service[Any]):
        def to_asgi(self, is_main: bool = True) -> Application:
            Http1Connection.routes, Http1Connection.places = routes, Places(routes.serving.connections)
            protocols["auto"] = f"{Http1Connection.__module__}:{Http1Connection.__name__}"
            application = wrapped(self, is_main=is_main)  # which takes BentoML's configuration in
            routes.bentoml = read_settings(self.name, routes.serving.settings.timeout_seconds)
            return HttpApplication(routes, application)

    return FrontDoor
