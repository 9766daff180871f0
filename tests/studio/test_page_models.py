"""The views Models and Classify, driven as a person would."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.service.server import ROOT, Server
from tests.studio.browser import Guard, find_violations, open_view


def find_card(page: Page, name: str) -> Locator:
    """The sheet of a model."""
    return page.get_by_role("region", name=f"Model {name}", exact=True)


def copy_bundle(models: Path, name: str, version: int, accuracy: float = 1.0) -> Path:
    """A bundle like gunpoint under another name or version, with another accuracy in its manifest."""
    folder = models / name / str(version)
    shutil.copytree(models / "gunpoint" / "1", folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["name"], manifest["version"], manifest["metrics"]["accuracy"] = name, version, accuracy
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def rolling(studio_server: Server, shipped_models: Path) -> Iterator[str]:
    """A model of two versions, the second of which is less accurate; taken away afterwards."""
    for version, accuracy in ((1, 1.0), (2, 0.75)):
        copy_bundle(shipped_models, "rolling", version, accuracy)
    assert studio_server.send("v2/repository/models/rolling/load", b"").status_code == 200
    yield "rolling"
    studio_server.send("v2/repository/models/rolling/unload", b"")
    shutil.rmtree(shipped_models / "rolling")


def test_a_card_says_what_was_measured_and_what_it_means(page: Page, studio_server: Server) -> None:
    card = studio_server.get("/models/gunpoint")
    open_view(page, "models")
    shown = find_card(page, "gunpoint")
    expect(shown).to_contain_text("50 training cases of one channel and 150 timepoints, 2 classes, with texture")
    for measured in ("Accuracy", "Does augmenting help?", "Quality of synthetic series", "Privacy"):
        expect(shown.get_by_role("heading", name=measured)).to_be_visible()
    expect(shown).to_contain_text(f"{100 * card['metrics']['accuracy']:.1f}\u202f%")
    expect(shown).to_contain_text("52\u202f% by naming the commonest class always, which is free")
    assert len(card["advice"]["judges"]) == 4
    for kind, judged in card["advice"]["judges"].items():
        expect(shown).to_contain_text(kind.replace("_", " ").capitalize() + f" {judged['verdict']}")
    expect(shown).to_contain_text("50\u202f% is guessing")
    shown.get_by_role("heading", name="Series that it makes").scroll_into_view_if_needed()  # drawn once it is seen
    expect(shown.get_by_role("img", name=re.compile("10 lines, 150 timepoints"))).to_be_visible()


def test_two_versions_are_compared_and_one_is_rolled_back(page: Page, studio_server: Server, rolling: str) -> None:
    open_view(page, "models")
    find_card(page, rolling).get_by_role("button", name="Details, 2 versions").click()
    card = find_card(page, rolling)
    accuracy = card.get_by_role("row", name=re.compile(r"^Accuracy 100"))
    expect(accuracy).to_contain_text("75\u202f%")
    expect(accuracy).to_contain_text("version 1")
    expect(card.get_by_role("img", name=re.compile("Series that version"))).to_have_count(2)
    card.get_by_role("button", name="Retire version 2 of rolling").click()
    expect(page.get_by_text("Version 2 of rolling is retired; nothing of it is lost.")).to_be_visible()
    expect(card.get_by_role("heading", level=2)).to_contain_text("version 1")
    assert studio_server.get("/models/rolling")["versions"] == [1]
    page.get_by_role("button", name="Undo").click()
    expect(card.get_by_role("heading", level=2)).to_contain_text("version 2")
    assert studio_server.get("/models/rolling")["versions"] == [1, 2]
    assert find_violations(page) == []


@pytest.mark.long
def test_a_comparison_is_a_url_to_share(page: Page, rolling: str) -> None:
    open_view(page, "models", model=rolling, compare="2,1")
    card = find_card(page, rolling)
    expect(card.get_by_label("This version")).to_have_value("2")
    card.get_by_label("against this").select_option("2")
    expect(page).to_have_url(re.compile("compare=2%2C2"))


def test_a_refused_bundle_is_listed_with_the_reason(
    page: Page, studio_server: Server, shipped_models: Path, guard: Guard
) -> None:
    folder = copy_bundle(shipped_models, "spoiled", 1)
    (folder / "decoder.onnx").write_bytes((folder / "decoder.onnx").read_bytes()[:-10])
    try:
        studio_server.send("v2/repository/models/spoiled/load", b"")
        open_view(page, "models")
        row = page.get_by_role("row", name=re.compile("^spoiled 1"))
        expect(row).to_contain_text("decoder.onnx is not the file that was published")
        guard.allowed = set(range(400, 600))
        row.get_by_role("button", name="Load spoiled").click()
        expect(page.locator(".notice.bad")).to_contain_text("decoder.onnx")
    finally:
        shutil.rmtree(shipped_models / "spoiled")


@pytest.mark.long
def test_unloading_is_undone(page: Page, studio_server: Server, rolling: str) -> None:
    open_view(page, "models")
    find_card(page, rolling).scroll_into_view_if_needed()
    expect(find_card(page, rolling).locator(".plot")).to_be_visible()  # else its call for series is refused
    find_card(page, rolling).get_by_role("button", name="Unload rolling").click()
    expect(find_card(page, rolling)).to_have_count(0)
    expect(page.get_by_role("row", name=re.compile("^rolling 2")).first).to_contain_text("unloaded on request")
    page.get_by_role("button", name="Undo").click()
    expect(find_card(page, rolling)).to_be_visible()
    find_card(page, rolling).scroll_into_view_if_needed()
    expect(find_card(page, rolling).locator(".plot")).to_be_visible()


def find_rows(page: Page) -> Locator:
    """The rows of all series that were judged."""
    return page.get_by_role("region", name="All series, to sort and choose from").locator("tbody tr")


def test_what_is_odd_comes_first_and_is_shown_where(page: Page) -> None:
    open_view(page, "classify", model="gunpoint", seed=3)
    expect(find_rows(page)).to_have_count(40)
    page.get_by_role("checkbox", name="Spoil every fifth").check()
    expect(page.locator(".summary")).to_contain_text(re.compile(r"anomalous([89]|1\d)"))
    for place in range(3):
        number = int(find_rows(page).nth(place).locator("td").first.inner_text())
        assert number % 5 == 0, "every fifth was spoiled, and is odder than the others"
    expect(page.get_by_role("img", name=re.compile("Series and reconstruction: 2 lines"))).to_be_visible()
    expect(page.locator(".chosen")).to_contain_text("Anomalous: the reconstruction misses it")
    expect(page.get_by_role("meter")).to_have_count(2)
    assert find_violations(page) == []


@pytest.mark.long
def test_series_are_chosen_by_keys_and_the_url_shows_the_same_again(page: Page) -> None:
    open_view(page, "classify", model="gunpoint")
    rows = find_rows(page)
    rows.nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    number = rows.nth(1).locator("td").first.inner_text()
    expect(page.get_by_role("heading", name=f"Series {number}", exact=True)).to_be_visible()
    page.get_by_role("button", name="Typical").click()
    expect(page).to_have_url(re.compile(rf"row={int(number) - 1}.*sort=typicality"))
    page.reload()
    expect(page.get_by_role("heading", name=f"Series {number}", exact=True)).to_be_visible()
    expect(page.get_by_role("columnheader", name="Typical")).to_have_attribute("aria-sort", "ascending")


@pytest.mark.long
def test_pasted_numbers_are_judged_as_the_api_judges_them(page: Page, studio_server: Server, tmp_path: Path) -> None:
    made = studio_server.answer("sample", model="gunpoint", n_per_class=2, seed=7)
    text = "\n".join(
        f"{label}," + ",".join(map(str, series[0]))
        for label, series in zip(made["labels"], made["series"], strict=True)
    )
    open_view(page, "classify", model="gunpoint", source="paste")
    page.get_by_label("Numbers, from a table or JSON").fill(text)
    page.get_by_role("button", name="Judge them").click()
    expect(find_rows(page)).to_have_count(4)
    expect(page.get_by_text("Each line has 151 values; the first was taken for its label.")).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download as CSV").click()
    started.value.save_as(tmp_path / "judged.csv")
    rows = list(csv.DictReader((tmp_path / "judged.csv").open()))
    judged = studio_server.answer("classify", model="gunpoint", series=made["series"], with_=["typicality"])
    rebuilt = studio_server.answer("reconstruct", model="gunpoint", series=made["series"])
    assert [row["given"] for row in rows] == [str(label) for label in made["labels"]]
    assert [row["label"] for row in rows] == [str(label) for label in judged["labels"]]
    assert [float(row["anomaly_score"]) for row in rows] == pytest.approx(rebuilt["anomaly_score"], rel=1e-3)
    assert [float(row["probability_1"]) for row in rows] == pytest.approx(
        [share[0] for share in judged["probabilities"]], abs=1e-4
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1, 2, three, 4\n1, 2, 3, 4", 'Line 1 holds "three" where a number belongs.'),
        ("[[1, 2", "cannot be read as JSON"),
        ('[["a"]]', 'The JSON holds "a" where a number or null belongs.'),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(page: Page, text: str, said: str) -> None:
    open_view(page, "classify", model="gunpoint", source="paste")
    page.get_by_label("Numbers, from a table or JSON").fill(text)
    page.get_by_role("button", name="Judge them").click()
    expect(page.get_by_role("alert")).to_contain_text(said)


@pytest.mark.long
def test_series_of_another_shape_are_refused_in_the_servers_words(page: Page, guard: Guard) -> None:
    guard.allowed = {400, 422}
    open_view(page, "classify", model="gunpoint", source="paste")
    page.get_by_label("Numbers, from a table or JSON").fill("1 2 3 4")
    page.get_by_role("button", name="Judge them").click()
    expect(page.get_by_role("alert")).to_contain_text("150")


@pytest.mark.long
def test_a_file_becomes_a_dataset_and_is_judged(page: Page, studio_server: Server, tmp_path: Path) -> None:
    made = studio_server.answer("sample", model="gunpoint", n_per_class=5, seed=1)
    file = tmp_path / "pulls.csv"
    with file.open("w", newline="") as output:
        writer = csv.writer(output)
        writer.writerow(["label", *(f"t{index}" for index in range(150))])
        writer.writerows([label, *series[0]] for label, series in zip(made["labels"], made["series"], strict=True))
    open_view(page, "classify", model="gunpoint", source="file")
    page.get_by_label("Drop a file of series here: files").set_input_files(file)
    expect(find_rows(page)).to_have_count(10)
    expect(page.get_by_role("combobox", name="Dataset")).to_contain_text("pulls, version")
    expect(page.locator(".summary")).to_contain_text("labelled as given")
    expect(page).to_have_url(re.compile("dataset=[0-9a-f]{32}"))


@pytest.mark.long
def test_a_folder_is_packed_on_the_page(page: Page, studio_server: Server, tmp_path: Path) -> None:
    made = studio_server.answer("sample", model="gunpoint", n_per_class=3, seed=2)
    folder = tmp_path / "a folder"
    folder.mkdir()
    head = "label," + ",".join(f"t{index}" for index in range(150))
    rows = [
        f"{label}," + ",".join(map(str, series[0]))
        for label, series in zip(made["labels"], made["series"], strict=True)
    ]
    (folder / "pulls.csv").write_text("\n".join([head, *rows]))
    (folder / ".hidden").write_text("is left out")
    open_view(page, "classify", model="gunpoint", source="file")
    page.get_by_label("Drop a file of series here: a folder").set_input_files(folder)
    expect(find_rows(page)).to_have_count(6)
    expect(page.get_by_role("combobox", name="Dataset")).to_contain_text("a folder, version")


@pytest.mark.long
def test_a_model_of_several_channels_is_shown_by_channel(page: Page) -> None:
    open_view(page, "classify", model="basicmotions")
    expect(page.get_by_role("img", name=re.compile("^Channel"))).to_have_count(4)
    page.get_by_role("button", name="Show all 6 channels").click()
    expect(page.get_by_role("img", name=re.compile("^Channel"))).to_have_count(6)


@pytest.mark.long
def test_the_calls_that_are_shown_run(page: Page, studio_server: Server) -> None:
    open_view(page, "classify", model="gunpoint", seed=2)
    calls = page.get_by_role("region", name="The same call")
    curl = calls.locator("code").inner_text()
    answered = subprocess.run(
        ["bash", "-c", curl.replace("curl ", "curl -s --noproxy '*' ")], capture_output=True, text=True, check=True
    )
    assert '"probabilities"' in answered.stdout
    assert '"anomaly_score"' in answered.stdout
    calls.get_by_role("tab", name="Python").click()
    python = calls.locator("code").inner_text()
    environment = {"PYTHONPATH": str(ROOT / "client"), "NO_PROXY": "*", "PATH": "/usr/bin"}
    ran = subprocess.run([sys.executable, "-c", python], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
