"""A client without a .proto finds everything that it can call, by v1 and by v1alpha, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from service.grpc.interfaces import INTERFACES
from service.grpc.reflection import V1, V1ALPHA, build_services
from service.proto import seriesmith_pb2 as messages

TYPED, INFERENCE, HEALTH = "seriesmith.v1.Seriesmith", "inference.GRPCInferenceService", "grpc.health.v1.Health"
SERVED = {TYPED, INFERENCE, HEALTH, V1, V1ALPHA}

EACH = build_services([*INTERFACES, HEALTH])[V1]["ServerReflectionInfo"].each


def ask(request: ServerReflectionRequest) -> ServerReflectionResponse:
    """The one answer to a request."""
    assert EACH is not None
    [answer] = EACH(request.SerializeToString())
    return ServerReflectionResponse.FromString(answer)


def ask_for(symbol: str) -> ServerReflectionResponse:
    return ask(ServerReflectionRequest(file_containing_symbol=symbol))


def read_files(answer: ServerReflectionResponse) -> dict[str, FileDescriptorProto]:
    """By name."""
    found = map(FileDescriptorProto.FromString, answer.file_descriptor_response.file_descriptor_proto)
    return {file.name: file for file in found}


def converse(channel: grpc.Channel, service: str, requests: Iterable[ServerReflectionRequest]) -> list[bytes]:
    method = channel.stream_stream(f"/{service}/ServerReflectionInfo")
    return list(method((request.SerializeToString() for request in requests), timeout=10))


@pytest.mark.parametrize("service", [V1, V1ALPHA])
def test_both_versions_answer_on_one_stream_what_grpcurl_asks(channel: grpc.Channel, service: str):
    """`grpcurl list`, then `grpcurl describe` of a service, a method, and of what is not there."""
    symbols = [TYPED, f"{TYPED}.Sample", f"{TYPED}.Nothing"]
    requests = [ServerReflectionRequest(list_services="*")]
    requests += [ServerReflectionRequest(file_containing_symbol=symbol) for symbol in symbols]
    answers = list(map(ServerReflectionResponse.FromString, converse(channel, service, requests)))
    assert {one.name for one in answers[0].list_services_response.service} == SERVED
    assert "seriesmith/v1/seriesmith.proto" in read_files(answers[1]) and read_files(answers[2]) == read_files(
        answers[1]
    )
    assert answers[3].error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert [answer.original_request for answer in answers] == requests


def test_the_stock_client_finds_the_services(channel: grpc.Channel):
    found = ProtoReflectionDescriptorDatabase(channel)
    assert set(found.get_services()) == SERVED
    described = DescriptorPool(found).FindServiceByName(TYPED)
    assert [method.name for method in described.methods] == [
        method.name for method in messages.DESCRIPTOR.services_by_name["Seriesmith"].methods
    ]


@pytest.mark.parametrize("symbol", sorted(SERVED))
def test_every_service_and_each_of_its_methods_is_found_whole(symbol: str):
    answer = read_files(ask_for(symbol))
    pool = DescriptorPool()
    for file in reversed(answer.values()):  # what a file needs comes behind it
        pool.Add(file)
    service = pool.FindServiceByName(symbol)
    assert service.methods
    for method in service.methods:
        assert read_files(ask_for(method.full_name)) == answer
        assert service.file.name in read_files(ask_for(method.input_type.full_name))


@pytest.mark.parametrize("name", ["SampleRequest", "SampleRequest.counts", "Array", "Array.values"])
def test_messages_and_fields_are_found(name: str):
    assert "seriesmith/v1/seriesmith.proto" in read_files(ask_for(f"seriesmith.v1.{name}"))


def test_nested_messages_and_enumerations_are_found():
    nested = "inference.ModelMetadataResponse.TensorMetadata"
    assert "service/proto/open_inference.proto" in read_files(ask_for(nested))
    assert read_files(ask_for("grpc.health.v1.HealthCheckResponse.ServingStatus"))


@pytest.mark.parametrize(
    "symbol",
    [
        *["", ".", "..", "\0", "é", "seriesmith", "seriesmith.v1", f".{TYPED}", f"{TYPED}.", f"{TYPED}.Sample.Sample"],
        *["a." * 20_000, "onnx.ModelProto", "google.protobuf.FileDescriptorProto", "SampleRequest"],
    ],
)
def test_what_is_not_served_is_not_found(symbol: str):
    """Neither what other libraries of the process have registered."""
    assert ask_for(symbol).error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


@pytest.mark.parametrize(
    "request_",
    [
        ServerReflectionRequest(file_by_filename="../../etc/passwd"),
        ServerReflectionRequest(all_extension_numbers_of_type="nobody"),
        ServerReflectionRequest(file_containing_extension={"containing_type": "nobody", "extension_number": 7}),
        ServerReflectionRequest(
            file_containing_extension={"containing_type": "seriesmith.v1.Array", "extension_number": 7}
        ),
    ],
)
def test_every_kind_of_question_may_be_asked_in_vain(request_: ServerReflectionRequest):
    assert ask(request_).error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


def test_a_file_is_found_by_its_name():
    name = "seriesmith/v1/seriesmith.proto"
    assert list(read_files(ask(ServerReflectionRequest(file_by_filename=name)))) == [name]


def test_no_question_at_all_is_an_error_of_its_own():
    assert ask(ServerReflectionRequest()).error_response.error_code == grpc.StatusCode.INVALID_ARGUMENT.value[0]


def test_bytes_that_are_no_question_end_the_conversation(channel: grpc.Channel):
    method = channel.stream_stream(f"/{V1}/ServerReflectionInfo")
    with pytest.raises(grpc.RpcError) as refused:
        list(method(iter([b"\xff\xff"]), timeout=10))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_question_longer_than_any_name_is_refused(channel: grpc.Channel):
    request = ServerReflectionRequest(file_containing_symbol="a" * 100_000)
    with pytest.raises(grpc.RpcError) as refused:
        converse(channel, V1, [request])
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
