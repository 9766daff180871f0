"""Explore: the series follows the pointer, slides, turns and is completed, as a person would have it."""

from __future__ import annotations

import math
import re
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.service.server import Server, run_server, wait_until
from tests.studio.browser import PHONE, Guard, find_violations, open_page, open_view

MOST_MILLISECONDS = 50


def test_the_series_follows_the_pointer_and_slides_between_classes(page: Page) -> None:
    plane = _open(page, model="gunpoint")
    _drag(page, plane, n_moves=12)
    _wait_for_frames(page, 3)
    expect(page).to_have_url(re.compile(r"at="))
    expect(page.get_by_text("Typicality")).to_be_visible()
    here = _read_chart(page)
    page.get_by_role("slider", name="From the middle of class 1").fill("0.5")
    expect(page).to_have_url(re.compile(r"position=0.50"))
    assert _read_chart(page) != here
    page.get_by_role("tab", name="Turn the axes").click()
    page.get_by_role("slider").first.fill("2")
    expect(page).to_have_url(re.compile(r"z="))
    turned = _read_chart(page)
    page.reload()
    expect(page.get_by_role("tab", name="Turn the axes")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".plot").first).to_have_attribute("aria-label", turned)


def test_a_generator_without_codes_slides_between_classes(
    browser: Browser, plain_repository: Path, guard: Guard, tmp_path: Path
) -> None:
    with (
        run_server(tmp_path, plain_repository, studio_folder=tmp_path / "studio") as server,
        open_page(browser, server.url, guard) as page,
    ):
        open_view(page, "explore", model="blender")
        panel = page.get_by_role("region", name="Between two classes")
        panel.get_by_role("combobox", name="To").select_option("class run")
        slider = panel.get_by_role("slider", name="From class rest to class run")
        before = panel.locator(".plot").first.get_attribute("aria-label")
        slider.fill("0.5")
        expect(page).to_have_url(re.compile(r"position=0.50"))
        expect(panel.locator(".plot").first).not_to_have_attribute("aria-label", before or "")
        panel.get_by_role("button", name="Play").click()
        expect(slider).to_have_value("1")
        panel.scroll_into_view_if_needed()
        page.screenshot(path=tmp_path / "blend.png", full_page=True)
    assert not guard.found, guard.found


@pytest.mark.long
def test_a_frame_of_the_drag_takes_at_most_50_ms(page: Page) -> None:
    plane = _open(page, model="gunpoint")
    _drag(page, plane, n_moves=20)  # the first requests warm the server up
    page.evaluate("window.seriesmithFrames.length = 0")
    _drag(page, plane, n_moves=150)
    frames = page.evaluate("window.seriesmithFrames")
    print(f"\n{len(frames)} frames, median {median(frames):.1f} ms, 95 % within {np.quantile(frames, 0.95):.1f} ms")
    assert len(frames) > 50
    assert median(frames) <= MOST_MILLISECONDS


@pytest.mark.long
def test_two_points_are_picked_and_played_between(page: Page, studio_server: Server) -> None:
    dataset = _keep_dataset(studio_server)
    plane = _open(page, model="gunpoint", dataset=dataset)
    points = studio_server.get(f"/studio/models/gunpoint/map?dataset={dataset}")["points"]
    for place in (0, len(points) - 1):
        _click_point(page, plane, points, place)
    expect(page).to_have_url(re.compile(r"from=case.*to=case"))
    expect(page.get_by_text(re.compile(r"Case \d+, class"))).to_be_visible()
    expect(page.locator(".key").filter(has_text="as it is")).to_be_visible()
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=8000)
    expect(page).to_have_url(re.compile(r"position=1.00"))


@pytest.mark.long
def test_a_drawn_beginning_is_completed_undone_and_shared(page: Page) -> None:
    _open(page, model="gunpoint", do="complete")
    sheet = page.locator(".ex-drawing .u-over")
    box = _box(sheet)
    for stroke in range(2):
        begin = box["x"] + (0.05 + 0.15 * stroke) * box["width"]
        page.mouse.move(begin, box["y"] + 0.7 * box["height"])
        page.mouse.down()
        for step in range(10):
            page.mouse.move(begin + step * 0.01 * box["width"], box["y"] + (0.7 - 0.02 * step) * box["height"])
        page.mouse.up()
    shares = page.get_by_label("Which class the beginning may be of")
    expect(shares).to_contain_text("class 1")
    expect(page).to_have_url(re.compile(r"drawn="))
    both = page.locator(".ex-drawing .plot").get_attribute("aria-label")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    expect(shares).to_be_hidden()
    page.get_by_role("button", name="of the series above").click()
    expect(shares).to_be_visible()
    expect(page.locator(".ex-drawing .plot")).not_to_have_attribute("aria-label", both or "")
    expect(page).to_have_url(re.compile(r"drawn="))
    page.reload()
    expect(shares).to_be_visible()


@pytest.mark.long
def test_expansion_makes_other_series(page: Page) -> None:
    _open(page, model="gunpoint", do="samples", each=3)
    cells = page.locator(".ex-samples .grid-of-series li")
    expect(cells).to_have_count(6)
    before = page.locator(".ex-samples .spark path").first.get_attribute("d") or ""
    page.get_by_role("slider", name="Expansion").fill("3")
    expect(page.locator(".ex-samples .spark path").first).not_to_have_attribute("d", before)
    expect(page).to_have_url(re.compile(r"expansion=3"))


@pytest.mark.long
def test_keys_alone_move_over_the_plane(page: Page) -> None:
    plane = _open(page, model="gunpoint")
    before = _read_chart(page)
    plane.focus()
    for _ in range(8):
        page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator(".plot").first).not_to_have_attribute("aria-label", before)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"case="))


@pytest.mark.long
def test_models_without_labels_encoder_or_mixture_show_what_works(
    browser: Browser, guard: Guard, repository: Path, plain_repository: Path, tmp_path: Path
) -> None:
    for name, models in (("labelled", repository), ("plain", plain_repository)):
        folder = tmp_path / name
        folder.mkdir()
        with (
            run_server(folder, models, studio_folder=folder / "studio") as server,
            open_page(browser, server.url, guard) as page,
        ):
            if name == "labelled":
                _drag(page, _open(page, model="unlabelled"), n_moves=5)
                _wait_for_frames(page, 0)
                continue
            open_view(page, "explore", model="generator")
            expect(page.get_by_text("It has no encoder and no decoder")).to_be_visible()
            expect(page.locator(".grid-of-series li").first).to_be_visible()
            open_view(page, "explore", model="autoencoder")
            expect(page.get_by_text("Choose a dataset above")).to_be_visible()
            open_view(page, "explore", model="judge")
            expect(page.get_by_text("neither decodes nor makes series")).to_be_visible()
    assert not guard.found, "\n".join(guard.found)


@pytest.mark.long
@pytest.mark.parametrize("do", ["slide", "axes", "samples", "complete"])
def test_everybody_can_use_it_on_a_phone_too(browser: Browser, studio_server: Server, guard: Guard, do: str) -> None:
    with open_page(browser, studio_server.url, guard, viewport=PHONE, color_scheme="dark", has_touch=True) as page:
        _open(page, model="basicmotions", do=do)
        expect(page.locator(".plot").first).to_be_visible()
        expect(page.locator(".busy")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert not find_violations(page)
    assert not guard.found, "\n".join(guard.found)


def _open(page: Page, **params: Any) -> Locator:
    open_view(page, "explore", **params)
    plane = page.get_by_role("application")
    expect(plane).to_be_visible()
    expect(page.locator(".plot").first).to_be_visible()
    return plane


def _wait_for_frames(page: Page, more_than: int) -> None:
    # The page's policy forbids what Playwright's own waiting evaluates.
    wait_until(lambda: page.evaluate("window.seriesmithFrames?.length ?? 0") > more_than, 10, "frames")


def _box(locator: Locator) -> Any:
    locator.scroll_into_view_if_needed()
    return locator.bounding_box()


def _drag(page: Page, plane: Locator, n_moves: int) -> None:
    """Draw circles on the plane with the button held."""
    box = _box(plane)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for move in range(n_moves):
        page.mouse.move(x + 100 * math.cos(move / 9), y + 80 * math.sin(move / 9))
        page.wait_for_timeout(16)
    page.mouse.up()


def _click_point(page: Page, plane: Locator, points: list[list[float]], place: int) -> None:
    """Click about where a point lies, then have the keyboard choose the nearest."""
    plane.focus()
    box = _box(plane)
    xs, ys = np.array(points).T
    across = (xs[place] - xs.mean()) / (np.ptp(xs) or 1)
    up = (ys[place] - ys.mean()) / (np.ptp(ys) or 1)
    page.mouse.click(box["x"] + box["width"] * (0.5 + 0.4 * across), box["y"] + box["height"] * (0.5 - 0.4 * up))
    page.keyboard.press("Enter")
    page.wait_for_timeout(400)


def _read_chart(page: Page) -> str:
    return page.locator(".plot").first.get_attribute("aria-label") or ""


def _keep_dataset(server: Server) -> str:
    """Keep some of the model's own series as a dataset, and return its id."""
    made = server.answer("sample", model="gunpoint", counts={"1": 6, "2": 6}, seed=3)
    rows = [
        ",".join([str(label), *(f"{value:.5f}" for value in series[0])])
        for label, series in zip(made["labels"], made["series"], strict=True)
    ]
    header = ",".join(["label", *(f"t{step}" for step in range(len(made["series"][0][0])))])
    upload = server.http.post("/uploads?filename=explored.csv", content="\n".join([header, *rows]).encode())
    assert upload.status_code == 201, upload.text
    kept = server.post("datasets", upload=upload.json()["id"], settings={}, name="explored")
    assert kept.status_code == 201, kept.text
    return str(kept.json()["id"])
