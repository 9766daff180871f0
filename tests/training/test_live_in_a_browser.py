"""The page of `--live` in a real browser: Chromium, driven by Playwright, while a fit runs, after it, and as a file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.service.server import wait_until
from tests.training.test_fit import FIT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: seriesmith[dev]")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
STEPS = ["--vae.steps=900", "--texture.steps=20", "--classifier.steps=60", "--folds=0", "--policy=none", "--force"]

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium"),
]


@dataclass
class RunningFit:
    """A fit in a process of its own, and what it wrote to standard error so far."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    has_address: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if line.startswith("live: http"):
                self.has_address.set()

    @property
    def address(self) -> str:
        assert self.has_address.wait(120), "".join(self.lines)
        return next(line.removeprefix("live: ").strip() for line in self.lines if line.startswith("live: http"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser") / "models"


@pytest.fixture(scope="module")
def running(models: Path) -> Iterator[RunningFit]:
    command = [sys.executable, str(FIT), "--dataset=sines", "--models", str(models), "--no-report", "--live", *STEPS]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    running = RunningFit(process)
    reader = threading.Thread(target=running.read)
    reader.start()
    yield running
    process.kill()
    process.wait()
    reader.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def open_page(
    browser: Browser, address: str, width: int = 1200, scheme: Literal["light", "dark"] = "light"
) -> tuple[Page, list[str]]:
    """A page, and what fails in it from now on."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(address)
    return page, errors


def check_page(page: Page) -> None:
    """Nothing is wider than the window, every picture and control has a name."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    nameless = """[...document.querySelectorAll("canvas, input, button, progress")].filter((one) => one.offsetParent
        && !one.getAttribute("aria-label") && !one.textContent.trim()).map((one) => one.outerHTML)"""
    assert page.evaluate(nameless) == []


def read_epoch(page: Page) -> float:
    found = re.search(r"epoch ([\d.]+)", page.inner_text("#where"))
    assert found, page.inner_text("#where")
    return float(found[1])


def read_pixels(page: Page, canvas: str) -> str:
    return str(page.evaluate(f"document.getElementById('{canvas}').toDataURL()"))


def wait_for_epoch(page: Page, is_it: Callable[[float], bool], seconds: float = 120) -> None:
    """Until the page shows an epoch of which `is_it` is true."""
    wait_until(lambda: "epoch" in page.inner_text("#where") and is_it(read_epoch(page)), seconds, "the epoch")


def test_it_follows_the_fit_goes_back_by_keyboard_and_stays_when_the_fit_has_ended(
    running: RunningFit, browser: Browser
) -> None:
    page, errors = open_page(browser, running.address)
    wait_for_epoch(page, lambda epoch: epoch > 0)
    first, places, series = read_epoch(page), read_pixels(page, "places"), read_pixels(page, "series")
    wait_for_epoch(page, lambda epoch: epoch > first)
    assert read_pixels(page, "places") != places and read_pixels(page, "series") != series, "pictures renew themselves"
    assert page.inner_text("#status") == "Running" and "left" in page.inner_text("#own")
    check_page(page)

    page.keyboard.press("Home")
    wait_for_epoch(page, lambda epoch: epoch == 0)
    series = read_pixels(page, "series")
    page.keyboard.press("ArrowRight")
    wait_until(lambda: page.input_value("#scrub") == "1", 10, "the next epoch")
    assert read_epoch(page) > 0 and read_pixels(page, "series") != series, "each epoch has pictures of its own"
    wait_until(lambda: int(page.get_attribute("#scrub", "max") or 0) > 20, 120, "twenty looks")
    assert page.input_value("#scrub") == "1", "who has gone back is left there while the fit goes on"
    page.click("#newest")
    wait_for_epoch(page, lambda epoch: epoch > first)

    wait_until(lambda: page.get_attribute("#status", "data-status") == "finished", 240, "the end of the fit")
    assert "accuracy" in page.inner_text("#status")
    running.process.wait(60)
    page.keyboard.press("Home")
    wait_for_epoch(page, lambda epoch: epoch == 0)
    page.keyboard.press("End")
    wait_for_epoch(page, lambda epoch: epoch > first)
    check_page(page)
    assert errors == []


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (360, "light"), (360, "dark")])
def test_the_file_plays_without_a_server_in_every_width_and_scheme(
    width: int, scheme: Literal["light", "dark"], running: RunningFit, models: Path, browser: Browser
) -> None:
    assert running.process.wait(300) == 0
    page, errors = open_page(browser, (models.parent / "reports" / "sines" / "1" / "live.html").as_uri(), width, scheme)
    last = read_epoch(page)
    check_page(page)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 20, 22)"
    assert dark == (scheme == "dark")
    page.click("#play")
    wait_until(lambda: page.inner_text("#play") == "Play", 60, "the end of the animation")
    assert read_epoch(page) == last, "it plays to the end and stops"
    page.focus("#scrub")
    page.keyboard.press("ArrowLeft")
    assert read_epoch(page) < last
    check_page(page)
    assert errors == []
