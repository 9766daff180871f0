"""Reflection, v1 and v1alpha: what a client such as grpcurl needs to call without a .proto."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from google.protobuf import descriptor_pool, text_format
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha.reflection import SERVICE_NAME, ReflectionServicer
from grpc_reflection.v1alpha.reflection_pb2 import DESCRIPTOR, ServerReflectionRequest

from bundle.errors import InvalidRequest
from service.grpc.asked import Method

V1ALPHA = str(SERVICE_NAME)
V1 = V1ALPHA.replace("v1alpha", "v1")
"""The same messages under another name; grpcio-reflection has no v1 yet."""


def build_services(names: Collection[str]) -> dict[str, dict[str, Method]]:
    """Return the methods of both versions; they describe the services `names`, each other and all their messages."""
    told = (*names, V1ALPHA, V1)
    servicer = ReflectionServicer(told, _Symbols(told))

    def answer_each(request: bytes) -> Iterator[bytes]:
        try:
            asked = ServerReflectionRequest.FromString(request)
        except DecodeError as error:
            raise InvalidRequest("the message is no ServerReflectionRequest.") from error
        for answer in servicer.ServerReflectionInfo(iter([asked]), None):
            yield answer.SerializeToString()

    return {name: {"ServerReflectionInfo": Method(each=answer_each, needs_key=True)} for name in (V1ALPHA, V1)}


class _Symbols:
    """The descriptors of some services: a `DescriptorPool` that finds methods by name, too."""

    def __init__(self, names: Collection[str]) -> None:
        self._pool = descriptor_pool.DescriptorPool()
        self._pool.Add(_derive_v1())
        known = descriptor_pool.Default()
        for name in names:
            if name != V1:
                self._add(known.FindFileContainingSymbol(name))

    def _add(self, file: FileDescriptor) -> None:
        for needed in file.dependencies:
            self._add(needed)
        proto = FileDescriptorProto()
        file.CopyToProto(proto)
        self._pool.Add(proto)  # again, where two need it, which changes nothing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def FindFileContainingSymbol(self, name: str) -> FileDescriptor:
        """The file with this symbol in it. Raises `KeyError`."""
        try:
            return self._pool.FindFileContainingSymbol(name)
        except KeyError:
            service, _, method = name.rpartition(".")
            return self._pool.FindServiceByName(service).methods_by_name[method].containing_service.file


def _derive_v1() -> FileDescriptorProto:
    """Derive the .proto of v1 from v1alpha's, which differs in the package alone."""
    proto = FileDescriptorProto()
    DESCRIPTOR.CopyToProto(proto)
    renamed: FileDescriptorProto = text_format.Parse(str(proto).replace("v1alpha", "v1"), FileDescriptorProto())
    return renamed
