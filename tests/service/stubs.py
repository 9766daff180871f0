"""Stubs of the gRPC services, made of their descriptors: a method for each rpc, as grpcio's generator writes it."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from service.proto import open_inference_pb2, seriesmith_pb2


class _Stub:
    service: ServiceDescriptor

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel

    def __getattr__(self, rpc: str) -> Any:
        method: MethodDescriptor = self.service.methods_by_name[rpc]
        streams = (method.client_streaming, method.server_streaming)
        asked, answered = ("stream" if flag else "unary" for flag in streams)
        return getattr(self._channel, f"{asked}_{answered}")(
            f"/{self.service.full_name}/{rpc}",
            request_serializer=GetMessageClass(method.input_type).SerializeToString,
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )


class SeriesmithStub(_Stub):
    """`seriesmith.v1.Seriesmith`."""

    service = seriesmith_pb2.DESCRIPTOR.services_by_name["Seriesmith"]


class GRPCInferenceServiceStub(_Stub):
    """`inference.GRPCInferenceService`."""

    service = open_inference_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"]
