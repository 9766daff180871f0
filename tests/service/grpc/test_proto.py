"""The stubs are those of the .proto, and the .proto says what the operations do."""

from __future__ import annotations

from pathlib import Path

import pytest
from grpc_tools import protoc

from service.operations import OPERATIONS
from service.proto import seriesmith_pb2 as messages
from tests.service.server import ROOT

SERVICE = messages.DESCRIPTOR.services_by_name["Seriesmith"]
PROTOS = sorted(path.stem for path in (ROOT / "service" / "proto").glob("*.proto"))


@pytest.mark.parametrize("name", PROTOS)
def test_the_stubs_in_the_repository_are_what_make_proto_generates(tmp_path: Path, name: str):
    outputs = [f"--{kind}_out={tmp_path}" for kind in ("python", "pyi", "grpc_python")]
    assert protoc.main(["protoc", f"-I{ROOT}", *outputs, f"service/proto/{name}.proto"]) == 0
    for ending in ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py"):
        path = Path("service/proto") / f"{name}{ending}"
        assert (ROOT / path).read_text() == (tmp_path / path).read_text(), f"{path} is out of date: make proto"


def test_every_operation_is_a_method_and_a_streaming_one_where_it_streams():
    wanted = {name.title() for name in OPERATIONS}
    wanted |= {f"{name.title()}Stream" for name, operation in OPERATIONS.items() if operation.stream is not None}
    assert {method.name for method in SERVICE.methods} == wanted


@pytest.mark.parametrize("name", OPERATIONS)
def test_requests_and_answers_have_the_fields_of_the_operation(name: str):
    operation, method = OPERATIONS[name], SERVICE.methods_by_name[name.title()]
    wanted = {field.alias or key for key, field in operation.request.model_fields.items()}
    assert set(method.input_type.fields_by_name) == wanted
    parts = {"n_cases"} if operation.stream is not None else set()
    assert set(method.output_type.fields_by_name) == set(operation.answer.__annotations__) | parts
