"""A bundle of a plain generator and a classifier does over every wire what its graphs can do, and refuses the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import numpy as np
import pytest

from seriesmith import Client, Unsupported
from service.proto import open_inference_pb2 as protocol
from tests.plain import LABELS, N_CHANNELS, N_TIMEPOINTS, OPERATIONS
from tests.service import wires
from tests.service.grpc.conversation import answer, build_request, connect, read_plain
from tests.service.inference.conversation import build_binary, build_tensor, infer, read_outputs
from tests.service.server import Server, run_server
from tests.service.stubs import GRPCInferenceServiceStub, SeriesmithStub

SEED = 11
COUNTS = {"walk": 20, "rest": 3}


@pytest.fixture(scope="module")
def plain(plain_repository, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves the bundles of `tests.plain`."""
    with run_server(tmp_path_factory.mktemp("plain"), plain_repository) as running:
        yield running


@pytest.fixture(scope="module")
def given(plain: Server) -> dict[str, Any]:
    """Four cases of two classes, and how to augment them."""
    made = plain.answer("sample", model="generator", counts={"rest": 3, "walk": 1}, seed=1)
    series = np.array(made["series"], np.float32)
    return {"series": series, "labels": made["labels"], "strategy": {"factor": 6.0}, "seed": SEED}


def ask_over_grpc_stream(server: Server, operation: str, **fields: Any) -> dict[str, Any]:
    """The columns of a stream of the typed service."""
    with connect(server) as channel:
        method = getattr(SeriesmithStub(channel), f"{operation.title()}Stream")
        parts = [read_plain(message) for message in method(build_request(operation, **fields), timeout=30)]
    return {name: np.concatenate([part[name] for part in parts if name in part]) for name in ("series", "labels")}


def ask_over_grpc(server: Server, operation: str, **fields: Any) -> dict[str, Any]:
    with connect(server) as channel:
        return answer(channel, operation, **fields)


def build_tensors(fields: dict[str, Any]) -> dict[str, np.ndarray]:
    """The fields of a request as the protocol's tensors."""
    counts = fields.get("counts", {})
    tensors = {
        "series": fields.get("series"),
        "labels": np.array(fields["labels"]) if "labels" in fields else None,
        "class_label": np.array(list(counts)) if counts else None,
        "count": np.array(list(counts.values())) if counts else None,
        "factor": np.array([fields["strategy"]["factor"]], np.float32) if "strategy" in fields else None,
        "seed": np.array([fields["seed"]]) if "seed" in fields else None,
    }
    return {name: array for name, array in tensors.items() if array is not None}


def ask_over_protocol(build: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Ask over the Open Inference Protocol, with inputs that `build` makes."""

    def ask(server: Server, operation: str, model: str, **fields: Any) -> dict[str, Any]:
        inputs = [build(name, array) for name, array in build_tensors(fields).items()]
        parameters = {"binary_data_output": True} if build is build_binary else {}
        return {**read_outputs(infer(server, f"{model}.{operation}", *inputs, parameters=parameters))}

    return ask


def ask_over_protocol_grpc(server: Server, operation: str, model: str, **fields: Any) -> dict[str, Any]:
    request = protocol.ModelInferRequest(model_name=f"{model}.{operation}")
    for name, array in build_tensors(fields).items():
        described, content = build_binary(name, array)
        request.inputs.add(name=name, datatype=described["datatype"], shape=described["shape"])
        request.raw_input_contents.append(content)
    with connect(server) as channel:
        said = GRPCInferenceServiceStub(channel).ModelInfer(request, timeout=30)
    shapes = {output.name: tuple(output.shape) for output in said.outputs}
    place = list(shapes).index("series")
    return {"series": np.frombuffer(said.raw_output_contents[place], "<f4").reshape(shapes["series"])}


def ask_with_client(scheme: str) -> Callable[..., dict[str, Any]]:
    def ask(server: Server, operation: str, **fields: Any) -> dict[str, Any]:
        with Client({"http": server.url, "grpc": f"grpc://{server.grpc}"}[scheme]) as client:
            positional = [fields.pop(name) for name in ("series", "labels", "counts") if name in fields]
            said: dict[str, Any] = vars(getattr(client, operation)(*positional, **fields))
            return said

    return ask


WIRES: dict[str, Callable[..., dict[str, Any]]] = {
    "octets": wires.ask_over_octets,
    "arrow": wires.ask_over_arrow,
    "lines": wires.ask_over_lines,
    "parts": wires.ask_over_parts,
    "grpc": ask_over_grpc,
    "grpc stream": ask_over_grpc_stream,
    "v2 json": ask_over_protocol(build_tensor),
    "v2 binary": ask_over_protocol(build_binary),
    "v2 grpc": ask_over_protocol_grpc,
    "client http": ask_with_client("http"),
    "client grpc": ask_with_client("grpc"),
}


@pytest.mark.parametrize("wire", WIRES)
def test_it_samples_and_augments_the_same_series_over_every_wire(plain: Server, given: dict[str, Any], wire: str):
    asked = {"sample": {"counts": COUNTS, "seed": SEED}, "augment": given}
    for operation, fields in asked.items():
        expected = plain.answer(operation, model="generator", **fields)
        found = WIRES[wire](plain, operation, model="generator", **fields)
        assert np.array_equal(np.asarray(found["series"], np.float32), np.array(expected["series"], np.float32))
        if "labels" in found:
            assert list(found["labels"]) == expected["labels"]


@pytest.mark.parametrize("wire", [wire for wire in WIRES if wire not in ("lines", "parts", "grpc stream", "v2 grpc")])
def test_it_classifies_over_every_wire(plain: Server, given: dict[str, Any], wire: str):
    found = WIRES[wire](plain, "classify", model="generator", series=given["series"])
    expected = plain.answer("classify", model="generator", series=given["series"])
    np.testing.assert_allclose(np.asarray(found["probabilities"]), expected["probabilities"], atol=1e-5)
    assert list(found["labels"]) == expected["labels"] == given["labels"]


def test_what_it_samples_has_no_density_and_is_told_by_class(plain: Server):
    made = plain.answer("sample", model="generator", counts=COUNTS, seed=SEED)
    assert "log_density" not in made
    assert np.shape(made["series"]) == (23, N_CHANNELS, N_TIMEPOINTS)
    assert set(made["acceptance"]) == set(made["fallbacks"]) == set(COUNTS)
    assert 0 < made["acceptance"]["walk"] < 1
    again = plain.answer("classify", model="generator", series=made["series"])["labels"]
    assert sum(own == label for own, label in zip(again, made["labels"], strict=True)) == 23 - sum(
        made["fallbacks"].values()
    )


@pytest.mark.parametrize("policy", ["latent", "warps", "guided", "latent+warps"])
def test_it_augments_by_the_policies_that_it_can_follow(plain: Server, given: dict[str, Any], policy: str):
    made = plain.answer("augment", model="generator", policy=policy, **given)
    assert made["policy"] == policy and len(made["series"]) == 24
    assert made["report"]["rest"]["made_by"] == policy
    assert made["advice"]["use"] is None


def refuse_over_json(server: Server, operation: str, **fields: Any) -> tuple[Any, str]:
    error = server.post(operation, **fields).json()["error"]
    return error["code"], error["message"]


def refuse_over_grpc(server: Server, operation: str, **fields: Any) -> tuple[Any, str]:
    with connect(server) as channel, pytest.raises(grpc.RpcError) as caught:
        answer(channel, operation, **fields)
    return caught.value.code(), caught.value.details()


def refuse_over_protocol(server: Server, operation: str, model: str, **fields: Any) -> tuple[Any, str]:
    inputs = [build_tensor(name, array) for name, array in build_tensors(fields).items()]
    response = infer(server, f"{model}.{operation}", *inputs)
    return response.status_code, response.json()["error"]


def refuse_over_protocol_grpc(server: Server, operation: str, **fields: Any) -> tuple[Any, str]:
    with pytest.raises(grpc.RpcError) as caught:
        ask_over_protocol_grpc(server, operation, **fields)
    return caught.value.code(), caught.value.details()


def refuse_client(server: Server, operation: str, **fields: Any) -> tuple[Any, str]:
    with pytest.raises(Unsupported) as caught:
        ask_with_client("http")(server, operation, **fields)
    return type(caught.value).__name__, str(caught.value)


REFUSED: dict[str, tuple[Callable[..., tuple[Any, str]], Any]] = {
    "json": (refuse_over_json, "unsupported_operation"),
    "grpc": (refuse_over_grpc, grpc.StatusCode.FAILED_PRECONDITION),
    "v2": (refuse_over_protocol, 422),
    "v2 grpc": (refuse_over_protocol_grpc, grpc.StatusCode.FAILED_PRECONDITION),
    "client": (refuse_client, "Unsupported"),
}


@pytest.mark.parametrize("wire", REFUSED)
def test_what_it_cannot_do_is_refused_in_the_same_words_over_every_wire(plain: Server, wire: str):
    refuse, code = REFUSED[wire]
    series = np.zeros((1, N_CHANNELS, N_TIMEPOINTS), np.float32)
    for model, operations in OPERATIONS.items():
        able = ", ".join(operations)
        for operation in ("encode", "reconstruct", "classify"):
            if operation not in operations:
                said = refuse(plain, operation, model=model, series=series)
                assert said[0] == code
                assert f"model '{model}' cannot {operation}: it has no " in said[1] and f"; it can {able}" in said[1]
    for model in ("judge", "coder", "autoencoder"):
        said = refuse(plain, "sample", model=model, counts={str(LABELS[0]): 1})
        assert said[0] == code and f"model '{model}' cannot sample: it has no " in said[1]


@pytest.mark.parametrize("wire", ["json", "grpc", "client"])
def test_a_policy_that_it_cannot_follow_is_refused_over_every_wire(plain: Server, given: dict[str, Any], wire: str):
    refuse, code = REFUSED[wire]
    said = refuse(plain, "augment", model="generator", policy="interpolation+warps", **given)
    assert said[0] == code
    assert "cannot follow the policy 'interpolation+warps': it has no encoder or decoder" in said[1]
    assert "it can follow warps, guided, latent, latent+warps" in said[1]
    said = refuse(plain, "sample", model="generator", counts=COUNTS, expansion=2.0)
    assert said[0] == code and "no mixture; leave it out" in said[1]


def test_an_autoencoder_augments_the_cases_that_it_is_sent_alone(plain: Server, given: dict[str, Any]):
    made = plain.answer("augment", model="autoencoder", **given)
    assert made["policy"] == "interpolation" and len(made["series"]) == 24
    sent = given | {"strategy": {"counts": {"run": 2}}}
    assert (
        "makes series from given cases alone, and none of class 'run' came"
        in plain.post("augment", model="autoencoder", **sent).json()["error"]["message"]
    )
    said = refuse_over_json(plain, "augment", model="autoencoder", policy="latent", **given)[1]
    assert "it has no mixture, and no generate graph" in said


def test_a_generator_of_unlabelled_data_needs_no_labels(plain: Server, given: dict[str, Any]):
    made = plain.answer("augment", model="dreamer", series=given["series"], strategy={"factor": 2.0}, seed=1)
    assert sum(made["synthetic"]) == 4 and made["policy"] == "latent"
    assert len(plain.answer("sample", model="dreamer", n_per_class=5)["series"]) == 5


def test_cards_say_what_each_can_do(plain: Server):
    cards = {card["name"]: card for card in plain.get("/models")["models"]}
    assert {name: sorted(card["operations"]) for name, card in cards.items()} == {
        name: sorted(operations) for name, operations in OPERATIONS.items()
    }
    assert cards["generator"]["policies"] == ["warps", "guided", "latent", "latent+warps"]
    assert cards["generator"]["policy"] == "latent" and cards["autoencoder"]["policy"] == "interpolation"
    assert [cards["judge"][name] for name in ("policy", "advice", "latent_dim", "expansion")] == [None] * 4
    assert cards["coder"]["latent_dim"] == 3
    with Client(plain.url) as client:
        assert {card.name: card.latent_dim for card in client.models()} == {
            name: card["latent_dim"] for name, card in cards.items()
        }


def test_the_protocol_lists_what_each_can_do(plain: Server):
    listed = {row["name"] for row in plain.http.post("/v2/repository/index").json()}
    assert listed == {f"{name}.{operation}" for name, operations in OPERATIONS.items() for operation in operations}
    outputs = {output["name"] for output in plain.get("/v2/models/generator.sample")["outputs"]}
    assert {"series", "labels", "acceptance"} <= outputs and "log_density" not in outputs
    assert plain.http.get("/v2/models/generator.encode").status_code == 422


def test_the_examples_of_the_documents_are_answered(plain: Server):
    paths = plain.get("/docs.json")["paths"]
    bodies = {
        path: post["requestBody"]["content"]["application/json"].get("example")
        for path, post in ((path, item["post"]) for path, item in paths.items() if "post" in item)
        if "requestBody" in post
    }
    answered = {f"/{operation}" for operation in OPERATIONS["autoencoder"] if bodies[f"/{operation}"] is not None}
    assert answered
    for path in answered:
        assert plain.http.post(path, json=bodies[path]).status_code == 200
    model = next(one for one in paths["/v2/models/{model}/infer"]["post"]["parameters"] if one["name"] == "model")
    body = bodies["/v2/models/{model}/infer"]
    assert plain.http.post(f"/v2/models/{model['example']}/infer", json=body).status_code == 200
