"""A bulk generation is the series of /sample in shards, each made once, whoever makes them."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.repository import SHIPPED
from tests.training.scale.cluster import list_descendants, wait_until
from tests.training.scale.folders import hash_files
from training.console import main
from training.scale.columns import SERIES, build_series, open_writer
from training.scale.jobs import DONE, JOB
from training.scale.places import Place
from training.scale.sampling import share_out

GUNPOINT = SHIPPED / "gunpoint" / "1"
COMMAND = ["generate", "--bundle", str(GUNPOINT), "--shard-rows", "32", "--workers", "1"]
COUNTS = ["--counts", "1=70", "2=41"]


def generate(to: Path, *more: str) -> int:
    """Run the command; its exit status."""
    return main([*COMMAND, "--to", str(to), *(more or (*COUNTS, "--seed", "5"))])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job's folder that is complete."""
    folder = tmp_path_factory.mktemp("made")
    assert generate(folder) == 0
    return folder


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to break."""
    for path in made.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def list_shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("shard-*.parquet"))


def test_shards_together_hold_the_series_of_sample_bit_for_bit(made: Path):
    table = pa.concat_tables(pq.read_table(path) for path in list_shards(made))
    bundle = Bundle.load(GUNPOINT, Runtime("cpu", 1))
    assert len(list_shards(made)) == 4 and table.num_rows == 111
    for index, count in enumerate((70, 41)):
        own = table.filter(pa.compute.equal(table["label"], str(index + 1))).sort_by("index")
        expected = bundle.sample(index, count, seed=5)
        assert own["index"].to_pylist() == list(range(count)) and set(own["seed"].to_pylist()) == {5}
        assert np.array_equal(np.array(own[SERIES].to_pylist(), np.float32), expected.series)
        assert np.array_equal(own["log_density"].to_numpy(), expected.log_density)


def test_a_folder_of_parquet_is_read_without_the_job_s_own_files(made: Path):
    import pyarrow.dataset as ds

    assert ds.dataset(made, format="parquet").count_rows() == 111


def test_every_shard_has_the_classes_in_proportion(made: Path):
    for path in list_shards(made):
        labels = pq.read_table(path)["label"].to_pylist()
        assert 16 <= labels.count("1") <= 32 and labels.count("2") <= 16


def test_two_processes_write_the_same_bytes_as_one(made: Path, tmp_path: Path):
    command = [word if word != "1" else "2" for word in COMMAND[-1:]]
    code = "import sys; from training.console import main; sys.exit(main(sys.argv[1:]))"
    whole = [*COMMAND[:-1], *command, "--to", str(tmp_path), *COUNTS, "--seed", "5"]
    ended = subprocess.run([sys.executable, "-c", code, *whole], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert hash_files(tmp_path) == hash_files(made)


def test_a_job_goes_on_with_what_it_lacks_and_leaves_what_it_has(made: Path, copied: Path):
    missing, half, kept, _ = list_shards(copied)
    missing.unlink()
    half.write_bytes(half.read_bytes()[:-5000])
    (copied / DONE).unlink()
    (copied / f".{missing.name}.0123.tmp").write_bytes(b"of a worker that was killed")
    before = kept.stat().st_mtime_ns
    assert generate(copied) == 0
    assert hash_files(copied) == hash_files(made)
    assert kept.stat().st_mtime_ns == before


def test_a_seed_that_was_drawn_is_that_of_the_job_when_it_goes_on(tmp_path: Path):
    assert generate(tmp_path, "--rows", "40") == 0
    first = hash_files(tmp_path)
    assert generate(tmp_path, "--rows", "40") == 0
    assert hash_files(tmp_path) == first and json.loads((tmp_path / JOB).read_text())["seed"] >= 0


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ((*COUNTS, "--seed", "6"), "holds another job: its seed is 5, and 6 came. Go on with"),
        (("--counts", "1=70", "2=42", "--seed", "5"), "its counts.2 is 41, and 42 came"),
        ((*COUNTS, "--seed", "5", "--expansion", "2"), "its expansion is 1.0, and 2.0 came"),
        ((*COUNTS, "--seed", "5", "--shard-rows", "64"), "its shard_rows is 32, and 64 came"),
    ],
)
def test_another_job_is_refused_in_its_folder(
    copied: Path, made: Path, more: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
):
    assert generate(copied, *more) == 2
    assert sentence in capsys.readouterr().err
    assert hash_files(copied) == hash_files(made)


def test_a_job_made_by_other_libraries_is_refused(copied: Path, capsys: pytest.CaptureFixture[str]):
    facts = json.loads((copied / JOB).read_text())
    facts["libraries"]["onnxruntime"] = "1.0"
    (copied / JOB).write_text(json.dumps(facts))
    assert generate(copied) == 2
    assert "its libraries.onnxruntime is 1.0, and" in capsys.readouterr().err


def test_a_folder_of_something_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "thesis.tex").write_text("")
    assert generate(tmp_path) == 2
    assert "holds 1 files (thesis.tex …) and no _job.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            ("--counts", "3=5"),
            "--counts names the class '3', which model 'gunpoint' does not know; use one of: '1', '2'",
        ),
        (("--counts", "1"), "--counts is given '1'; give LABEL=COUNT"),
        (("--rows", "0"), "asks for no series"),
        (("--rows", "10", "--bundle", "gunpint"), "--bundle is 'gunpint', which is neither the folder of a bundle"),
        (("--rows", "10", "--to", "s4://bucket/x"), "s4://bucket/x cannot be reached"),
    ],
)
def test_what_cannot_be_made_is_refused(
    tmp_path: Path, more: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
):
    assert generate(tmp_path, *more) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--rows", "ten"), "'ten' is no number of series; give one as 1000000, or 1e6."),
        (("--rows", "1.5"), "'1.5' is no number of series"),
        (("--rows", "10", "--expansion", "0"), "'0' is no expansion; give a number above 0, of at most 100."),
        (("--rows", "10", "--seed", "-1"), "no seed"),
        (("--seed", "1"), "one of the arguments --rows --counts is required"),
    ],
)
def test_a_setting_that_is_none_is_refused_by_its_flag(
    tmp_path: Path, more: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        generate(tmp_path, *more)
    assert ended.value.code == 2 and sentence in capsys.readouterr().err


def test_classes_are_equal_or_as_in_training():
    assert share_out(10, [1, 1, 1]) == [3, 3, 4]
    assert share_out(10**9, [24, 26]) == [480_000_000, 520_000_000]


def test_series_of_several_lengths_lie_in_lists_as_long_as_they_are(tmp_path: Path):
    series = np.arange(24, dtype=np.float32).reshape(2, 2, 6)
    schema = pa.schema([pa.field(SERIES, pa.list_(pa.list_(pa.float32())))])
    with open_writer(tmp_path / "a.parquet", schema) as writer:
        writer.write_table(pa.table({SERIES: build_series(series, [2, 6])}, schema=schema))
    rows = pq.read_table(tmp_path / "a.parquet")[SERIES].to_pylist()
    assert rows == [series[0, :, :2].tolist(), series[1].tolist()]


@pytest.mark.long
def test_a_process_that_is_killed_ends_the_command_and_the_next_one_goes_on(tmp_path: Path):
    command = [*COMMAND[:-1], "2", "--rows", "6000", "--seed", "5"]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    code = "import sys; from training.console import main; sys.exit(main(sys.argv[1:]))"
    running = subprocess.Popen(
        [sys.executable, "-c", code, *command, "--to", str(broken)], stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: len(list_shards(broken)) > 5, "the first shards are there")
    (worker, *_) = [pid for pid, line in list_descendants(running.pid).items() if "spawn_main" in line]
    os.kill(worker, signal.SIGKILL)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 2 and "a worker process was killed, most likely for want of memory" in said
    assert len(list_shards(broken)) < 187
    assert main([*command, "--to", str(broken)]) == main([*command, "--to", str(whole)]) == 0
    assert hash_files(broken) == hash_files(whole)


def test_a_folder_is_the_same_one_wherever_a_worker_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    sent = pickle.dumps(Place("here"))
    monkeypatch.chdir("/")
    pickle.loads(sent).write("a", b"content")
    assert (tmp_path / "here" / "a").read_bytes() == b"content"


def test_workers_need_nothing_that_learns_or_serves():
    code = (
        "import sys, training.scale.sampling, training.scale.scoring;"
        "assert not {'torch', 'ray', 'tyro', 'sklearn', 'bentoml', 'grpc', 'joblib'} & set(sys.modules), sys.modules"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
