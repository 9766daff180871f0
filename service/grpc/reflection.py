"""Reflection (`grpc.reflection.v1alpha`): what a client such as grpcurl needs to call without a .proto."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha.reflection import SERVICE_NAME, ReflectionServicer
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest

from models.errors import InvalidRequest
from service.grpc.asked import Method

SERVICE = str(SERVICE_NAME)


def methods(services: Collection[str]) -> dict[str, Method]:
    """Tell of these services, and of everything that their messages are made from."""
    servicer = ReflectionServicer((*services, SERVICE))

    def each(request: bytes) -> Iterator[bytes]:
        try:
            asked = ServerReflectionRequest.FromString(request)
        except DecodeError as error:
            raise InvalidRequest(f"the message is no {ServerReflectionRequest.DESCRIPTOR.full_name}.") from error
        for answer in servicer.ServerReflectionInfo(iter([asked]), None):
            yield answer.SerializeToString()

    return {"ServerReflectionInfo": Method(each=each)}
