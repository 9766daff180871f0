"""`python training/evaluate.py`: what is missing runs, what is there stays, and equal jobs give equal numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.service.server import wait_until
from training.configuration import FitConfiguration
from training.data import DatasetError
from training.data.generators.sines import Settings, generate
from training.evaluate import main
from training.evaluation import advising, judges, policies
from training.evaluation.jobs import Job, Outcome, list_arms, run
from training.evaluation.processes import run_jobs
from training.evaluation.results import FILE, QUALITY, Choice, Measured, ResultsError, Row, append, read
from training.families import list_names
from training.families.classifiers import fcn
from training.families.textures import flow
from training.families.vae import convolutional

COLUMNS = "dataset,seed,judge,policy,n_train,accuracy,balanced_accuracy,nll"
TINY = FitConfiguration(
    vae=convolutional.Settings(steps=4, batch_size=8, latent_dim=4),
    texture=flow.Settings(steps=4, batch_size=8),
    classifier=fcn.Settings(steps=4, batch_size=8),
    companion="none",
    device="cpu",
    advice="none",
)
FLAGS = [
    "--fit.vae.steps",
    "4",
    "--fit.texture.steps",
    "4",
    "--fit.classifier.steps",
    "4",
    "--fit.batch-size",
    "8",
    "--fit.companion",
    "none",
    "--fit.device",
    "cpu",
    "--fit.advice",
    "none",
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`First` and `Second`: 6 training and 4 test cases of each of three classes, two of `sines`' channels."""
    root = tmp_path_factory.mktemp("data")
    train, test = generate(Settings())
    for channel, name in enumerate(("First", "Second")):
        (root / name).mkdir()
        for raw, split, count in ((train, "TRAIN", 18), (test, "TEST", 12)):
            assert raw is not None and raw.labels is not None
            lines = [
                "\t".join([str(label), *(repr(float(value)) for value in series[channel])])
                for series, label in zip(raw.series[:count], raw.labels[:count], strict=True)
            ]
            (root / name / f"{name}_{split}.tsv").write_text("\n".join(lines) + "\n")
    return root


def run_command(data: Path, out: Path, *extra: str) -> int:
    asked = ["--policies", "none", "auto", "smote", "none-pair", "--judges", "fcn", "fcn-concatenated"]
    return main(["--data", str(data), "--out", str(out), "--seeds", "2", "--workers", "2", *asked, *FLAGS, *extra])


@pytest.fixture(scope="module")
def out(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    assert run_command(data, folder) == 0
    return folder


def test_a_run_writes_every_row_once_and_its_table_and_plots(out: Path) -> None:
    assert (out / FILE).read_text().splitlines()[0] == COLUMNS
    rows = read(out / FILE, Row)
    found = sorted((row.dataset, row.seed, row.judge, row.policy) for row in rows)
    takes = [("fcn", "none"), ("fcn", "auto"), ("fcn", "smote"), ("fcn", "none-pair")]
    takes += [("fcn-concatenated", policy) for policy in ("none", "auto", "smote")]
    assert found == sorted((name, seed, *arm) for name in ("First", "Second") for seed in (0, 1) for arm in takes)
    assert all(row.n_train == 18 and 0 <= row.accuracy <= 1 and row.nll is not None and row.nll > 0 for row in rows)
    measured = sorted((row.dataset, row.seed, row.operation) for row in read(out / QUALITY, Measured))
    jobs = [(name, seed) for name in ("First", "Second") for seed in (0, 1)]
    assert measured == [(*job, operation) for job in jobs for operation in ("augment", "sample")]
    table = (out / "table.md").read_text()
    assert "`/sample`:" in table and "`/augment`:" in table
    assert "## Judge: fcn-concatenated" in table and "| smote |" in table and "| Second |" in table
    for plot in ("uplift", "win-tie-loss", "critical-difference"):
        assert (out / f"{plot}-fcn.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.long
def test_only_the_missing_job_runs_again_and_gives_the_same_numbers(
    data: Path, out: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    again = tmp_path / "again"
    shutil.copytree(out, again)
    lines = (again / FILE).read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("Second,1,")]
    (again / FILE).write_text("".join(kept) + "Second,1,fcn,none,18,0.3")
    assert run_command(data, again) == 0
    assert next(line for line in capfd.readouterr().out.splitlines() if line.startswith("[")).startswith("[1/1, ")
    assert sorted(read(again / FILE, Row), key=str) == sorted(read(out / FILE, Row), key=str)
    assert read(again / "choices.csv", Choice) == read(out / "choices.csv", Choice)


def test_nothing_runs_where_nothing_is_missing(data: Path, out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (out / "table.md").unlink()
    assert run_command(data, out) == 0
    assert capfd.readouterr().out.strip() == str(out / "table.md")


@pytest.mark.long
def test_a_job_gives_equal_rows_under_every_policy_and_judge_however_often_it_runs(data: Path) -> None:
    job = Job("First", data, 3, None, list_arms(judges.list_known(), policies.list_known()), TINY)
    first = run(job)
    assert [(row.judge, row.policy) for row in first.rows] == list(job.arms)
    assert len(job.arms) > 3 * len(policies.list_peers())
    part = run(Job("First", data, 3, None, job.arms[::3], TINY))
    # The first convolutions of a process may round otherwise than later ones do (oneDNN with AVX-512).
    for row, same in zip(part.rows, first.rows[::3], strict=True):
        assert replace(row, nll=same.nll) == same
        assert row.nll == (None if same.nll is None else pytest.approx(same.nll, rel=1e-6))
    by_arm = {(row.judge, row.policy): row for row in first.rows}
    assert first.choice is not None
    chosen = by_arm["fcn", first.choice.policy]
    assert by_arm["fcn", "auto"].nll == chosen.nll
    assert by_arm["dtw", "auto"] == replace(by_arm["dtw", first.choice.advised], policy="auto")
    assert by_arm["fcn-concatenated", "smote"].nll == by_arm["fcn", "smote"].nll
    assert by_arm["dtw", "oversampling"].accuracy == by_arm["dtw", "none"].accuracy


@pytest.mark.parametrize("name", ["resnet", "inception"])
def test_a_network_that_is_not_ours_judges_what_is_put_beside(data: Path, name: str) -> None:
    policies_asked = ("none", "class-weights", "smote", "latent")
    arms = list_arms((name,), (*policies_asked, "none-pair", "oversampling+warps"))
    assert [policy for _, policy in arms] == list(policies_asked)
    outcome = run(Job("First", data, 0, None, (*arms, ("fcn-concatenated", "smote")), TINY))
    assert not outcome.failed
    by_arm = {(row.judge, row.policy): row.nll for row in outcome.rows}
    assert all(nll is not None and 0 < nll < 5 for nll in by_arm.values())
    assert len({*by_arm.values()}) == len(by_arm), "each arm is trained for itself, by its own family"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--policies", "nope"], "oversampling+warps"),
        (["--judges", "nope"], "minirocket"),
        (["--seeds", "0"], "--seeds"),
        (["--fit.seed", "1"], "--fit.seed"),
        (["--datasets", "Absent"], "Absent"),
        (["--curve", "low-data"], "ArrowHead"),
        (["--curve", "low-data", "--sizes", "7"], "--sizes has 7"),
        (["--sizes", "5"], "--sizes has 5"),
        (["--fit.vae", "nope"], f"--fit.vae is 'nope'; it must be one of: {', '.join(list_names('vae'))}"),
        (["--fit.vae.steps", "0"], "--vae.steps is 0; it must be at least 1"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_a_sentence(
    arguments: list[str], words: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = main(["--data", str(data), "--out", str(tmp_path / "o"), *arguments])
    except SystemExit as ended:  # a setting is refused while the command line is read
        status = ended.code
    assert status == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


ROW = Row("A", 0, "fcn", "none", 5, 0.5, 0.25, None)


def test_a_line_cut_off_is_not_read_and_makes_way_for_the_next(tmp_path: Path) -> None:
    path = tmp_path / FILE
    append(path, [ROW])
    with path.open("a") as file:
        file.write("A,1,fcn,none,5,0.5,0.2")
    assert read(path, Row) == [ROW]
    append(path, [ROW])
    assert read(path, Row) == [ROW, ROW]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("a,b\n1,2\n")
    with pytest.raises(ResultsError, match="--out"):
        read(tmp_path / FILE, Row)
    (tmp_path / FILE).write_text(COLUMNS + "\nA,1,fcn\n")
    with pytest.raises(ResultsError, match="no result"):
        read(tmp_path / FILE, Row)


def test_a_job_that_fails_is_told_and_the_others_go_on(data: Path) -> None:
    before = dict(os.environ)
    asked = [Job(name, data, 0, None, (("fcn", "none"),), TINY) for name in ("Absent", "First")]
    ended = {job.dataset: outcome for job, outcome in run_jobs(run, asked, 1)}
    assert isinstance(ended["Absent"], DatasetError)
    assert isinstance(ended["First"], Outcome) and len(ended["First"].rows) == 1
    assert dict(os.environ) == before


def test_a_job_ends_with_the_command_that_is_killed(tmp_path: Path) -> None:
    job = tmp_path / "job.py"
    said = f"pathlib.Path({str(tmp_path)!r}, 'pid').write_text(str(os.getpid()))"
    job.write_text(f"import os, pathlib, time; {said}; time.sleep(600)")
    call = f"list(run_jobs(runpy.run_path, [{str(job)!r}], 1))"
    jobs = f"import runpy; from training.evaluation.processes import run_jobs; {call}"
    command = subprocess.Popen([sys.executable, "-c", jobs], cwd=ROOT)
    pid = int(wait_until(lambda: read_there(tmp_path / "pid"), seconds=60, what="a job that runs"))
    command.kill()
    command.wait()
    wait_until(lambda: not is_running(pid), seconds=10, what="the end of the job")


def read_there(path: Path) -> str:
    """What a file holds; nothing where it is not there."""
    return path.read_text() if path.exists() else ""


def is_running(pid: int) -> bool:
    """Whether a process is there, and more than an entry that nobody has read."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_an_arm_that_fails_is_told_and_leaves_the_others_their_rows(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise ValueError("no neighbours")

    monkeypatch.setattr("training.evaluation.peers.smote.augment", refused)
    arms = (("fcn", "none"), ("fcn", "smote"), ("fcn", "warps"))
    outcome = run(Job("First", data, 0, None, arms, TINY))
    assert [row.policy for row in outcome.rows] == ["none", "warps"]
    assert list(outcome.failed) == [arms[1]] and "no neighbours" in outcome.failed[arms[1]]
    monkeypatch.setattr("training.evaluate.run_jobs", lambda _run, jobs, _workers: [(jobs[0], outcome)])
    arguments = ["--data", str(data), "--out", str(tmp_path), "--datasets", "First", "--seeds", "1"]
    assert main([*arguments, "--judges", "fcn", "--policies", "none", "smote", "warps"]) == 1
    assert "smote, judged by fcn, failed" in capsys.readouterr().err
    assert len(read(tmp_path / FILE, Row)) == 2


def test_seeds_differ(out: Path) -> None:
    rows = [row for row in read(out / FILE, Row) if (row.dataset, row.judge, row.policy) == ("First", "fcn", "none")]
    assert len(np.unique([row.nll for row in rows])) == 2


@pytest.mark.long
def test_advice_is_measured_and_a_stopped_run_goes_on(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    flags = ["--fit.vae.steps", "4", "--fit.classifier", "ridge", "--fit.advice", "brief", "--levels", "all cases"]
    asked = ["--data", str(data), "--out", str(out), "--datasets", "First", *flags]
    assert advising.main(asked) == 0
    rows = read(out, advising.Gain)
    assert {row.arm for row in rows} == {"latent", "warps", "SMOTE"} and {row.group for row in rows} == {"alike"}
    assert advising.main(asked) == 0 and read(out, advising.Gain) == rows
