"""Whatever lies in a bundle's folder, it is refused with a reason, soon, or it is the bundle that was published."""

from __future__ import annotations

import os
import random
import shutil
import socket
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import onnx
import orjson
import pytest
from onnx import TensorProto, helper

from bundle.engine.bundle import Bundle, Terms
from bundle.errors import BundleError
from bundle.reading import Folder
from tests.bundle.breaking import CPU, SMALL, change_file, change_graph, copy_bundle, load_refused

FILES = sorted(file.name for file in SMALL.iterdir())


@pytest.mark.parametrize("file", [file for file in FILES if file != "manifest.json"])
def test_a_flipped_bit_is_found_in_every_file(copied: Path, file: str) -> None:
    content, chance = (copied / file).read_bytes(), random.Random(file)
    for _ in range(30):
        flipped = bytearray(content)
        flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        (copied / file).write_bytes(flipped)
        assert file in load_refused(copied)


def test_a_flipped_bit_in_a_manifest_is_refused_or_says_something_else_that_holds(
    copied: Path, published: Bundle
) -> None:
    file, chance, loaded = copied / "manifest.json", random.Random(0), 0
    content = file.read_bytes()
    for _ in range(200):
        flipped = bytearray(content)
        flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        file.write_bytes(flipped)
        try:
            manifest = Bundle.load(copied, CPU).manifest
        except BundleError:
            continue
        loaded += 1
        assert orjson.dumps(manifest.model_dump(mode="json"))
        assert (manifest.series, list(manifest.graphs)) == (published.manifest.series, list(published.manifest.graphs))
    assert loaded < 100


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_ends_too_early_is_refused(copied: Path, file: str) -> None:
    content = (copied / file).read_bytes()
    for share in (0, 0.01, 0.5, 0.999):
        (copied / file).write_bytes(content[: int(share * (len(content) - 1))])
        assert file in load_refused(copied)


@pytest.mark.parametrize("file", [file for file in FILES if file != "manifest.json"])
def test_a_file_of_another_bundle_is_refused(copied: Path, file: str) -> None:
    other = SMALL.parents[4] / "models" / "basicmotions" / "1" / file
    shutil.copy(other, copied)
    assert file in load_refused(copied)


def make_link(directory: Path) -> None:
    (directory / "decoder.onnx").rename(directory.parent / "elsewhere.onnx")
    (directory / "decoder.onnx").symlink_to("../elsewhere.onnx")


def make_fifo(directory: Path) -> None:
    (directory / "decoder.onnx").unlink()
    os.mkfifo(directory / "decoder.onnx")


def make_folder(directory: Path) -> None:
    (directory / "decoder.onnx").unlink()
    (directory / "decoder.onnx").mkdir()


def make_listener(directory: Path) -> None:
    (directory / "decoder.onnx").unlink()
    with socket.socket(socket.AF_UNIX) as one:
        previous = Path.cwd()
        os.chdir(directory)
        try:
            one.bind("decoder.onnx")
        finally:
            os.chdir(previous)


@pytest.mark.parametrize("put", [make_link, make_fifo, make_folder, make_listener])
def test_only_regular_files_are_read(copied: Path, put: Callable[[Path], None]) -> None:
    put(copied)
    assert "regular file" in load_refused(copied)


def test_a_fifo_for_a_manifest_keeps_nobody_waiting(copied: Path) -> None:
    (copied / "manifest.json").unlink()
    os.mkfifo(copied / "manifest.json")
    assert "no regular file" in load_refused(copied)


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    directory = copy_bundle(tmp_path / "elsewhere")
    (tmp_path / "basicmotions").mkdir()
    (tmp_path / "basicmotions" / "1").symlink_to(directory)
    assert "not a link" in load_refused(tmp_path / "basicmotions" / "1")


def test_what_is_too_large_is_refused_before_it_is_read(copied: Path) -> None:
    with (copied / "manifest.json").open("ab") as file:
        file.truncate(2**40)
    tracemalloc.start()
    assert "may have 1048576" in load_refused(copied)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()
    assert "all files of a bundle may have 100000 together" in load_refused(
        copy_bundle(copied.parents[1], "b"), Terms(10**5)
    )


def test_files_that_grow_while_they_are_read_are_bounded(copied: Path) -> None:
    with Folder(copied, budget=100) as open_folder, pytest.raises(BundleError, match="may have"):
        open_folder.read("decoder.onnx")


def move_outside(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def move_constant_outside(model: onnx.ModelProto) -> None:
    constant = helper.make_node("Constant", [], ["c"], value=helper.make_tensor("c", TensorProto.FLOAT, [1], [0.0]))
    constant.attribute[0].t.external_data.add(key="location", value="manifest.json")
    model.graph.node.append(constant)


def use_foreign_operator(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.microsoft"


def import_foreign_domain(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.example", 1))


def add_function(model: onnx.ModelProto) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    model.functions.append(helper.make_function("own", "f", ["x"], ["y"], [node], [helper.make_opsetid("", 20)]))


def add_sparse(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add()


def nest_deep(model: onnx.ModelProto) -> None:
    graph = helper.make_graph([], "g", [], [])
    for _ in range(30):
        graph = helper.make_graph([helper.make_node("If", ["c"], ["y"], then_branch=graph)], "g", [], [])
    model.graph.node.extend(graph.node)


def add_many(model: onnx.ModelProto) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    model.graph.node.extend([node] * 100_000)


GRAPHS: dict[str, tuple[Callable[[onnx.ModelProto], None], str]] = {
    "a tensor in a file outside": (move_outside, "another file"),
    "a constant in a file beside": (move_constant_outside, "another file"),
    "an operator of onnxruntime's own": (use_foreign_operator, "com.microsoft"),
    "a domain of somebody's": (import_foreign_domain, "com.example"),
    "functions": (add_function, "functions of its own"),
    "sparse tensors": (add_sparse, "sparse"),
    "graphs in graphs in graphs": (nest_deep, "deep"),
    "a hundred thousand nodes": (add_many, "parts"),
}


@pytest.mark.parametrize("what", GRAPHS)
def test_a_graph_that_is_not_standard_or_not_whole_is_refused(copied: Path, what: str) -> None:
    change, words = GRAPHS[what]
    change_graph(copied, "decoder.onnx", change)
    said = load_refused(copied)
    assert "decoder.onnx" in said and words in said


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"\x08\x00\x00\x00ORTM" + bytes(100), b"\xff" * 64, b"{}"])
def test_a_graph_of_another_format_is_refused(copied: Path, content: bytes) -> None:
    change_file(copied, "decoder.onnx", content)
    assert "decoder.onnx" in load_refused(copied)


def test_a_graph_of_random_bytes_is_refused_whatever_they_are(copied: Path) -> None:
    whole, chance = (copied / "decoder.onnx").read_bytes(), random.Random(1)
    for _ in range(40):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 20)):
            content[chance.randrange(400)] = chance.randrange(256)
        change_file(copied, "decoder.onnx", bytes(content))
        with suppress(BundleError):
            Bundle.load(copied, CPU)


def test_what_a_graph_holds_is_not_printed_when_it_is_refused(copied: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def surprise(model: onnx.ModelProto) -> None:
        model.graph.node.append(helper.make_node("Conv", ["SURPRISE"], ["y"], name="SURPRISE"))

    change_graph(copied, "decoder.onnx", surprise)
    assert "SURPRISE" in load_refused(copied)
    printed = capfd.readouterr()
    assert printed.out == printed.err == ""
