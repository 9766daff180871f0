"""Datasets and Generate as a person uses them: a file comes in and is found again, series are made of a formula."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.service.server import Server
from tests.studio.browser import PHONE, find_violations, open_view
from tests.training.real_data import DATA

GUNPOINT = DATA / "ucr" / "GunPoint"


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A table of 24 series of two classes, one of them with a gap."""
    random = np.random.default_rng(0)
    lines = ["mood," + ",".join(f"t{time}" for time in range(20))]
    for case in range(24):
        mood, series = ("calm", "wild")[case % 3 == 0], random.normal(size=20).cumsum()
        fields = [f"{value:.4f}" for value in series]
        lines.append(f"{mood}," + ",".join(["", *fields[1:]] if case == 5 else fields))
    (file := tmp_path / "moods.csv").write_text("\n".join(lines))
    return file


def test_a_file_is_read_corrected_kept_found_put_aside_and_taken_back(page: Page, wide: Path, tmp_path: Path) -> None:
    open_view(page, "datasets")
    page.get_by_label("Drop a file or a folder of series here: files").set_input_files(wide)
    page.get_by_text("Not as it should be?").click()
    page.get_by_label("What mood is").select_option("label")
    expect(page.get_by_role("list", name="classes").first).to_contain_text(re.compile(r"calm\s*16.*wild\s*8"))
    page.get_by_label("Name in the catalogue").fill("moods of a day")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("moods of a day")
    expect(page.locator("main")).to_contain_text("1 values")
    page.get_by_label("New tag").fill("weather, tried")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="remove tag tried")).to_be_visible()
    _look_through(page)
    _save_as(page, ".jsonl", tmp_path)
    _find_and_delete(page)


def _look_through(page: Page) -> None:
    page.get_by_role("combobox", name="Class").select_option("wild")
    expect(page.get_by_role("status").filter(has_text="of 8")).to_be_visible()
    page.get_by_role("tab", name="Statistics").click()
    expect(page.get_by_role("row", name=re.compile("^wild"))).to_be_visible()
    page.get_by_role("tab", name="Map").click()
    expect(page.get_by_role("application")).to_have_attribute("aria-label", re.compile("24 points"))
    page.wait_for_url("**shown=map**")
    page.reload()
    expect(page.get_by_role("tab", name="Map")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Where it came from").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("moods.csv")
    assert not find_violations(page)


def _save_as(page: Page, suffix: str, folder: Path) -> None:
    page.get_by_role("combobox", name="Format").select_option(suffix)
    with page.expect_download() as awaited:
        page.get_by_role("button", name="Download").click()
    awaited.value.save_as(file := folder / "saved")
    assert len(file.read_text().splitlines()) >= 24


def _find_and_delete(page: Page) -> None:
    page.get_by_role("link", name="All datasets").click()
    page.get_by_label("Search").fill("tried")
    cards = page.get_by_role("list", name="Datasets").get_by_role("heading")
    expect(cards).to_have_count(1)
    page.get_by_role("link", name="moods of a day").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("moods of a day")


@pytest.mark.parametrize(("view", "button"), [("datasets", "Save"), ("augment", "Keep and go on")])
def test_nothing_can_be_kept_until_it_is_read_by_the_newest_settings(
    page: Page, wide: Path, view: str, button: str
) -> None:
    open_view(page, view)
    page.locator("input[type=file]:not([webkitdirectory])").set_input_files(wide)
    keep = page.get_by_role("button", name=button)
    expect(keep).to_be_enabled()
    if view == "datasets":
        page.get_by_text("Not as it should be?").click()
    keep.evaluate("""button => {
        window.turns = [];
        const note = () => window.turns.push(!button.disabled);
        new MutationObserver(note).observe(button, {attributeFilter: ["disabled"]});
    }""")
    with page.expect_response("**/preview"):
        page.get_by_label("What mood is").select_option("label")
    expect(keep).to_be_enabled()
    # A button that is enabled for a frame between two waits loses the click that is made in it.
    assert page.evaluate("window.turns") == [False, True]


def test_a_generated_preview_follows_its_parameters_and_is_kept(page: Page, studio_server: Server) -> None:
    open_view(page, "generate", generator="harmonic")
    expect(page.locator(".grid-of-series li")).to_have_count(15)
    first = page.locator(".spark path").first.get_attribute("d")
    slider = page.get_by_role("slider", name="Period, slider")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".spark path").first).not_to_have_attribute("d", first or "")
    page.get_by_role("spinbutton", name="Number of classes").fill("3")
    expect(page.locator(".grid-of-series")).to_contain_text("class 2")
    page.wait_for_url("**o.n_classes=3**")
    page.get_by_role("spinbutton", name="Number of cases").fill("12")
    page.get_by_label("Name in the catalogue").fill("rings")
    page.get_by_role("button", name="Save to the catalogue").click()
    expect(page.get_by_text("is kept: 24 series")).to_be_visible()
    assert not find_violations(page)
    page.get_by_role("link", name=re.compile("^rings")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("rings")
    kept = studio_server.get("/datasets?search=rings")["datasets"][0]
    assert kept["source"]["options"]["n_classes"] == 3
    assert kept["source"]["options"]["period"] > 32


@pytest.mark.long
@pytest.mark.skipif(not GUNPOINT.is_dir(), reason="needs the archive's files of shared/data")
def test_a_train_and_a_test_file_are_one_dataset_and_are_cut_into_windows(page: Page) -> None:
    page.set_viewport_size(PHONE)
    open_view(page, "datasets")
    drop = page.get_by_label("Drop a file or a folder of series here: files")
    drop.set_input_files([GUNPOINT / f"GunPoint_{part}.tsv" for part in ("TRAIN", "TEST")])
    expect(page.get_by_text("50 series, and 150 to test")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("gunpoint")
    page.get_by_role("spinbutton", name="Window").fill("50")
    page.get_by_role("button", name="Cut", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("gunpoint-windows")
    expect(page.locator(".lead")).to_contain_text("600 series")
    page.get_by_role("tab", name="Where it came from").click()
    page.get_by_role("link", name="gunpoint · 1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("gunpoint")
