"""Augment: a file comes in, its columns are corrected, a model adds series, and both are taken away."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.service.server import Server
from tests.studio.browser import PHONE, Guard, find_violations, open_page, open_view

FEW, MANY = 3, 9
"""Cases of the two classes in the files that are dropped."""

PATIENCE = 40_000
"""Milliseconds: a file, or a map, may wait for a process to import what reads it, or lays it out."""


def test_a_table_is_dropped_augmented_and_downloaded(page: Page, studio_server: Server, tmp_path: Path) -> None:
    series, labels = _make_cases(studio_server)
    table = tmp_path / "runs.csv"
    _write_wide(table, series, labels)
    open_view(page, "augment")
    _drop(page, table)
    expect(page.get_by_label("What outcome is")).to_have_value("label")
    expect(page.get_by_role("region", name="class 2")).to_contain_text(str(FEW))
    page.get_by_role("button", name="Keep and go on").click()
    expect(page.get_by_text(f"{MANY - FEW} series are to be made")).to_be_visible()
    page.get_by_label("Seed").fill("5")
    page.get_by_role("button", name="Make them").click()
    expect(page.get_by_role("heading", name=f"{MANY - FEW} series were made")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("table", name="The report, class by class")).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    rows = list(csv.DictReader(waiting.value.path().open()))
    made = [row for row in rows if row["synthetic"].lower() in ("1", "true")]
    assert len(rows) == 2 * MANY and len(made) == MANY - FEW
    assert {row["sample_weight"] for row in made} != {row["sample_weight"] for row in rows if row not in made}
    expect(page).to_have_url(re.compile(r"dataset=.*seed=5.*result="))


@pytest.mark.long
def test_what_columns_are_taken_for_is_corrected(page: Page, studio_server: Server, tmp_path: Path) -> None:
    _write_wide(tmp_path / "columns.csv", *_make_cases(studio_server))
    open_view(page, "augment")
    _drop(page, tmp_path / "columns.csv")
    expect(page.get_by_label("What patient is")).to_have_value("group")
    column = page.get_by_label("What outcome is")
    column.select_option("ignore")
    expect(page.get_by_role("region", name="class 2")).to_be_hidden()
    column.select_option("label")
    expect(page.get_by_role("region", name="class 2")).to_contain_text(str(FEW))
    page.reload()
    expect(page.get_by_label("What outcome is")).to_have_value("label")


@pytest.mark.long
def test_what_cannot_be_read_is_refused_with_file_and_row(page: Page, tmp_path: Path) -> None:
    table = tmp_path / "torn.csv"
    table.write_text("label,t0,t1,t2\n" + "1,0.5,0.6,0.7\n2,0.1,broken,0.3\n" * 4)
    open_view(page, "augment")
    _drop(page, table)
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("torn.csv")
    expect(refusal).to_contain_text("row 3")
    page.get_by_label("Stands for missing").fill("broken")
    expect(refusal).to_be_hidden()
    expect(page.get_by_role("heading", name="What was read")).to_be_visible()


@pytest.mark.long
def test_a_folder_of_one_series_a_file_is_balanced(page: Page, studio_server: Server, tmp_path: Path) -> None:
    series, labels = _make_cases(studio_server, many=19, few=1)
    folder = tmp_path / "clips"
    for place, (case, label) in enumerate(zip(series, labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        lines = [f"{time},{value:.5f}" for time, value in enumerate(case[0])]
        (folder / str(label) / f"{place}.csv").write_text("\n".join(["time,value", *lines]))
    open_view(page, "augment")
    page.locator("input[webkitdirectory]").set_input_files(folder)
    expect(page.get_by_role("region", name="class 2")).to_contain_text("1")
    page.get_by_role("button", name="Keep and go on").click()
    expect(page.get_by_text("18 series are to be made")).to_be_visible()
    page.get_by_role("button", name="Make them").click()
    expect(page.get_by_role("heading", name="18 series were made")).to_be_visible(timeout=PATIENCE)


@pytest.mark.long
@pytest.mark.parametrize("suffix", [".tsv", ".ts", ".npz", ".parquet", ".csv"])
def test_every_format_comes_in_and_goes_out(page: Page, studio_server: Server, tmp_path: Path, suffix: str) -> None:
    series, labels = _make_cases(studio_server)
    file = tmp_path / f"cases{suffix}"
    _write(file, series, labels)
    open_view(page, "augment")
    _drop(page, file)
    page.get_by_role("button", name="Keep and go on").click()
    page.get_by_label("How many").select_option("counts")
    page.get_by_label("Class 2").fill("7")
    expect(page.get_by_text(f"{7 - FEW} series are to be made")).to_be_visible()
    page.get_by_role("button", name="Make them").click()
    expect(page.get_by_role("heading", name=f"{7 - FEW} series were made")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_label("Format")).to_have_value(suffix)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    assert waiting.value.path().stat().st_size > 0
    assert waiting.value.suggested_filename.endswith(suffix)


@pytest.mark.long
def test_the_address_and_the_calls_hold_what_was_asked(page: Page, studio_server: Server, tmp_path: Path) -> None:
    _augment_at(page, studio_server, tmp_path)
    page.get_by_role("tab", name="Python").click()
    expect(page.locator("pre").first).to_contain_text('"seed": 7')
    page.get_by_role("tab", name="curl").click()
    expect(page.locator("pre").first).to_contain_text('"seed":7')
    expect(page.locator("pre").last).to_contain_text("client.augment(series, labels")
    page.reload()
    expect(page.get_by_label("How many")).to_have_value("factor")
    expect(page.get_by_label("Where they come from")).to_have_value("warps")
    expect(page.get_by_role("table", name="The report, class by class")).to_be_visible()
    page.evaluate("sessionStorage.clear()")
    page.reload()
    expect(page.get_by_text("Make them again with the same seed")).to_be_visible()
    page.get_by_label("Laid out by").select_option("tsne")
    expect(page.get_by_role("application")).to_be_visible(timeout=PATIENCE)


@pytest.mark.long
def test_series_that_no_model_takes_are_sent_to_a_fit(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "noise.npz"
    np.savez(file, X=np.random.default_rng(0).normal(size=(10, 3, 20)), y=np.repeat([0, 1], 5))
    open_view(page, "augment")
    _drop(page, file)
    page.get_by_role("button", name="Keep and go on").click()
    expect(page.get_by_text("No model here fits these series yet")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Fit a model"))).to_have_attribute(
        "href", re.compile(r"#/fits\?.*dataset=[0-9a-f]{32}")
    )


@pytest.mark.long
def test_everybody_can_use_each_step(browser: Browser, studio_server: Server, guard: Guard, tmp_path: Path) -> None:
    with open_page(browser, studio_server.url, guard, viewport=PHONE, color_scheme="dark") as page:
        series, labels = _make_cases(studio_server)
        _write_wide(tmp_path / "steps.csv", series, labels)
        open_view(page, "augment")
        _check(page)
        _drop(page, tmp_path / "steps.csv")
        _check(page)
        page.get_by_role("button", name="Keep and go on").click()
        page.get_by_role("button", name="Make them").click()
        expect(page.get_by_role("application")).to_be_visible(timeout=PATIENCE)
        _check(page)
    assert not guard.found, "\n".join(guard.found)


def _check(page: Page) -> None:
    expect(page.locator(".busy")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator(".notice")).to_have_count(0)
    assert not find_violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def _augment_at(page: Page, server: Server, folder: Path) -> None:
    """Augment a table by the address: twice as many, by warps, with a seed."""
    series, labels = _make_cases(server)
    _write_wide(folder / "asked.csv", series, labels)
    upload = server.http.post("/uploads?filename=asked.csv", content=(folder / "asked.csv").read_bytes()).json()
    kept = server.post("datasets", upload=upload["id"], settings=upload["settings"], name="asked").json()
    open_view(page, "augment", dataset=kept["id"], model="gunpoint", strategy="factor", policy="warps", seed=7)
    page.get_by_role("button", name="Make them").click()
    expect(page.get_by_role("heading", name=f"{MANY + FEW} series were made")).to_be_visible(timeout=PATIENCE)


def _drop(page: Page, file: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.get_by_text("How the file is read")).to_be_visible(timeout=PATIENCE)


def _make_cases(server: Server, many: int = MANY, few: int = FEW) -> tuple[np.ndarray, list[Any]]:
    """Cases `[n, 1, 150]` as the model gunpoint makes them, many of class 1 and few of class 2."""
    made = server.answer("sample", model="gunpoint", counts={"1": many, "2": few}, seed=3)
    return np.array(made["series"], np.float32), made["labels"]


def _write_wide(path: Path, series: np.ndarray, labels: list[Any], delimiter: str = ",") -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["patient", "outcome", *(f"t{step}" for step in range(series.shape[2]))])
        for place, (case, label) in enumerate(zip(series, labels, strict=True)):
            writer.writerow([f"p{place % 4}", label, *(f"{value:.5f}" for value in case[0])])


def _write(path: Path, series: np.ndarray, labels: list[Any]) -> None:
    if path.suffix == ".npz":
        np.savez(path, X=series, y=np.array(labels))
    elif path.suffix == ".parquet":
        columns = {f"t{step}": series[:, 0, step] for step in range(series.shape[2])}
        pq.write_table(pa.table({"label": [str(label) for label in labels], **columns}), path)
    elif path.suffix == ".ts":
        head = (
            f"@problemName cases\n@univariate true\n@classLabel true {' '.join(sorted(set(map(str, labels))))}\n@data\n"
        )
        path.write_text(head + "\n".join(f"{_join(case)}:{label}" for case, label in zip(series, labels, strict=True)))
    elif path.suffix == ".tsv":
        path.write_text(
            "\n".join(f"{label}\t{_join(case, chr(9))}" for case, label in zip(series, labels, strict=True))
        )
    else:
        _write_wide(path, series, labels)


def _join(case: np.ndarray, delimiter: str = ",") -> str:
    return delimiter.join(f"{value:.5f}" for value in case[0])
