"""What the repository holds is what `make proto` writes, and what it writes never renumbers a field."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.endpoints.numbers import Numbers
from scripts.generate import CLIENT, PROTOS, generate
from service.grpc.names import name_rpc
from service.operations import OPERATIONS
from service.proto import seriesmith_pb2 as messages
from tests.service.server import ROOT

SERVICE = messages.DESCRIPTOR.services_by_name["Seriesmith"]


def test_the_files_in_the_repository_are_what_make_proto_writes(tmp_path: Path):
    shutil.copytree(ROOT / PROTOS, tmp_path / PROTOS)
    (tmp_path / CLIENT).mkdir(parents=True)
    generate(tmp_path)
    written = [path.relative_to(tmp_path) for path in tmp_path.rglob("*.*") if path.is_file()]
    assert {path.name for path in written} >= {"answers.py", "operations.py", "clients.py", "seriesmith_pb2.py"}
    for path in written:
        assert (ROOT / path).read_bytes() == (tmp_path / path).read_bytes(), f"{path} is out of date: make proto"


def test_every_operation_is_a_method_and_a_streaming_one_where_it_streams():
    wanted = {name_rpc(name) for name in OPERATIONS}
    wanted |= {f"{name_rpc(name)}Stream" for name, operation in OPERATIONS.items() if operation.stream is not None}
    assert {method.name for method in SERVICE.methods} == wanted


@pytest.mark.parametrize("name", OPERATIONS)
def test_requests_and_answers_have_the_fields_of_the_operation(name: str):
    operation, method = OPERATIONS[name], SERVICE.methods_by_name[name_rpc(name)]
    wanted = {field.alias or key for key, field in operation.request.model_fields.items()}
    assert set(method.input_type.fields_by_name) == wanted
    parts = {"n_cases"} if operation.stream is not None else set()
    assert set(method.output_type.fields_by_name) == set(operation.answer.__annotations__) | parts


BEFORE = """syntax = "proto3";
message EchoRequest {
  reserved 3;
  reserved "gone";
  optional string model = 1;
  map<string, double> shares = 7;
  repeated bool flags = 2;
}
"""
KEPT = [("model", "optional string"), ("shares", "map<string, double>"), ("flags", "repeated bool")]


@pytest.fixture
def numbers(tmp_path: Path) -> Numbers:
    """Those of a .proto with a field that is reserved."""
    (tmp_path / "echo.proto").write_text(BEFORE)
    return Numbers(tmp_path / "echo.proto")


def test_fields_keep_their_numbers_in_whatever_order_they_come(numbers: Numbers):
    for fields in (KEPT, KEPT[::-1]):
        numbered = numbers.assign("EchoRequest", fields)
        assert numbered.of == {"model": 1, "shares": 7, "flags": 2}
        assert (numbered.reserved, numbered.names) == ([3], ["gone"])


def test_a_new_field_takes_a_number_that_none_had(numbers: Numbers):
    assert numbers.assign("EchoRequest", [("new", "Array"), *KEPT]).of["new"] == 8
    assert numbers.assign("Unheard", [("a", "Array"), ("b", "int64")]).of == {"a": 1, "b": 2}


def test_the_number_and_the_name_of_a_field_that_goes_are_reserved(numbers: Numbers):
    numbered = numbers.assign("EchoRequest", [*KEPT[:1], ("new", "int64")])
    assert numbered.of == {"model": 1, "new": 8}
    assert (numbered.reserved, numbered.names) == ([2, 3, 7], ["flags", "gone", "shares"])


@pytest.mark.parametrize(
    ("field", "words"),
    [(("model", "repeated string"), "was optional string"), (("gone", "string"), "was one that is gone")],
)
def test_a_field_cannot_change_its_type_or_come_back(numbers: Numbers, field: tuple[str, str], words: str):
    with pytest.raises(ValueError, match=f"EchoRequest.{field[0]} is {field[1]} and {words}.*another name"):
        numbers.assign("EchoRequest", [field])
