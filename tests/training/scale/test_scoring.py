"""A bulk scoring says of every row, in order, what the bundle says of it alone, or why it says nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.repository import SHIPPED
from tests.bundle.breaking import SMALL
from tests.training.scale.folders import hash_files
from training.console import main
from training.scale.inputs import open_inputs
from training.scale.jobs import DONE

GUNPOINT = SHIPPED / "gunpoint" / "1"


def classify(source: Path | str, to: Path | str, *more: str, bundle: Path = GUNPOINT) -> int:
    """Run the command; its exit status."""
    return main(["classify", "--bundle", str(bundle), "--from", str(source), "--to", str(to), "--workers", "1", *more])


def read_parts(folder: Path) -> pa.Table:
    """All rows, in the order of the parts."""
    return pa.concat_tables(pq.read_table(path) for path in sorted(folder.glob("part-*.parquet")))


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shards of 300 series each."""
    folder = tmp_path_factory.mktemp("generated")
    command = ["generate", "--bundle", str(GUNPOINT), "--to", str(folder), "--rows", "600", "--seed", "1"]
    assert main([*command, "--shard-rows", "300", "--workers", "1"]) == 0
    return folder


@pytest.fixture(scope="module")
def scored(generated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is said of them, with their codes."""
    folder = tmp_path_factory.mktemp("scored")
    assert classify(generated, folder, "--codes") == 0
    return folder


def test_every_row_has_in_order_what_the_bundle_says_of_it(generated: Path, scored: Path):
    shards = pa.concat_tables(pq.read_table(path) for path in sorted(generated.glob("shard-*.parquet")))
    series = np.array(shards["series"].to_pylist(), np.float32)
    bundle, table = Bundle.load(GUNPOINT, Runtime("cpu", 1)), read_parts(scored)
    latent, _ = bundle.encode(series)
    error, threshold = (
        bundle.compute_reconstruction_error(series, bundle.decode(latent)),
        bundle.manifest.anomaly_threshold,
    )
    assert threshold is not None
    probabilities = bundle.classify(series)
    assert (
        table.num_rows == 600 and table["row"].to_pylist()[:3] == [0, 1, 2] and table["row"].to_pylist().count(0) == 2
    )
    expected = [bundle.manifest.labels[index] for index in probabilities.argmax(axis=1)]
    assert table["label"].to_pylist() == expected
    for name, values in {
        "probabilities": probabilities,
        "posterior_mean": latent,
        "error": error,
        "anomaly_score": error / threshold,
        "typicality": bundle.compute_typicality(latent),
    }.items():
        np.testing.assert_allclose(np.array(table[name].to_pylist()), values, rtol=1e-4, atol=1e-5, err_msg=name)
    assert table["is_anomaly"].to_pylist() == (np.array(table["anomaly_score"]) > 1).tolist()
    assert table["refused"].null_count == 600


def test_a_job_goes_on_and_two_processes_write_the_same_bytes(scored: Path, generated: Path, tmp_path: Path):
    for path in scored.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for path in tmp_path.glob("part-*"):
        path.unlink()
    assert classify(generated, tmp_path, "--codes", "--workers", "2") == 0
    assert hash_files(tmp_path) == hash_files(scored)


def test_another_input_or_question_is_refused(
    generated: Path, scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert classify(generated, scored) == 2
    assert "its codes is True, and False came" in capsys.readouterr().err
    for path in generated.glob("shard-*"):
        (tmp_path / path.name.replace("shard", "other")).write_bytes(path.read_bytes())
    assert classify(tmp_path, scored, "--codes") == 2
    assert "holds another job: its input_sha256 is" in capsys.readouterr().err


GOOD = np.sin(np.arange(150, dtype=np.float32) / 9)
BAD: list[object] = [None, [GOOD[:149].tolist()], [[None, *GOOD[1:].tolist()]], [[1e300, *GOOD[1:].tolist()]], []]
WHY = (
    "series is null.",
    "series has 149 timepoints; the model takes 150. Resample to 150 timepoints, or fit a model to your lengths.",
    "series[0][0] is nan, which is no finite 32-bit number; fill gaps and rescale before sending.",
    "series has a value that is no finite 32-bit number.",
    "series is 1 x 0; the model takes 1 channels of timepoints.",
)


def test_a_bad_row_has_nulls_and_a_reason_and_disturbs_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = [[GOOD.tolist()], *BAD, [(3e37 * GOOD).tolist()], [GOOD.tolist()]]
    kinds = pa.list_(pa.list_(pa.float64()))
    pq.write_table(pa.table({"series": pa.array(rows, kinds), "id": range(len(rows))}), tmp_path / "in.parquet")
    assert classify(tmp_path / "in.parquet", tmp_path / "out") == 0
    assert "6 rows could not be scored" in capsys.readouterr().err
    table = read_parts(tmp_path / "out")
    assert tuple(table["refused"].to_pylist()[1:6]) == WHY
    assert "so far outside the model's training range" in table["refused"][6].as_py()
    for name in ("label", "probabilities", "error", "anomaly_score", "is_anomaly", "typicality"):
        values = table[name].to_pylist()
        assert values[1:7] == [None] * 6 and values[0] == values[7] is not None
    assert json.loads((tmp_path / "out" / DONE).read_text())["refused"] == 6


@pytest.mark.parametrize(
    "column",
    [
        pa.array([GOOD.tolist()] * 3, pa.list_(pa.float64())),
        pa.array([GOOD.tolist()] * 3, pa.list_(pa.float32(), 150)),
        pa.array([[GOOD.tolist()]] * 3, pa.large_list(pa.list_(pa.float32(), 150))),
        pa.FixedShapeTensorArray.from_numpy_ndarray(np.stack([GOOD[None]] * 3)),
    ],
    ids=["lists", "lists of one size", "large lists", "tensors"],
)
def test_series_are_read_from_lists_and_tensors_alike(column: pa.Array, tmp_path: Path):
    pq.write_table(pa.table({"series": column}), tmp_path / "in.parquet")
    assert classify(tmp_path, tmp_path / "out") == 0
    table = read_parts(tmp_path / "out")
    assert table["refused"].null_count == 3 and len(set(table["error"].to_pylist())) == 1


def test_groups_of_rows_become_parts_without_being_parted(tmp_path: Path):
    series = pa.array([[GOOD.tolist()]] * 50)
    for name in ("b", "a"):
        pq.write_table(pa.table({"series": series}), tmp_path / f"{name}.parquet", row_group_size=8)
    pieces = open_inputs(str(tmp_path), 20).pieces
    assert [(piece.file, piece.first_row, piece.n_rows) for piece in pieces[:3]] == [
        ("a.parquet", 0, 24), ("a.parquet", 24, 16), ("a.parquet", 40, 10),
    ]  # fmt: skip
    assert sum(piece.n_rows for piece in pieces) == 100


def test_a_table_that_a_fit_reads_is_scored_as_it_came(tmp_path: Path):
    lines = [",".join(map(str, [*GOOD, label])) for label in (1, 2, 1)]
    header = ",".join([*(f"t{place}" for place in range(150)), "label"])
    (tmp_path / "wide.csv").write_text("\n".join([header, *lines]))
    assert classify(tmp_path / "wide.csv", tmp_path / "out") == 0
    table = read_parts(tmp_path / "out")
    assert table["file"].to_pylist() == ["wide.csv"] * 3 and table["refused"].null_count == 3


def test_labels_keep_their_type_and_several_channels_go_together(tmp_path: Path):
    bundle = Bundle.load(SMALL, Runtime("cpu", 1))
    series = bundle.sample(0, 5, seed=1).series
    pq.write_table(pa.table({"series": [case.tolist() for case in series]}), tmp_path / "in.parquet")
    assert classify(tmp_path / "in.parquet", tmp_path / "out", bundle=SMALL) == 0
    assert set(read_parts(tmp_path / "out")["label"].to_pylist()) <= set(bundle.manifest.labels)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("nothing", "is nothing on this machine"), ("broken.parquet", "is no Parquet file that can be read")],
)
def test_what_cannot_be_read_is_refused(name: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    assert classify(tmp_path / name, tmp_path / "out") == 2
    assert sentence in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_cluster_needs_ray_and_says_how_to_get_it(
    generated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    assert classify(generated, tmp_path, "--address", "auto") == 2
    assert "--address needs Ray, which is not installed here: pip install -e '.[cpu,scale]'" in capsys.readouterr().err
