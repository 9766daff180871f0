"""Every method that is served over gRPC, by its path: one table, whichever server reads it."""

from __future__ import annotations

from collections.abc import Callable

from service.grpc import health, reflection, typed
from service.grpc.asked import Method
from service.grpc.calls import Calls
from service.grpc.health import Health
from service.inference import grpc as inference
from service.serving import Serving

INTERFACES: dict[str, Callable[[Calls], dict[str, Method]]] = {
    typed.SERVICE.full_name: typed.build_methods,
    inference.SERVICE.full_name: inference.build_methods,
}
"""What is served, by name: the methods of each."""


def list_methods(serving: Serving, state: Health) -> dict[bytes, Method]:
    """Return the methods of every interface, of health and of reflection, by their path `/service/Method`."""
    calls = Calls(serving)
    services = {name: methods(calls) for name, methods in INTERFACES.items()}
    services |= {health.SERVICE: state.list_methods()}
    services |= reflection.build_services(services)
    return {f"/{service}/{name}".encode(): method for service, of in services.items() for name, method in of.items()}
