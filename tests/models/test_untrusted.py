"""Whatever lies in a bundle's folder, it is refused with a reason, soon, or it is the bundle that was published."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import socket
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import orjson
import pytest
from onnx import TensorProto, helper

from models.bundle import Bundle, Terms
from models.errors import BundleError, InvalidRequest
from models.manifest import read_manifest
from models.publish import npz_bytes
from models.reading import Folder
from models.sessions import Runtime
from tests.models.breaking import SMALL, change_file, change_graph, change_manifest, copy_bundle

CPU = Runtime("cpu", 1)
FILES = sorted(file.name for file in SMALL.iterdir())


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A bundle of one's own to break."""
    return copy_bundle(tmp_path)


@pytest.fixture(scope="module")
def published() -> Bundle:
    """The bundle as it should be."""
    return Bundle.load(SMALL, CPU)


def reason(directory: Path, terms: Terms | None = None) -> str:
    """Why a bundle is refused, in a bounded sentence."""
    with pytest.raises(BundleError) as caught:
        Bundle.load(directory, CPU, terms)
    assert len(caught.value.message) < 1500
    return caught.value.message


@pytest.mark.parametrize("file", [file for file in FILES if file != "manifest.json"])
def test_a_flipped_bit_is_found_in_every_file(copied: Path, file: str) -> None:
    content, chance = (copied / file).read_bytes(), random.Random(file)
    for _ in range(30):
        flipped = bytearray(content)
        flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        (copied / file).write_bytes(flipped)
        assert file in reason(copied)


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
        assert (manifest.series, manifest.latent_dim) == (published.manifest.series, published.manifest.latent_dim)
    assert loaded < 100


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_ends_too_early_is_refused(copied: Path, file: str) -> None:
    content = (copied / file).read_bytes()
    for share in (0, 0.01, 0.5, 0.999):
        (copied / file).write_bytes(content[: int(share * (len(content) - 1))])
        assert file in reason(copied)


@pytest.mark.parametrize("file", [file for file in FILES if file != "manifest.json"])
def test_a_file_of_another_bundle_is_refused(copied: Path, file: str) -> None:
    other = SMALL.parents[4] / "models" / "basicmotions" / "1" / file
    shutil.copy(other, copied)
    assert file in reason(copied)


def without(name: str) -> Callable[[Path], None]:
    """Put something else in the place of a file."""
    return lambda directory: (directory / name).unlink()


def link(directory: Path) -> None:
    (directory / "decoder.onnx").rename(directory.parent / "elsewhere.onnx")
    (directory / "decoder.onnx").symlink_to("../elsewhere.onnx")


def fifo(directory: Path) -> None:
    (directory / "decoder.onnx").unlink()
    os.mkfifo(directory / "decoder.onnx")


def folder(directory: Path) -> None:
    (directory / "decoder.onnx").unlink()
    (directory / "decoder.onnx").mkdir()


def listener(directory: Path) -> None:
    (directory / "decoder.onnx").unlink()
    with socket.socket(socket.AF_UNIX) as one:
        previous = Path.cwd()
        os.chdir(directory)
        try:
            one.bind("decoder.onnx")
        finally:
            os.chdir(previous)


@pytest.mark.parametrize("put", [link, fifo, folder, listener])
def test_only_regular_files_are_read(copied: Path, put: Callable[[Path], None]) -> None:
    put(copied)
    assert "regular file" in reason(copied)


def test_a_fifo_for_a_manifest_keeps_nobody_waiting(copied: Path) -> None:
    (copied / "manifest.json").unlink()
    os.mkfifo(copied / "manifest.json")
    assert "no regular file" in reason(copied)


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    directory = copy_bundle(tmp_path / "elsewhere")
    (tmp_path / "basicmotions").mkdir()
    (tmp_path / "basicmotions" / "1").symlink_to(directory)
    assert "not a link" in reason(tmp_path / "basicmotions" / "1")


def test_what_is_too_large_is_refused_before_it_is_read(copied: Path) -> None:
    with (copied / "manifest.json").open("ab") as file:
        file.truncate(2**40)
    tracemalloc.start()
    assert "may have 1048576" in reason(copied)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()
    assert "all files of a bundle may have 100000 together" in reason(copy_bundle(copied.parents[1], "b"), Terms(10**5))


def test_files_that_grow_while_they_are_read_are_bounded(copied: Path) -> None:
    with Folder(copied, budget=100) as open_folder, pytest.raises(BundleError, match="may have"):
        open_folder.read("decoder.onnx")


ABSURD: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a label of 20 digits": (lambda raw: raw["classes"][0].update(label=10**20), "64 bits"),
    "a seed of 100 digits": (lambda raw: raw["provenance"].update(seed=10**100), "64 bits"),
    "a number of 5 000 digits": (lambda raw: raw["provenance"]["configuration"].update(x="@" * 5000), "JSON object"),
    "an infinite setting": (lambda raw: raw["provenance"]["configuration"].update(x=float("inf")), "Infinity"),
    "a number beyond floats": (lambda raw: raw["provenance"]["configuration"].update(x="#"), "not finite"),
    "half a character": (lambda raw: raw["classes"][0].update(label="\ud800"), "half a character"),
    "half a character in a key": (lambda raw: raw["provenance"]["libraries"].update({"\udfff": ""}), "half a"),
    "a long label": (lambda raw: raw["classes"][0].update(label="x" * 300), "label"),
    "a deep setting": (lambda raw: raw["provenance"]["configuration"].update(x=nested(30)), "deep"),
    "a bottomless setting": (lambda raw: raw["provenance"]["configuration"].update(x="["), "JSON object"),
    "texture for ever": (lambda raw: raw.update(format_version=2, texture_steps=10**9), "texture_steps"),
    "wide series": (lambda raw: raw["series"].update(n_channels=2**40), "values"),
    "long series": (lambda raw: raw["series"].update(n_timepoints=2**22), "values"),
    "a wide code": (lambda raw: raw.update(latent_dim=10**6), "latent_dim"),
    "many classes": (lambda raw: raw.update(classes=raw["classes"] * 1000), "classes"),
    "a tolerance for anything": (lambda raw: raw["graphs"]["encoder"].update(tolerance=1e9), "tolerance"),
    "a path": (lambda raw: raw["graphs"]["encoder"].update(file="../encoder.onnx"), "file"),
    "an absolute path": (lambda raw: raw["mixture"].update(file="/etc/passwd"), "file"),
    "a key that nobody knows": (lambda raw: raw.update(surprise=1), "surprise"),
    "a graph that nobody knows": (lambda raw: raw["graphs"].update(other=raw["graphs"]["encoder"]), "other"),
    "another latent_dim": (lambda raw: raw.update(latent_dim=8), "does not fit"),
    "another length": (lambda raw: raw["series"].update(n_timepoints=99), "must be"),
    "a class less": (lambda raw: raw["classes"].pop(), "does not fit"),
    "no labels": (lambda raw: raw.update(labelled=False), "labelled"),
    "other axes": (lambda raw: raw["graphs"]["decoder"]["outputs"][0].update(shape=["n", 600]), "manifest says"),
    "another type": (lambda raw: raw["graphs"]["decoder"]["outputs"][0].update(dtype="int64"), "manifest says"),
    "other parameters": (lambda raw: raw["graphs"]["mixture"]["overridable"].pop(), "manifest says"),
    "a version of many digits": (lambda raw: raw.update(version=10**12), "version"),
}


def nested(depth: int) -> Any:
    """Lists inside each other."""
    return [nested(depth - 1)] if depth else []


@pytest.mark.parametrize("what", ABSURD)
def test_an_absurd_manifest_is_refused_by_name(copied: Path, what: str) -> None:
    change, words = ABSURD[what]

    def changed(raw: dict[str, Any]) -> dict[str, Any]:
        change(raw)
        return raw

    change_manifest(copied, changed)
    file = copied / "manifest.json"
    text = file.read_text().replace('"' + "@" * 5000 + '"', "9" * 5000).replace('"#"', "1e999")
    file.write_text(text.replace('"["', "[" * 100_000))
    assert words in reason(copied)


def test_a_key_that_comes_twice_is_refused(copied: Path) -> None:
    text = (copied / "manifest.json").read_text()
    (copied / "manifest.json").write_text('{"name": "x",' + text.lstrip()[1:])
    assert "'name' comes twice" in reason(copied)


def test_a_manifest_that_is_read_can_be_written_as_json(published: Bundle) -> None:
    raw = json.loads((SMALL / "manifest.json").read_text())
    raw["classes"][0]["label"] = 2**63 - 1
    assert orjson.dumps(read_manifest(json.dumps(raw).encode()).model_dump())


def test_a_label_that_nobody_knows_is_shown_briefly(published: Bundle) -> None:
    for label in ("x" * 10**6, list(range(10**6)), nested(500), 2**63 * 10**100):
        with pytest.raises(InvalidRequest) as caught:
            published.manifest.class_index(label)
        assert len(caught.value.message) < 600


def packed(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=True, **arrays)
    return buffer.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(copied: Path) -> None:
    bomb = packed(a=np.zeros(2**27, np.uint8))
    change_file(copied, "probe.npz", bomb)
    tracemalloc.start()
    assert "unpacks to" in reason(copied)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


def test_a_zip_that_lies_of_its_size_is_refused(copied: Path) -> None:
    bomb = packed(a=np.zeros(2**26, np.uint8))
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        (entry,) = archive.infolist()
    size = entry.file_size.to_bytes(4, "little")
    change_file(copied, "probe.npz", bomb.replace(size, (1000).to_bytes(4, "little")))
    assert "probe.npz is not a plain npz file" in reason(copied)


LYING: dict[str, tuple[bytes, str]] = {
    "objects": (packed(a=np.array([print, None], object)), "type object"),
    "text": (packed(a=np.array(["a"])), "type <U1"),
    "dates": (packed(a=np.array([0], "M8[s]")), "type datetime64"),
    "complex numbers": (packed(a=np.zeros(2, np.complex64)), "type complex64"),
    "records": (packed(a=np.zeros(2, [("x", "f4")])), "type"),
}


@pytest.mark.parametrize("what", LYING)
def test_arrays_of_anything_but_numbers_are_refused(copied: Path, what: str) -> None:
    content, words = LYING[what]
    change_file(copied, "mixture.npz", content)
    assert words in reason(copied)


@pytest.mark.parametrize("shape", ["(10, )", "(1000000000000, )", "(-1, )", "(True, )", "(2, " * 40 + ")" * 40, "x"])
def test_an_array_of_another_shape_than_its_header_says_is_refused(copied: Path, shape: str) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    raw = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(12)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("weights.npy", raw)
    change_file(copied, "mixture.npz", buffer.getvalue())
    assert "mixture.npz" in reason(copied)


def test_an_empty_mixture_and_an_empty_probe_are_refused(copied: Path) -> None:
    mixture = {"weights": np.zeros((4, 0)), "means": np.zeros((4, 0, 16)), "covariances": np.zeros((4, 0, 16, 16))}
    whole = (copied / "mixture.npz").read_bytes()
    change_file(copied, "mixture.npz", npz_bytes(mixture))
    assert "no component" in reason(copied)
    change_file(copied, "mixture.npz", whole)
    with np.load(copied / "probe.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    change_file(
        copied, "probe.npz", npz_bytes({name: array[:0] if array.ndim else array for name, array in arrays.items()})
    )
    assert "nothing to compare" in reason(copied)
    strange = {name: np.full_like(array, np.nan) if ".out." in name else array for name, array in arrays.items()}
    change_file(copied, "probe.npz", npz_bytes(strange))
    assert "gives another" in reason(copied)


def outside(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def outside_in_a_constant(model: onnx.ModelProto) -> None:
    constant = helper.make_node("Constant", [], ["c"], value=helper.make_tensor("c", TensorProto.FLOAT, [1], [0.0]))
    constant.attribute[0].t.external_data.add(key="location", value="manifest.json")
    model.graph.node.append(constant)


def foreign(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.microsoft"


def foreign_import(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.example", 1))


def functions(model: onnx.ModelProto) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    model.functions.append(helper.make_function("own", "f", ["x"], ["y"], [node], [helper.make_opsetid("", 20)]))


def sparse(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add()


def deep(model: onnx.ModelProto) -> None:
    graph = helper.make_graph([], "g", [], [])
    for _ in range(30):
        graph = helper.make_graph([helper.make_node("If", ["c"], ["y"], then_branch=graph)], "g", [], [])
    model.graph.node.extend(graph.node)


def many(model: onnx.ModelProto) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    model.graph.node.extend([node] * 100_000)


GRAPHS: dict[str, tuple[Callable[[onnx.ModelProto], None], str]] = {
    "a tensor in a file outside": (outside, "another file"),
    "a constant in a file beside": (outside_in_a_constant, "another file"),
    "an operator of onnxruntime's own": (foreign, "com.microsoft"),
    "a domain of somebody's": (foreign_import, "com.example"),
    "functions": (functions, "functions of its own"),
    "sparse tensors": (sparse, "sparse"),
    "graphs in graphs in graphs": (deep, "deep"),
    "a hundred thousand nodes": (many, "parts"),
}


@pytest.mark.parametrize("what", GRAPHS)
def test_a_graph_that_is_not_standard_or_not_whole_is_refused(copied: Path, what: str) -> None:
    change, words = GRAPHS[what]
    change_graph(copied, "decoder.onnx", change)
    said = reason(copied)
    assert "decoder.onnx" in said and words in said


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"\x08\x00\x00\x00ORTM" + bytes(100), b"\xff" * 64, b"{}"])
def test_a_graph_of_another_format_is_refused(copied: Path, content: bytes) -> None:
    change_file(copied, "decoder.onnx", content)
    assert "decoder.onnx" in reason(copied)


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
    assert "SURPRISE" in reason(copied)
    printed = capfd.readouterr()
    assert printed.out == printed.err == ""
