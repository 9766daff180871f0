"""Every question over gRPC: our own calls, whole and streamed, and `ModelInfer` of the Open Inference Protocol."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from loadtest.soak.over_http import build_raw_tensor, build_tensors
from loadtest.soak.questions import Exchange, Question
from loadtest.wire import Array, Message
from service.proto import open_inference_pb2 as inference
from service.proto import seriesmith_pb2 as typed

SERVICE = "/seriesmith.v1.Seriesmith/"
INFER = "/inference.GRPCInferenceService/ModelInfer"


def list_exchanges(question: Question) -> list[Exchange]:
    """The question over each wire that carries it."""
    method, asked = question.operation.title(), Message({}, _ask(question))
    read = partial(_read, method, question.column)
    found = [
        Exchange(question, "gRPC", SERVICE + method, asked, read, grpc=True),
        Exchange(question, "v2 gRPC", INFER, _ask_infer(question), partial(_read_infer, question.column), grpc=True),
    ]
    if question.seeded:
        found.append(
            Exchange(question, "gRPC stream", f"{SERVICE}{method}Stream", asked, read, grpc=True, streamed=True)
        )
    return found


def _ask(question: Question) -> bytes:
    message: Any = getattr(typed, f"{question.operation.title()}Request")()
    for name, value in question.fields.items():
        if name == "series":
            message.series.CopyFrom(typed.Array(shape=value.shape, values=value.astype("<f4").tobytes()))
        elif name == "labels":
            message.labels.CopyFrom(typed.Labels(text=value))
        else:
            setattr(message, name, value)
    asked: bytes = message.SerializeToString()
    return asked


def _read(method: str, column: str, messages: Sequence[Message]) -> Array:
    kind: Any = getattr(typed, f"{method}Answer")
    parts = [getattr(kind.FromString(message.body), column) for message in messages]
    arrays = [np.frombuffer(part.values, "<f4").reshape(tuple(part.shape)) for part in parts if part.values]
    return np.concatenate(arrays)


def _ask_infer(question: Question) -> Message:
    asked = inference.ModelInferRequest(model_name=f"{question.fields['model']}.{question.operation}")
    for name, datatype, shape, values in build_tensors(question):
        asked.inputs.add(name=name, datatype=datatype, shape=shape)
        asked.raw_input_contents.append(build_raw_tensor(datatype, values))
    asked.outputs.add(name=question.column)
    return Message({}, asked.SerializeToString())


def _read_infer(column: str, messages: Sequence[Message]) -> Array:
    answer = inference.ModelInferResponse.FromString(messages[0].body)
    (output,) = answer.outputs
    if output.name != column:
        raise ValueError(f"the answer has {output.name} in the place of {column}")
    (raw,) = answer.raw_output_contents
    return np.frombuffer(raw, "<f4").reshape(tuple(output.shape))
