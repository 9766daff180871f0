"""Series of several lengths, with missing values, at times of their own: over every wire, where a model takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import orjson
import pyarrow as pa
import pytest

from bundle.engine.bundle import Bundle
from bundle.grid import put_on_grid
from seriesmith import Client, Sampler
from service.proto import seriesmith_pb2 as messages
from tests.service.bundles import Labelled, publish_copy
from tests.service.inference.conversation import build_binary, build_tensor, infer, read_outputs
from tests.service.server import Server, run_server
from tests.service.stubs import SeriesmithStub
from tests.service.wires import (
    ARROW,
    KEY,
    OCTETS,
    ask_over_lines,
    ask_over_parts,
    read_arrow,
    read_octets,
    write_octets,
)

GAPS = {"longest_gap": 0.25, "most_missing": 0.5}
SHAPES: dict[str, dict[str, Any]] = {
    "resampled": {"length_policy": "resample", "shortest": 8, "longest": 128, "gap_policy": "interpolate"} | GAPS,
    "padded": {
        "length_policy": "pad", "shortest": 8, "longest": 64, "gap_policy": "mask", **GAPS,
        "class_lengths": [[20, 30], [40, 40], [64, 64]],
    },
    "gappy": {"gap_policy": "interpolate"} | GAPS,
    "ranged": {"value_range": [[800.0, 1200.0], [0.008, 0.012]], "spread": [[100.0, 180.0], [0.001, 0.0018]]},
}  # fmt: skip
VARYING = ("resampled", "padded")


@pytest.fixture(scope="module")
def uneven(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves `sines`, and copies of it that take more than complete series of one length."""
    root = tmp_path_factory.mktemp("uneven")
    for name, series in SHAPES.items():
        publish_copy(repository / "sines" / "1", root / "models", name, 1, series=series)
    publish_copy(repository / "sines" / "1", root / "models", "sines", 1)
    with run_server(root, root / "models") as running:
        yield running


@pytest.fixture(scope="module")
def ragged(cases: Labelled) -> list[np.ndarray]:
    """Six cases of 20 to 64 timepoints, two of them with gaps."""
    cut = [case[:, :length].copy() for case, length in zip(cases.series, (64, 20, 33, 64, 40, 33), strict=False)]
    cut[2][0, 5:9] = cut[2][1, 12] = cut[3][1, 0] = np.nan
    return cut


def to_lists(series: list[np.ndarray]) -> list[Any]:
    """As JSON has it."""
    return [[[None if np.isnan(value) else float(value) for value in row] for row in case] for case in series]


def to_tensor(series: list[np.ndarray]) -> np.ndarray:
    """NaN behind the shorter ones."""
    whole = np.full((len(series), series[0].shape[0], max(case.shape[1] for case in series)), np.nan, np.float32)
    for place, case in enumerate(series):
        whole[place, :, : case.shape[1]] = case
    return whole


def trim(answer: dict[str, Any], names: tuple[str, ...] = ("series", "timepoint_error")) -> dict[str, Any]:
    """An answer of arrays as JSON has it: lists of unequal length, and no `lengths`."""
    lengths = answer.pop("lengths", None)
    for name in names:
        if name in answer:
            rows = zip(answer[name], [None] * len(answer[name]) if lengths is None else lengths, strict=True)
            answer[name] = [np.asarray(case)[:, :length] for case, length in rows]
    return answer


def ask_json(server: Server, operation: str, series: list[np.ndarray], **fields: Any) -> dict[str, Any]:
    return trim(server.answer(operation, series=to_lists(series), **fields))


def ask_octets(server: Server, operation: str, series: list[np.ndarray], **fields: Any) -> dict[str, Any]:
    content, headers = write_octets({"series": to_tensor(series)} | fields)
    response = server.send(operation, content, **headers, accept=OCTETS)
    assert response.status_code == 200, response.text
    return trim(read_octets(response))


def write_arrow_column(column: pa.Array, fields: dict[str, Any]) -> bytes:
    fields = {name.rstrip("_"): value for name, value in fields.items()}
    columns = {"series": column} | ({"labels": pa.array(fields.pop("labels"))} if "labels" in fields else {})
    table = pa.table(columns).replace_schema_metadata({KEY: orjson.dumps(fields)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def ask_arrow(server: Server, operation: str, series: list[np.ndarray], **fields: Any) -> dict[str, Any]:
    body = write_arrow_column(pa.array(to_lists(series), pa.list_(pa.list_(pa.float32()))), fields)
    response = server.send(operation, body, content_type=ARROW)
    assert response.status_code == 200, response.text
    answer = read_arrow(response.content)
    assert "lengths" not in answer
    return trim(answer)


def ask_v2(server: Server, operation: str, series: list[np.ndarray], *, json: bool, **fields: Any) -> dict[str, Any]:
    tensor, model = to_tensor(series), fields.pop("model")
    texts = [np.array([str(label) for label in fields.pop("labels")])] if "labels" in fields else []
    names = ["series", *(["error"] if operation == "reconstruct" else []), *fields.pop("with_", [])]
    names += ["lengths"] if model in VARYING else []
    names += ["note"] if "gap_policy" in SHAPES.get(model, {}) else []
    inputs: list[Any] = [build_binary("series", tensor), *(build_binary("labels", text) for text in texts)]
    if json:
        data = [None if np.isnan(value) else value for value in tensor.ravel().tolist()]
        inputs = [build_tensor("series", np.zeros(0, np.float32)) | {"shape": list(tensor.shape), "data": data}]
        inputs += [build_tensor("labels", text) for text in texts]
    inputs += [build_tensor(name, [value]) for name, value in fields.items()]
    outputs = [{"name": name} for name in names]
    return trim(read_outputs(infer(server, f"{model}.{operation}", *inputs, outputs=outputs)))


def ask_grpc(server: Server, operation: str, series: list[np.ndarray], **fields: Any) -> dict[str, Any]:
    tensor = to_tensor(series)
    message = getattr(messages, f"{operation.title()}Request")(
        model=fields["model"], series=messages.Array(shape=tensor.shape, values=tensor.tobytes())
    )
    if "with_" in fields:
        getattr(message, "with").extend(fields["with_"])
    if "labels" in fields:
        message.labels.number.extend(fields["labels"])
        message.seed = fields["seed"]
    with grpc.insecure_channel(server.grpc) as channel:
        answer = getattr(SeriesmithStub(channel), operation.title())(message, timeout=60)
    read: dict[str, Any] = {}
    for field, value in answer.ListFields():
        array = field.message_type is not None and field.message_type.name == "Array"
        read[field.name] = np.frombuffer(value.values, "<f4").reshape(value.shape) if array else value
    return trim(read)


Ask = Callable[..., dict[str, Any]]
WIRES: dict[str, Ask] = {
    "octets": ask_octets,
    "arrow": ask_arrow,
    "v2 json": lambda *args, **more: ask_v2(*args, json=True, **more),
    "v2 binary": lambda *args, **more: ask_v2(*args, json=False, **more),
    "grpc": ask_grpc,
}


def assert_near(actual: Any, expected: Any) -> None:
    for one, other in zip(actual, expected, strict=True):
        left, right = np.asarray(one, np.float64), np.asarray(other, np.float64)
        assert left.shape == right.shape
        assert np.abs(left - right).max() <= 1e-5 * max(1e-6, float(np.abs(right).max()))


@pytest.mark.parametrize("model", VARYING)
def test_reconstruct_answers_at_the_callers_lengths_what_the_bundle_says_on_its_grid(
    uneven: Server, sines: Bundle, ragged: list[np.ndarray], model: str
):
    answer = ask_json(uneven, "reconstruct", ragged, model=model, with_=["timepoint_error"])
    shape = sines.manifest.series.model_copy(update=SHAPES[model])
    placed = put_on_grid(ragged, shape)
    reconstruction = sines.decode(sines.encode(placed.series)[0])
    expected = placed.restore(reconstruction)
    assert_near(answer["series"], [row[:, :length] for row, length in zip(expected, placed.lengths, strict=True)])
    assert [len(case[0]) for case in answer["timepoint_error"]] == placed.lengths.tolist()
    assert_near([answer["error"]], [sines.compute_reconstruction_error(placed.series, reconstruction, placed.counted)])
    assert "6 missing values in 2 of 6 series were filled" in answer["note"]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("model", VARYING)
def test_the_same_over_every_wire(uneven: Server, ragged: list[np.ndarray], wire: str, model: str):
    plain = ask_json(uneven, "reconstruct", ragged, model=model, with_=["timepoint_error"])
    answer = WIRES[wire](uneven, "reconstruct", ragged, model=model, with_=["timepoint_error"])
    for name in ("series", "timepoint_error"):
        assert_near(answer[name], plain[name])
    assert_near([answer["error"]], [plain["error"]])
    assert str(np.ravel(answer["note"])[0]) == plain["note"]


@pytest.mark.parametrize("wire", WIRES)
def test_gaps_alone_leave_the_answer_as_it_is_elsewhere(uneven: Server, cases: Labelled, wire: str):
    holed = [case.copy() for case in cases.series[:3]]
    holed[1][0, 3:6] = np.nan
    plain = ask_json(uneven, "reconstruct", holed, model="gappy")
    answer = WIRES[wire](uneven, "reconstruct", holed, model="gappy")
    assert "lengths" not in answer
    assert_near(answer["series"], plain["series"])
    assert "3 missing values in 1 of 3 series" in plain["note"]
    assert uneven.answer("reconstruct", model="gappy", series=cases.series[:3]).keys() == plain.keys() - {"note"}


@pytest.mark.parametrize("model", VARYING)
def test_augment_gives_the_given_back_and_made_ones_of_given_lengths(
    uneven: Server, cases: Labelled, ragged: list[np.ndarray], model: str
):
    fields = {"model": model, "labels": cases.labels[:6], "strategy": {"factor": 5.0}, "seed": 4}
    answer = ask_json(uneven, "augment", ragged, **fields)
    for given, back in zip(ragged, answer["series"], strict=False):
        there = ~np.isnan(given)
        assert np.array_equal(back[there].astype(np.float32), given[there]) and np.isfinite(back).all()
    made = zip(answer["series"][6:], answer["labels"][6:], strict=True)
    known = {
        label: {case.shape[1] for case, own in zip(ragged, cases.labels, strict=False) if own == label}
        for label in (0, 1, 2)
    }
    assert all(case.shape[1] in known[label] for case, label in made)
    again = ask_json(uneven, "augment", ragged, **fields)
    assert all(np.array_equal(one, other) for one, other in zip(answer["series"], again["series"], strict=True))


@pytest.mark.parametrize("policy", ["latent", "interpolation", "warps", "guided", "latent+warps"])
def test_more_series_start_with_those_of_fewer_whatever_their_lengths(
    uneven: Server, cases: Labelled, ragged: list[np.ndarray], policy: str
):
    def ask(total: int) -> list[np.ndarray]:
        strategy = {"counts": {str(cases.labels[0]): total}}
        fields = {"model": "padded", "labels": cases.labels[:6], "seed": 1, "policy": policy, "strategy": strategy}
        series: list[np.ndarray] = ask_json(uneven, "augment", ragged, include_original=False, **fields)["series"]
        return series

    few, many = ask(12), ask(40)
    assert all(np.array_equal(one, other) for one, other in zip(few, many, strict=False)) and len(many) > len(few)


@pytest.mark.parametrize("wire", WIRES)
def test_augment_over_every_wire(uneven: Server, cases: Labelled, ragged: list[np.ndarray], wire: str):
    fields = {"model": "resampled", "labels": cases.labels[:6], "seed": 4}
    plain, answer = ask_json(uneven, "augment", ragged, **fields), WIRES[wire](uneven, "augment", ragged, **fields)
    assert_near(answer["series"], plain["series"])


@pytest.mark.parametrize("ask", [ask_over_lines, ask_over_parts])
def test_generation_is_streamed_with_lengths(uneven: Server, cases: Labelled, ragged: list[np.ndarray], ask: Ask):
    fields = {"model": "padded", "labels": cases.labels[:6], "strategy": {"factor": 30.0}, "seed": 4}
    streamed = trim(ask(uneven, "augment", series=to_lists(ragged), **fields))
    plain = ask_json(uneven, "augment", ragged, **fields)
    assert_near(streamed["series"], plain["series"])
    sampled = trim(ask(uneven, "sample", model="padded", n_per_class=40, seed=1))
    assert {case.shape[1] for case in map(np.asarray, sampled["series"])} == {20, 30, 40, 64}


def test_sample_has_the_lengths_of_training_where_series_were_padded_and_the_grid_s_where_resampled(uneven: Server):
    padded = uneven.answer("sample", model="padded", n_per_class=9, seed=1)
    of_class: dict[int, set[int]] = {label: set() for label in (0, 1, 2)}
    for case, label in zip(padded["series"], padded["labels"], strict=True):
        of_class[label].add(len(case[0]))
    assert of_class == {0: {20, 30}, 1: {40}, 2: {64}}
    resampled = uneven.answer("sample", model="resampled", n_per_class=9, seed=1)
    plain = uneven.answer("sample", model="sines", n_per_class=9, seed=1)
    assert resampled["series"] == plain["series"] and "lengths" not in resampled


def test_times_place_values_and_answers_lie_at_them(uneven: Server, cases: Labelled):
    even = [case[:, :33] for case in cases.series[:2]]
    times = np.linspace(0, 4, 33)
    plain = ask_json(uneven, "reconstruct", even, model="resampled")
    timed = ask_json(uneven, "reconstruct", even, model="resampled", times=[(times + 1e9).tolist()] * 2)
    assert_near(timed["error"], plain["error"])
    kept = np.sort(np.random.default_rng(0).permutation(np.arange(1, 32))[:20])
    places = [0, *kept.tolist(), 32]
    thinned = [case[:, places] for case in even]
    answer = ask_json(uneven, "reconstruct", thinned, model="resampled", times=[times[places].tolist()] * 2)
    assert [case.shape for case in answer["series"]] == [(2, 22)] * 2
    for fields in ({"model": "sines"}, {"model": "padded"}):
        response = uneven.post("encode", series=to_lists(even), times=[times.tolist()] * 2, **fields)
        assert response.status_code == 400 and "the model takes none" in response.json()["error"]["message"]


REFUSED: dict[str, tuple[str, Any, str]] = {
    "a null": ("sines", lambda case: case[0].__setitem__(3, None), "null; a number was expected"),
    "another length": ("gappy", lambda case: [row.pop() for row in case], "has 63 timepoints; the model takes 64"),
    "too short": ("padded", lambda case: [row.__delitem__(slice(5, None)) for row in case], "5 timepoints; .* 8 to 64"),
    "mostly missing": (
        "resampled", lambda case: [row.__setitem__(slice(0, 40), [None] * 40) for row in case], "misses .*at most 50%"
    ),
    "unequal channels": ("resampled", lambda case: case[0].pop(), "channels of 63 to 64 values"),
    "text": ("resampled", lambda case: case[0].__setitem__(3, "x"), "the string 'x'"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("many", [False, True])
def test_what_a_model_does_not_take_is_refused_by_the_case_s_number(
    uneven: Server, cases: Labelled, kind: str, many: bool
):
    """60 cases of JSON are read in pieces."""
    model, spoil, words = REFUSED[kind]
    series = cases.series[: 60 if many else 2].tolist()
    spoil(series[1])
    response = uneven.post("reconstruct", model=model, series=series)
    assert response.status_code == 400, response.text
    message = response.json()["error"]["message"]
    assert re.search(words, message), message


@pytest.mark.parametrize("wire", WIRES)
def test_a_model_of_complete_series_refuses_gaps_over_every_wire(uneven: Server, cases: Labelled, wire: str):
    holed = [case.copy() for case in cases.series[:2]]
    holed[1][0, 3] = np.nan
    with pytest.raises((AssertionError, grpc.RpcError), match=r"is nan, which is no finite|has nulls|INVALID_ARGUMENT"):
        WIRES[wire](uneven, "reconstruct", holed, model="sines")


def test_the_card_and_the_metadata_say_what_a_model_takes(uneven: Server):
    card = uneven.get("/models/padded")["series"]
    assert SHAPES["padded"].items() <= card.items()
    described = uneven.get("/v2/models/padded.reconstruct")
    tensors = {one["name"]: one["shape"] for one in described["inputs"] + described["outputs"]}
    assert tensors["series"] == [-1, 2, -1] and tensors["lengths"] == [-1]
    fixed = uneven.get("/v2/models/sines.reconstruct")
    assert "lengths" not in {one["name"] for one in fixed["outputs"]}


@pytest.mark.parametrize("policy", ["latent", "interpolation", "latent+warps"])
@pytest.mark.parametrize(("factor", "offset"), [(0.001, 0.0), (1000.0, 0.0), (1.0, 1e6)])
def test_a_set_in_other_units_is_refused_where_decoded_differences_would_be_added(
    uneven: Server, cases: Labelled, policy: str, factor: float, offset: float
):
    fields = {"model": "ranged", "labels": cases.labels[:6], "policy": policy, "seed": 1}
    foreign = cases.series[:6] * factor + offset
    response = uneven.post("augment", series=foreign, **fields)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["field"] == "series" and "outside the range that model 'ranged' learned from" in error["message"]
    assert "deviations of 100 to 180; check its units and scale" in error["message"]
    mixed = np.concatenate([foreign[:5], cases.series[5:6]])
    assert uneven.post("augment", series=mixed, **fields).status_code == 200


def test_bending_time_takes_any_units(uneven: Server, cases: Labelled):
    fields = {"model": "ranged", "labels": cases.labels[:6], "policy": "warps", "seed": 1, "strategy": {"factor": 2.0}}
    answer = uneven.answer("augment", series=cases.series[:6] * 0.001, **fields)
    assert np.abs(np.array(answer["series"])).max() <= np.abs(cases.series[:6]).max() * 0.001 * 1.0001


@pytest.mark.parametrize("over", ["http", "grpc"])
def test_the_client_sends_lists_of_arrays_and_times(uneven: Server, ragged: list[np.ndarray], over: str):
    plain = ask_json(uneven, "reconstruct", ragged, model="resampled")
    times = [np.linspace(1e9, 1e9 + 5, case.shape[1]) for case in ragged]
    with Client(uneven.url if over == "http" else f"grpc://{uneven.grpc}") as client:
        answer = client.reconstruct(ragged, model="resampled")
        timed = client.reconstruct(ragged, model="resampled", times=times)
        codes = client.encode(ragged, model="resampled", times=times)
    assert answer.lengths is not None and answer.lengths.tolist() == [case.shape[1] for case in ragged]
    trimmed = [case[:, :length] for case, length in zip(answer.series, answer.lengths, strict=True)]
    assert_near(trimmed, plain["series"])
    assert answer.note == plain["note"] == timed.note == codes.note
    assert np.abs(timed.error - answer.error).max() <= 1e-3 * answer.error.max()


def test_times_are_a_tensor_of_the_protocol(uneven: Server, ragged: list[np.ndarray]):
    times = [np.sort(np.random.default_rng(0).uniform(0, 5, case.shape[1])) for case in ragged]
    expected = ask_json(uneven, "reconstruct", ragged, model="resampled", times=[own.tolist() for own in times])
    whole = np.full((len(times), 64), np.nan)
    for place, own in enumerate(times):
        whole[place, : len(own)] = own
    inputs = [build_binary("series", to_tensor(ragged)), build_binary("times", whole)]
    answer = read_outputs(infer(uneven, "resampled.reconstruct", *inputs))
    assert_near([answer["error"]], [expected["error"]])
    described = uneven.get("/v2/models/resampled.reconstruct")["inputs"]
    assert {"name": "times", "datatype": "FP64", "shape": [-1, -1]} in described


def test_a_sampler_fills_up_shorter_series_as_they_came(uneven: Server, cases: Labelled, ragged: list[np.ndarray]):
    given = np.pad(to_tensor(ragged), ((0, 0), (0, 0), (0, 6)), constant_values=np.nan)
    sampler = Sampler(uneven.url, model="padded", strategy={"factor": 2.0}, seed=1)
    series, labels = sampler.fit_resample(given, np.array(cases.labels[:6]))
    assert np.array_equal(series[:6], given, equal_nan=True) and len(labels) == len(series) == 12
    lengths = (~np.isnan(series[6:])).all(axis=1).sum(axis=1)
    assert set(lengths.tolist()) <= {20, 33, 40, 64} and np.isfinite(series[6][:, : lengths[0]]).all()


@pytest.mark.parametrize("policy", ["warps", "guided"])
@pytest.mark.parametrize("model", VARYING)
def test_time_is_bent_within_a_series_own_length(uneven: Server, policy: str, model: str):
    """Ramps of two lengths, whose ends bending keeps but for a slice: none ends early, in padding."""
    ramps = [np.tile(np.linspace(100, 900, length), (2, 1)).astype(np.float32) for length in (20, 20, 60, 60)]
    fields = {"model": model, "labels": [1] * 4, "policy": policy, "strategy": {"factor": 6.0}, "seed": 1}
    made = ask_json(uneven, "augment", ramps, include_original=False, **fields)["series"]
    assert {case.shape[1] for case in made} == {20, 60}
    for case in made:
        assert case.min() >= 99 and case.max() >= 800 and (np.diff(case) > 0).mean() > 0.9
