"""The protocol over gRPC: `inference.GRPCInferenceService`."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError, Message

from bundle import VERSION
from bundle.errors import InvalidRequest, NotFound, Unsupported
from bundle.showing import show
from service.bounds import Bounding, Bounds
from service.grpc.asked import Method
from service.grpc.calls import Calls
from service.grpc.scanning import require_few as require_few_fields
from service.inference import EXTENSIONS, LACKS
from service.inference.infer import Inference, Sent, Taken, measure_size, read_tensors, require_few
from service.inference.models import Model, require_plain, split_name
from service.inference.repository import list_models, load, unload
from service.inference.statistics import describe_statistics
from service.inference.tensors import measure_shape, to_binary
from service.keys import Role
from service.metrics import Outcome
from service.observing.record import mark
from service.pace import LARGE_BYTES, run_unhurried
from service.proto import open_inference_pb2 as messages
from service.room import BINARY_BYTES, CONNECTION_SHARE, Room

SERVICE = messages.DESCRIPTOR.services_by_name["GRPCInferenceService"]

Answered = Callable[[Any], Awaitable[Message]]

CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""The field of `InferTensorContents` by datatype."""

PART = 2**15
"""Elements read at a time."""

LACKING = (
    "ModelStreamInfer",
    "TraceSetting",
    "LogSettings",
    *(f"{kind}SharedMemory{verb}" for kind in ("System", "Cuda") for verb in ("Status", "Register", "Unregister")),
)
"""Of Triton's extensions."""

ROLES: dict[str, Role | None] = {
    "ServerLive": None,
    "ServerReady": None,
    "ModelStatistics": "metrics",
    "RepositoryModelLoad": "manage",
    "RepositoryModelUnload": "manage",
}
"""What the key of a caller must allow, where that is not to use models; None: no key is needed."""


def build_methods(calls: Calls) -> dict[str, Method]:
    """Build every method of the interface, by name."""
    inference = Methods(calls)
    plain: dict[str, Answered] = {
        "ServerLive": inference.tell_server_live,
        "ServerReady": inference.tell_server_ready,
        "ModelReady": inference.tell_model_ready,
        "ServerMetadata": inference.describe_server,
        "ModelMetadata": inference.describe_model,
        "ModelConfig": inference.describe_config,
        "ModelStatistics": inference.describe_statistics,
        "RepositoryIndex": inference.list_models,
        "RepositoryModelLoad": inference.load,
        "RepositoryModelUnload": inference.unload,
    }
    bounding = inference.bounding
    found = {
        name: calls.make_unary(_make_work(name, method, bounding), role=ROLES.get(name, "use"))
        for name, method in plain.items()
    }
    lacking = {name: Method(lacks=f"{name} {LACKS}") for name in LACKING}
    return found | lacking | {"ModelInfer": calls.make_unary(inference.infer)}


class Methods:
    """Answers the methods of the protocol, but for parsing and counting."""

    def __init__(self, calls: Calls) -> None:
        self._serving = calls.serving
        self._inference = Inference(calls.serving)
        self._models, self.bounding = self._inference.models, self._inference.bounding

    async def infer(self, body: bytes, outcome: Outcome) -> bytes:
        """Run a model on the inputs of a request, and write its outputs."""
        self._serving.lane.require_room()
        bounds, is_large = self.bounding.get_bounds(), len(body) > LARGE_BYTES
        if is_large:
            request = await run_unhurried(len(body), lambda: _parse(messages.ModelInferRequest, body, bounds))
        else:
            request = _parse(messages.ModelInferRequest, body, bounds)
        operation = split_name(request.model_name)[1]
        if operation is not None:
            outcome.name(operation.name)
        model = self._models.find(request.model_name, request.model_version)
        outcome.model = model.manifest.name
        if is_large:
            given = await run_unhurried(len(body), lambda: read_tensors(_read_inputs(request), bounds))
        else:
            given = read_tensors(_read_inputs(request), bounds)
        for output in request.outputs:
            require_plain(output.name, output.parameters)
        names = [output.name for output in request.outputs]
        mark("decode")
        with Room(self._serving.bytes, BINARY_BYTES, len(body), CONNECTION_SHARE) as room:
            taken = await self._inference.run(model, given, names, room, in_seconds=False)
            mark("compute")
            size = measure_size(taken)
            if size > LARGE_BYTES:
                return await run_unhurried(size, lambda: _write_outputs(model, request.id, taken))
            return _write_outputs(model, request.id, taken)

    async def tell_server_live(self, request: Any) -> Message:
        """Answer that the server is live."""
        return messages.ServerLiveResponse(live=True)

    async def tell_server_ready(self, request: Any) -> Message:
        """Answer whether the server has a model to serve and is not stopping."""
        return messages.ServerReadyResponse(ready=self._serving.ready)

    async def tell_model_ready(self, request: Any) -> Message:
        """Answer whether a model is served; False for one that does not exist."""
        try:
            self._models.find(request.name, request.version)
        except (NotFound, Unsupported):
            return messages.ModelReadyResponse(ready=False)
        return messages.ModelReadyResponse(ready=True)

    async def describe_server(self, request: Any) -> Message:
        """Answer the name, version and extensions of this server."""
        return messages.ServerMetadataResponse(name="seriesmith", version=VERSION, extensions=EXTENSIONS)

    async def describe_model(self, request: Any) -> Message:
        """Answer the versions, inputs and outputs of a model."""
        return messages.ModelMetadataResponse(**self._models.describe(request.name, request.version))

    async def describe_config(self, request: Any) -> Message:
        """Of a model."""
        return messages.ModelConfigResponse(config=self._models.describe_config(request.name, request.version))

    async def describe_statistics(self, request: Any) -> Message:
        """Of a model, or of every model."""
        return messages.ModelStatisticsResponse(
            **await describe_statistics(self._models, request.name, request.version)
        )

    async def list_models(self, request: Any) -> Message:
        """Answer the models of the repository, each with its state."""
        return messages.RepositoryIndexResponse(models=list_models(self._serving, request.ready))

    async def load(self, request: Any) -> Message:
        """Load a bundle."""
        await load(self._serving, request.model_name, request.parameters)
        return messages.RepositoryModelLoadResponse()

    async def unload(self, request: Any) -> Message:
        """Unload a bundle."""
        await unload(self._serving, request.model_name)
        return messages.RepositoryModelUnloadResponse()


def _make_work(name: str, method: Answered, bounding: Bounding) -> Callable[[bytes, Outcome], Awaitable[bytes]]:
    kind = getattr(messages, f"{name}Request")

    async def work(body: bytes, outcome: Outcome) -> bytes:
        return bytes((await method(_parse(kind, body, bounding.get_bounds()))).SerializeToString())

    return work


def _parse(kind: Any, body: bytes, bounds: Bounds) -> Any:
    require_few_fields(body, kind.DESCRIPTOR, bounds)
    try:
        return kind.FromString(body)
    except DecodeError as error:
        raise InvalidRequest(f"the message is no {kind.DESCRIPTOR.full_name}: {error}.") from error


def _read_inputs(request: Any) -> Iterator[Sent]:
    """Yield the inputs of a request. Raises `InvalidRequest`."""
    inputs, contents = request.inputs, request.raw_input_contents
    require_few(len(inputs), "inputs")
    require_few(len(request.outputs), "outputs")
    if contents and len(contents) != len(inputs):
        raise InvalidRequest(
            f"there are {len(inputs)} inputs and {len(contents)} raw_input_contents; send one for each, in order.",
            "inputs",
        )
    for position, one in enumerate(inputs):
        content = contents[position] if contents else None
        data = _read_contents(one) if content is None else one.contents if one.HasField("contents") else None
        yield Sent(one.name, one.datatype, list(one.shape), one.parameters, content, data)


def _read_contents(one: Any) -> object:
    """Return the elements of an input, which are in the field of its datatype."""
    field = CONTENTS.get(one.datatype)
    if field is None:
        known = ", ".join(CONTENTS)
        raise InvalidRequest(
            f"{show(one.name)} of datatype {show(one.datatype, 40)} has no contents; there are: {known}.", one.name
        )
    elements = getattr(one.contents, field)
    if one.datatype in ("FP32", "FP64"):
        return _read_floats(elements)
    if one.datatype != "BYTES":
        return list(elements)
    try:
        return [element.decode() for element in elements]
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{show(one.name)} is not UTF-8 text: {error}.", one.name) from error


def _read_floats(contents: Any) -> np.ndarray:
    """Copy repeated numbers to an array, some at a time: protobuf's container yields them one by one."""
    parts = [np.array(contents[start : start + PART], np.float64) for start in range(0, len(contents), PART)]
    return np.concatenate(parts or [np.empty(0)])


def _write_outputs(model: Model, request_id: str, taken: Taken) -> bytes:
    """The answer, in two parts: messages that follow each other are one (protobuf.dev, "Last one wins")."""
    described = tuple([(output.name, output.axes.datatype, *measure_shape(column)) for output, column in taken])
    contents = [to_binary(column, output.axes.datatype) for output, column in taken]
    rest = messages.ModelInferResponse(id=request_id, raw_output_contents=contents)
    return _describe_outputs(model.name, model.version, described) + bytes(rest.SerializeToString())


@functools.lru_cache(256)
def _describe_outputs(model: str, version: str, described: tuple[tuple[Any, ...], ...]) -> bytes:
    """The part of an answer that is the same for requests of as many cases: name, datatype and shape of each output."""
    answer = messages.ModelInferResponse(model_name=model, model_version=version)
    for name, datatype, *shape in described:
        answer.outputs.add(name=name, datatype=datatype, shape=shape)
    return bytes(answer.SerializeToString())
