"""Calls of both interfaces over gRPC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from service.proto import open_inference_pb2 as inference
from service.proto import seriesmith_pb2 as typed
from tests.service.bad_input.bad import INFER, TYPED, VALUES, Bad


def _write_message(method: str, **fields: Any) -> bytes:
    return bytes(
        getattr(typed, f"{method.removesuffix('Stream')}Request")(**({"model": "sines"} | fields)).SerializeToString()
    )


def list_typed() -> Iterator[Bad]:
    def build_array(*shape: int, values: bytes | None = None) -> typed.Array:
        return typed.Array(shape=shape, values=bytes(4 * int(np.prod(shape))) if values is None else values)

    wrong, large = "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"
    series: list[tuple[str, typed.Array | None, str, str]] = [
        ("no series", None, wrong, "'series' is missing"),
        ("no shape", typed.Array(values=bytes(512)), wrong, "shape []"),
        ("negative sizes", typed.Array(shape=[-1, -128], values=bytes(512)), wrong, "shape"),
        ("a size of 2^62", typed.Array(shape=[2**62], values=b""), wrong, "shape"),
        ("1000 sizes", typed.Array(shape=[1] * 1000, values=bytes(4)), wrong, "at most 8 axes"),
        ("100000 sizes", typed.Array(shape=[1] * 100_000, values=bytes(4)), large, "fields"),
        ("too few values", build_array(1, 2, 64, values=bytes(8)), wrong, "8 bytes of values"),
        ("no cases", build_array(0, 2, 64), wrong, "at least one case"),
        ("no timepoints", build_array(5, 0, 64), wrong, "5 x 0 x 64"),
        ("one axis", build_array(64), wrong, "two or three axes"),
        ("another length", build_array(1, 2, 9), wrong, "1 x 2 x 9"),
        ("NaN", build_array(1, 2, 64, values=b"\xff" * 512), wrong, "series[0][0][0]"),
        ("too many cases", build_array(10_001, 1), large, "SERIESMITH_MAX_ROWS"),
    ]
    for method in ("Encode", "Reconstruct", "Classify", "Augment", "AugmentStream"):
        for name, one, code, words in series:
            fields = {} if one is None else {"series": one}
            yield Bad(f"{method}: {name}", TYPED + method, _write_message(method, **fields), code, (words,))
        yield Bad(f"{method}: no message", TYPED + method, b"\xff\xff\xff", wrong, ("no seriesmith.v1",))
        yield Bad(
            f"{method}: an unknown model",
            TYPED + method,
            _write_message(method, model="x", series=build_array(1, 2, 64)),
            "NOT_FOUND",
        )
        yield Bad(f"{method}: invalid UTF-8", TYPED + method, b"\x0a\x01\xff", wrong)
        yield Bad(f"{method}: 100000 empty arrays", TYPED + method, b"\x12\0" * 100_000, large, ("messages",))
    one, count = build_array(1, 2, 64), typed.ClassCount
    sample: list[tuple[str, dict[str, Any], str, str]] = [
        ("nothing asked for", {}, wrong, "neither"),
        ("a negative count", {"n_per_class": -1}, wrong, "n_per_class is -1"),
        ("a count of 2^62", {"n_per_class": 2**62}, wrong, "n_per_class is"),
        ("a class twice", {"counts": [count(class_label="1", count=1)] * 2}, wrong, "twice"),
        ("20000 classes", {"counts": [count(class_label="1", count=1)] * 20_000}, large, "messages"),
        ("a label of 100 kB", {"counts": [count(class_label="x" * 10**5, count=1)]}, wrong, "does not know"),
        ("a negative seed", {"n_per_class": 1, "seed": -1}, wrong, "seed is -1"),
        ("a seed of 2^62", {"n_per_class": 1, "seed": 2**62}, wrong, "seed is"),
        ("an expansion of NaN", {"n_per_class": 1, "expansion": float("nan")}, wrong, "expansion is nan"),
        ("an expansion without end", {"n_per_class": 1, "expansion": float("inf")}, wrong, "expansion is inf"),
        ("more than may be", {"n_per_class": 10_000_000}, large, "SERIESMITH_MAX_ROWS"),
    ]
    for method in ("Sample", "SampleStream"):
        for name, fields, code, words in sample:
            yield Bad(
                f"{method}: {name}",
                TYPED + method,
                _write_message(method.removesuffix("Stream"), **fields),
                code,
                (words,),
            )
    strategy, labels = typed.Strategy, typed.Labels
    augment: list[tuple[str, dict[str, Any], str]] = [
        ("no labels", {}, "'labels' is missing"),
        ("both kinds of labels", {"labels": labels(text=["1"], number=[1])}, "one of them"),
        ("an unknown label", {"labels": labels(text=["x"])}, "does not know"),
        ("a factor of NaN", {"labels": labels(number=[1]), "strategy": strategy(factor=float("nan"))}, "factor"),
        ("an empty strategy", {"labels": labels(number=[1]), "strategy": strategy()}, "strategy"),
        ("an unknown policy", {"labels": labels(number=[1]), "policy": "dream"}, "policy is 'dream'"),
        ("a policy of 100 kB", {"labels": labels(number=[1]), "policy": "x" * 10**5}, "policy is"),
    ]
    for name, fields, words in augment:
        yield Bad(
            f"Augment: {name}", TYPED + "Augment", _write_message("Augment", series=one, **fields), wrong, (words,)
        )


def list_inference_grpc() -> Iterator[Bad]:
    request, tensor = inference.ModelInferRequest, inference.ModelInferRequest.InferInputTensor

    def ask(*inputs: Any, model: str = "sines.encode", **more: Any) -> bytes:
        return bytes(request(model_name=model, inputs=inputs, **more).SerializeToString())

    def make(**changes: Any) -> Any:
        return tensor(**({"name": "series", "datatype": "FP32", "shape": [1, 2, 64]} | changes))

    contents = inference.InferTensorContents
    filled = contents(fp32_contents=[0.5] * 128)
    parameter = inference.InferParameter(string_param="x")
    latin = tensor(name="labels", datatype="BYTES", shape=[1], contents=contents(bytes_contents=[b"\xff"]))
    flags = tensor(name="x", datatype="BOOL", shape=[1], contents=contents(bool_contents=[True] * 2**20))
    unknown = [request.InferRequestedOutputTensor(name="x")]
    values = VALUES.tobytes()
    wrong, large = "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"
    name = "inference.ModelInferRequest"
    rows: list[tuple[str, bytes, str, str]] = [
        ("no message", b"\xff\xff", wrong, name),
        ("no model", ask(model=""), "NOT_FOUND", "is no model"),
        ("an unknown model", ask(model="x.encode"), "NOT_FOUND", "no model 'x'"),
        ("a model of 100 kB", ask(model="x" * 10**5), "NOT_FOUND", "is no model"),
        ("a version of 5000 digits", ask(model_version="1" * 5000), "NOT_FOUND", "no version"),
        ("no inputs", ask(), wrong, "'series' is missing"),
        ("65 inputs", ask(*[make()] * 65), wrong, "65 inputs"),
        ("50000 empty inputs", b"\x0a\x0csines.encode" + b"\x2a\0" * 50_000, large, "messages"),
        ("an input twice", ask(make(contents=filled), make()), wrong, ""),
        ("an unknown input", ask(make(name="x", contents=filled)), wrong, "no input 'x'"),
        ("an unknown datatype", ask(make(datatype="BF16")), wrong, "'BF16'"),
        ("a negative size", ask(make(shape=[-1, 2, 64])), wrong, "at most 8 sizes"),
        ("a size of 2^62", ask(make(shape=[2**62])), wrong, "at most 8 sizes"),
        ("1000 sizes", ask(make(shape=[1] * 1000)), wrong, "at most 8 sizes"),
        ("no contents", ask(make()), wrong, "takes 128 elements"),
        ("too few elements", ask(make(contents=contents(fp32_contents=[1.0]))), wrong, "1 came"),
        ("other contents", ask(make(contents=contents(int_contents=[1] * 128))), wrong, "0 came"),
        ("NaN", ask(make(contents=contents(fp32_contents=[float("nan")] * 128))), wrong, "is nan"),
        ("raw and contents", ask(make(contents=filled), raw_input_contents=[values]), wrong, "one of the two"),
        ("two raw contents for one input", ask(make(), raw_input_contents=[values] * 2), wrong, "1 inputs and 2"),
        ("raw contents cut off", ask(make(), raw_input_contents=[values[:-1]]), wrong, "takes 512 bytes"),
        ("no rows", ask(make(shape=[0, 2, 64]), raw_input_contents=[b""]), wrong, "at least one"),
        ("an unknown output", ask(make(contents=filled), outputs=unknown), wrong, "no output 'x'"),
        ("shared memory", ask(make(parameters={"shared_memory_region": parameter})), wrong, "lacks"),
        ("labels that are not UTF-8", ask(make(), latin, model="sines.augment"), wrong, ""),
        ("2^24 bytes of flags", ask(flags), large, "fields"),
    ]  # fmt: skip
    for label, body, code, words in rows:
        if label != "no inputs":
            yield Bad(f"ModelInfer: {label}", INFER, body, code, (words,) if words else ())
    yield Bad("ModelInfer: no series", INFER, ask(), wrong, ("'series' is missing",))
    service = "/inference.GRPCInferenceService/"
    long = "a" * 300
    for method in ("ModelMetadata", "ModelConfig"):
        yield Bad(f"{method}: no model", service + method, b"", "NOT_FOUND")
    for model in ("nobody.encode", "sines", "sines.fly", "\0", long):
        body = bytes(inference.ModelStatisticsRequest(name=model).SerializeToString())
        yield Bad(f"ModelStatistics: {model[:9]!r}", service + "ModelStatistics", body, "NOT_FOUND")
    body = bytes(inference.ModelStatisticsRequest(name="sines.encode", version="7").SerializeToString())
    yield Bad("ModelStatistics: a version", service + "ModelStatistics", body, "NOT_FOUND", ("no version",))
    lacking = [f"{kind}SharedMemory{verb}" for kind in ("System", "Cuda") for verb in ("Status", "Register")]
    for method in ("ModelStreamInfer", "TraceSetting", "LogSettings", *lacking):
        yield Bad(f"{method}: lacking", service + method, b"", "UNIMPLEMENTED", ("this server lacks",))
    for verb in ("RepositoryModelLoad", "RepositoryModelUnload"):
        kind = getattr(inference, f"{verb}Request")
        for model in ("", long, "../sines", "\0", "nobody"):
            body = bytes(kind(model_name=model).SerializeToString())
            yield Bad(f"{verb}: {model[:9]!r}", service + verb, body, "NOT_FOUND")
