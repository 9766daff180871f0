"""Bundles to break: a copy of a small one, with files and manifest changed so that the hashes still agree."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from bundle.engine.bundle import Bundle, Terms
from bundle.engine.sessions import Runtime
from bundle.errors import BundleError

CPU = Runtime("cpu", 1)

SMALL = Path(__file__).parent / "format_1" / "basicmotions" / "1"
"""Six channels, four classes, ten files."""


def load_refused(directory: Path, terms: Terms | None = None) -> str:
    """Why a bundle is refused, in a bounded sentence."""
    with pytest.raises(BundleError) as caught:
        Bundle.load(directory, CPU, terms)
    assert len(caught.value.message) < 1500
    return caught.value.message


def copy_bundle(root: Path, name: str = "basicmotions", version: int = 1) -> Path:
    """A copy of the small bundle as `root/<name>/<version>`."""
    directory = root / name / str(version)
    shutil.copytree(SMALL, directory)
    change_manifest(directory, lambda raw: raw | {"name": name, "version": version})
    return directory


def change_manifest(directory: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Write what `change` makes of the manifest's JSON."""
    raw = json.loads((directory / "manifest.json").read_bytes())
    (directory / "manifest.json").write_text(json.dumps(change(raw)))


def change_file(directory: Path, file: str, content: bytes) -> None:
    """Replace a file, and its hash in the manifest."""
    digest = hashlib.sha256(content).hexdigest()

    def changed(raw: dict[str, Any]) -> dict[str, Any]:
        mixture = (raw.get("latent") or raw).get("mixture")
        for card in [*raw["graphs"].values(), mixture, raw["probe"], raw["weights"]]:
            if card and card["file"] == file:
                card["sha256"] = digest
        return raw

    (directory / file).write_bytes(content)
    change_manifest(directory, changed)


def change_graph(directory: Path, file: str, change: Callable[[onnx.ModelProto], None]) -> None:
    """Replace a graph by what `change` does to it."""
    model = onnx.load_from_string((directory / file).read_bytes())
    change(model)
    change_file(directory, file, model.SerializeToString())


def loop_for_ever(model: onnx.ModelProto) -> None:
    """Have a graph whose first input is `[n, latent_dim]` run a loop that does not end, before all else."""
    scalar: list[int] = []
    body = helper.make_graph(
        [helper.make_node("Identity", ["going"], ["on"]), helper.make_node("Identity", ["value"], ["next"])],
        "body",
        [
            helper.make_tensor_value_info("step", TensorProto.INT64, scalar),
            helper.make_tensor_value_info("going", TensorProto.BOOL, scalar),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, scalar),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, None),
        ],
    )
    given = model.graph.input[0].name
    for node in model.graph.node:
        node.input[:] = ["looped" if name == given else name for name in node.input]
    model.graph.initializer.append(helper.make_tensor("trips", TensorProto.INT64, scalar, [2**60]))
    model.graph.initializer.append(helper.make_tensor("start", TensorProto.BOOL, scalar, [True]))
    model.graph.node.insert(0, helper.make_node("Loop", ["trips", "start", given], ["looped"], body=body))


def take_memory(model: onnx.ModelProto) -> None:
    """Have a graph make 64 GiB of zeros and add their sum to its first input, before all else."""
    given = model.graph.input[0].name
    for node in model.graph.node:
        node.input[:] = ["laden" if name == given else name for name in node.input]
    model.graph.initializer.append(helper.make_tensor("large", TensorProto.INT64, [1], [2**34]))
    for node in reversed(
        [
            helper.make_node("ConstantOfShape", ["large"], ["zeros"]),
            helper.make_node("ReduceSum", ["zeros"], ["sum"], keepdims=0),
            helper.make_node("Add", [given, "sum"], ["laden"]),
        ]
    ):
        model.graph.node.insert(0, node)
