"""A texture that is one step of an ODE is followed from noise to series; a bundle that says otherwise is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.errors import BundleError
from bundle.generation.texture import check_texture
from bundle.manifest import read_manifest
from bundle.probe import name_array
from bundle.publish import compute_sha256, write_npz

STEPS, WIDTH = 4, 128
CPU = Runtime("cpu", 1)


def _step_graph() -> tuple[bytes, list[dict[str, Any]], list[dict[str, Any]]]:
    """next_state = state + duration (class_index + time - state); textured_series = series + next_state, reshaped."""
    floats = TensorProto.FLOAT
    axes: list[str | int] = ["n", 2, 64]
    nodes = [
        helper.make_node("Cast", ["class_index"], ["class_float"], to=floats),
        helper.make_node("Add", ["class_float", "time"], ["goal"]),
        helper.make_node("Unsqueeze", ["goal", "channel_axes"], ["column"]),
        helper.make_node("Sub", ["column", "state"], ["velocity"]),
        helper.make_node("Mul", ["velocity", "duration"], ["change"]),
        helper.make_node("Add", ["state", "change"], ["next_state"]),
        helper.make_node("Reshape", ["next_state", "shape"], ["residual"]),
        helper.make_node("Add", ["series", "residual"], ["textured_series"]),
    ]
    constants = [
        helper.make_tensor("channel_axes", TensorProto.INT64, [2], [1, 2]),
        helper.make_tensor("shape", TensorProto.INT64, [3], [-1, 2, 64]),
    ]
    inputs: dict[str, list[str | int]] = {
        "series": axes,
        "class_index": ["n"],
        "state": ["n", 1, WIDTH],
        "time": [],
        "duration": [],
    }
    outputs: dict[str, list[str | int]] = {"next_state": ["n", 1, WIDTH], "textured_series": axes}
    typed = {"class_index": TensorProto.INT64}
    entries, exits = (
        [helper.make_tensor_value_info(name, typed.get(name, floats), shape) for name, shape in of.items()]
        for of in (inputs, outputs)
    )
    graph = helper.make_graph(nodes, "texture", entries, exits, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    kinds = {"class_index": "int64"}
    listed = [
        [{"name": name, "dtype": kinds.get(name, "float32"), "shape": shape} for name, shape in of.items()]
        for of in (inputs, outputs)
    ]
    return model.SerializeToString(), *listed


def _add_steps(source: Path, root: Path, **changes: Any) -> Path:
    """`sines` with the step graph as its texture."""
    directory = root / "sines" / "1"
    shutil.copytree(source, directory)
    content, inputs, outputs = _step_graph()
    (directory / "texture.onnx").write_bytes(content)
    manifest = json.loads((directory / "manifest.json").read_text()) | {"texture_steps": STEPS}
    manifest["graphs"]["texture"] |= {"sha256": compute_sha256(content), "inputs": inputs, "outputs": outputs}
    with np.load(directory / "probe.npz") as stored:
        probe = {name: stored[name] for name in stored.files if not name.startswith("texture.")}
    state = np.linspace(-1, 1, 3 * WIDTH, dtype=np.float32).reshape(3, 1, WIDTH)
    next_state = state + np.float32(0.5) * (np.float32(0.25) - state)
    given = {
        "series": np.zeros((3, 2, 64), np.float32),
        "class_index": np.zeros(3, np.int64),
        "state": state,
        "time": np.float32(0.25),
        "duration": np.float32(0.5),
    }
    probe |= {name_array("texture", "in", name): np.asarray(array) for name, array in given.items()}
    probe[name_array("texture", "out", "next_state")] = next_state
    probe[name_array("texture", "out", "textured_series")] = next_state.reshape(3, 2, 64)
    (directory / "probe.npz").write_bytes(write_npz(probe))
    manifest["probe"]["sha256"] = compute_sha256((directory / "probe.npz").read_bytes())
    (directory / "manifest.json").write_text(json.dumps(manifest | changes))
    return directory


def test_the_state_starts_as_noise_and_is_followed_from_time_0_to_1(repository: Path, tmp_path: Path):
    bundle = Bundle.load(_add_steps(repository / "sines" / "1", tmp_path), CPU)
    series = np.full((5, 2, 64), 7, np.float32)
    assert bundle.texture_shape == (1, WIDTH)
    noise = np.random.default_rng(3).standard_normal((5, 1, WIDTH), dtype=np.float32)
    textured, state = bundle.add_texture(series, 2, noise), noise.astype(np.float64)
    for step in range(STEPS):
        state = state + (2 + step / STEPS - state) / STEPS
    assert textured.shape == series.shape
    assert np.allclose(textured, series + state.reshape(5, 2, 64), atol=1e-5)


def test_seeds_replay_and_fewer_are_the_start_of_more(repository: Path, tmp_path: Path):
    bundle = Bundle.load(_add_steps(repository / "sines" / "1", tmp_path), CPU)
    more, again, fewer = (bundle.sample(1, count, 5).series for count in (80, 80, 10))
    assert np.array_equal(more, again) and np.array_equal(fewer, more[:10])


@pytest.mark.parametrize("steps", [None, 0])
def test_a_manifest_that_does_not_fit_its_texture_is_refused(repository: Path, tmp_path: Path, steps: int | None):
    directory = _add_steps(repository / "sines" / "1", tmp_path, texture_steps=steps)
    with pytest.raises(BundleError, match="texture.onnx takes .*state.*texture_steps None|not valid at texture_steps"):
        Bundle.load(directory, CPU)


ONE_PASS: dict[str, list[tuple[str, list[str | int]]]] = {
    "inputs": [("series", ["n", 2, 64]), ("class_index", ["n"]), ("residual_noise", ["n", 2, 70])],
    "outputs": [("textured_series", ["n", 2, 64])],
}


def test_a_texture_of_one_pass_has_no_steps(sines: Bundle):
    described = json.loads(sines.manifest.model_dump_json())
    described["graphs"]["texture"] |= {
        side: [{"name": name, "dtype": "float32", "shape": shape} for name, shape in tensors]
        for side, tensors in ONE_PASS.items()
    }
    check_texture(read_manifest(json.dumps(described | {"texture_steps": None}).encode()))
    stepped = read_manifest(json.dumps(described | {"texture_steps": 3}).encode())
    with pytest.raises(BundleError, match="takes .*residual_noise.* with texture_steps 3 it must take .*'state'"):
        check_texture(stepped)
    del described["graphs"]["texture"]
    with pytest.raises(BundleError, match="texture_steps is 3, but the manifest lists no graph texture"):
        check_texture(read_manifest(json.dumps(described | {"texture_steps": 3}).encode()))
