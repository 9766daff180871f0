"""Four journeys through the page, each from its first view on, as somebody goes them who has read no README.

Each prints the seconds of its steps (`pytest -m long -s tests/studio/test_journeys.py`), and leaves pictures among its
own files. The fits are as brief as they may be, and published whatever the quality gate says of them.
"""

from __future__ import annotations

import csv
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

from tests.service.server import Server
from training.data import load

pytestmark = pytest.mark.long

Values = NDArray[np.float64]

PATIENCE = 180_000
"""Milliseconds that any step may take."""
FIT_PATIENCE = 1_200_000
"""Milliseconds that a fit may take: it is niced, and on a busy machine waits for everybody else."""
USUAL_PATIENCE = 10_000

WINDOW = 100
ODD_WINDOWS = (12, 27, 41)


@dataclass
class Stopwatch:
    """The seconds of a journey's steps, in their order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, step: str) -> Iterator[None]:
        """Add the seconds that what happens inside takes to a step's."""
        began = time.monotonic()
        yield
        self.seconds[step] = self.seconds.get(step, 0) + time.monotonic() - began

    def describe(self) -> str:
        """All seconds, and those of each step."""
        steps = ", ".join(f"{step} {seconds:.1f}" for step, seconds in self.seconds.items())
        return f"{sum(self.seconds.values()):.0f} s ({steps})"


@pytest.fixture
def watch(request: pytest.FixtureRequest) -> Iterator[Stopwatch]:
    """A stopwatch, whose seconds are printed when the journey ends."""
    started = Stopwatch()
    yield started
    print(f"\n{request.node.name}: {started.describe()}")


@pytest.fixture
def start(page: Page, watch: Stopwatch) -> Iterator[Page]:
    """The page as it opens."""
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    with watch.time("open"):
        page.goto("/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    yield page
    expect.set_options(timeout=USUAL_PATIENCE)


def test_a_folder_with_few_of_a_class_goes_in_and_a_balanced_table_comes_out(
    start: Page, watch: Stopwatch, tmp_path: Path
) -> None:
    page, real = start, write_runs(tmp_path / "runs", n_cases=200, n_faults=10)
    go_to(page, "Augment")
    with watch.time("drop and read"):
        drop_folder(page, page.locator(".drop"), tmp_path / "runs")
        expect(page.get_by_label("What value is")).to_be_visible()
        expect(page.get_by_role("region", name="class fault")).to_contain_text("10")
    with watch.time("save"):
        page.get_by_role("button", name="Keep and go on").click()
        page.get_by_role("link", name="Fit a model to runs").click()
    begin_fit(page, watch)
    shorten_vae(page)
    finish_fit(page, watch)
    page.get_by_role("link", name="Augment its dataset").click()
    with watch.time("augment"):
        expect(page.get_by_text("180 series are to be made")).to_be_visible()
        page.get_by_role("button", name="Make them").click()
        made = page.get_by_role("heading", name="180 series were made")
        expect(made).to_be_visible()
        expect(page.get_by_text("Real against made")).to_be_visible()
    take_picture(page, tmp_path / "journey-balance.png", made)
    with watch.time("download"), page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    waiting.value.save_as(tmp_path / "balanced.csv")
    check_balanced(tmp_path / "balanced.csv", real)


def test_generated_series_are_learned_by_a_gan_and_its_classes_are_explored(
    start: Page, watch: Stopwatch, tmp_path: Path
) -> None:
    page = start
    go_to(page, "Generate")
    with watch.time("generate"):
        page.get_by_label("Kind of series").select_option("harmonic")
        expect(page.locator(".grid-of-series li")).to_have_count(15)
        before = page.locator(".spark path").first.get_attribute("d") or ""
        slider = page.get_by_role("slider", name="Period, slider")
        slider.focus()
        for _ in range(5):
            page.keyboard.press("ArrowLeft")
        expect(page.locator(".spark path").first).not_to_have_attribute("d", before)
    with watch.time("save"):
        page.get_by_role("button", name="Save to the catalogue").click()
        page.get_by_role("link", name="Fit a model to it").click()
    begin_fit(page, watch)
    page.get_by_label("What makes series").select_option("generator")
    expect(page.get_by_role("combobox", name="Generator")).to_have_value("gan")
    expect(page.get_by_role("spinbutton", name="Generator: steps")).to_have_value("400")
    finish_fit(page, watch, "Series, and samples of their classes")
    take_picture(page, tmp_path / "journey-gan.png", page.get_by_role("heading", name="Losses"))
    page.get_by_role("link", name="Explore it").click()
    with watch.time("explore"):
        page.get_by_role("spinbutton", name="Series a class").fill("6")
        expect(page.locator(".grid-of-series li")).to_have_count(12)
        before = page.locator(".spark path").first.get_attribute("d") or ""
        page.get_by_role("button", name="Draw others").click()
        expect(page.locator(".spark path").first).not_to_have_attribute("d", before)
    with watch.time("slide between classes"):
        between = page.get_by_role("region", name="Between two classes")
        between.get_by_role("button", name="Play").click()
        expect(between.get_by_role("slider")).to_have_value("1")
    take_picture(page, tmp_path / "journey-between.png", between)


def test_what_is_odd_in_a_recording_is_found(start: Page, watch: Stopwatch, tmp_path: Path) -> None:
    page = start
    write_recording(tmp_path / "pump.csv")
    go_to(page, "Datasets")
    with watch.time("upload and read"):
        page.get_by_label("Drop a file or a folder of series here: files").set_input_files(tmp_path / "pump.csv")
        expect(page.get_by_text("A long recording is cut into windows once it is saved")).to_be_visible()
    with watch.time("save"):
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("pump")
    with watch.time("cut"):
        page.get_by_role("spinbutton", name="Window").fill(str(WINDOW))
        page.get_by_role("button", name="Cut", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("pump-windows")
    page.get_by_role("link", name="Fit a model").click()
    begin_fit(page, watch)
    shorten_vae(page, steps=100)
    finish_fit(page, watch)
    fit = page.url
    page.get_by_role("link", name="Explore it").click()
    with watch.time("explore clusters"):
        page.get_by_label("Series on the plane").select_option(label="pump-windows, version 1")
        expect(page.get_by_text("series of the dataset")).to_be_visible()
        expect(page.locator(".ex-legend")).to_contain_text("cluster 1")
    take_picture(page, tmp_path / "journey-clusters.png")
    page.goto(fit)
    page.get_by_role("link", name="Look for oddities in its dataset").click()
    with watch.time("anomalies"):
        rows = page.get_by_role("region", name="All series, to sort and choose from").locator("tbody tr")
        expect(rows).to_have_count(60)
        first = [int(rows.nth(place).locator("td").first.inner_text()) - 1 for place in range(6)]
    take_picture(page, tmp_path / "journey-anomalies.png", page.get_by_role("heading", name="All series"))
    assert set(ODD_WINDOWS) <= set(first), first
    expect(page.get_by_role("columnheader", name="Anomaly")).to_have_attribute("aria-sort", "descending")
    expect(page.locator(".chosen")).to_contain_text("Anomaly score")


def test_two_versions_are_compared_and_one_is_rolled_back_and_restored(
    start: Page, watch: Stopwatch, studio_server: Server, tmp_path: Path
) -> None:
    page = start
    go_to(page, "Generate")
    with watch.time("generate"):
        for label, number in {"Number of cases": 30, "Number of timepoints": 40}.items():
            page.get_by_role("spinbutton", name=label).fill(str(number))
        page.get_by_label("Name in the catalogue").fill("tide")
        page.get_by_role("button", name="Save to the catalogue").click()
        page.get_by_role("link", name="Fit a model to it").click()
    begin_fit(page, watch)
    shorten_vae(page, steps=10)
    finish_fit(page, watch, step="first fit")
    page.get_by_role("link", name="Start one like it").click()
    page.get_by_role("spinbutton", name="VAE: steps").fill("60")
    finish_fit(page, watch, step="second fit")
    page.get_by_role("link", name="See the model").click()
    card = page.get_by_role("region", name="Model tide", exact=True)
    with watch.time("compare"):
        expect(card.get_by_role("img", name=re.compile("Series that version"))).to_have_count(2)
        expect(card.get_by_role("row", name=re.compile("Reconstruction"))).to_contain_text("version 2")
        expect(card.get_by_role("region", name="Settings that differ")).to_contain_text("60")
    take_picture(page, tmp_path / "journey-versions.png", card.get_by_role("heading", name="Versions"))
    with watch.time("roll back"):
        card.get_by_role("button", name="Retire version 2 of tide").click()
        expect(card.get_by_role("heading", level=2)).to_contain_text("version 1")
    assert studio_server.answer("sample", model="tide", n_per_class=1)["version"] == 1
    with watch.time("restore"):
        card.get_by_role("button", name="Restore version 2 of tide").click()
        expect(card.get_by_role("heading", level=2)).to_contain_text("version 2")
    assert studio_server.answer("sample", model="tide", n_per_class=1)["version"] == 2


# ---- What several journeys do


def go_to(page: Page, view: str) -> None:
    """Go to a view by the page's navigation."""
    page.get_by_role("navigation", name="Views").get_by_role("link", name=view).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(view)


def drop_folder(page: Page, zone: Locator, folder: Path) -> None:
    """Drop a folder onto a zone, as from the desktop: the browser itself reads it."""
    zone.scroll_into_view_if_needed()
    box = zone.bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 20}
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
        session.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})


def begin_fit(page: Page, watch: Stopwatch) -> None:
    """Choose a quick look in the form of a new fit, once the server has said what options there are."""
    with watch.time("options of a fit"):
        page.get_by_label("A quick look").check()


def shorten_vae(page: Page, steps: int = 40) -> None:
    """Fewer steps than even a quick look has, of a network that is exported soon, and a texture that needs none."""
    page.get_by_role("combobox", name="VAE", exact=True).select_option("dense")
    page.get_by_role("combobox", name="Texture", exact=True).select_option("stored")
    page.get_by_role("spinbutton", name="VAE: steps").fill(str(steps))


def finish_fit(
    page: Page, watch: Stopwatch, seen: str = "Series, and what is decoded of their codes", step: str = "fit"
) -> None:
    """Start the fit, see what it learns while it runs, and wait until it is served."""
    ended = page.get_by_role("heading", name=re.compile("is published|Withheld"))
    with watch.time(step):
        page.get_by_role("button", name="Start the fit").click()
        expect(page.get_by_text("running", exact=True)).to_be_visible()
        expect(page.get_by_role("img", name=re.compile("values from")).first).to_be_visible(timeout=FIT_PATIENCE)
        expect(page.get_by_role("heading", name=seen)).to_be_visible(timeout=FIT_PATIENCE)
        expect(ended).to_be_visible(timeout=FIT_PATIENCE)
    if page.get_by_role("heading", name="Withheld by the quality gate").is_visible():
        with watch.time("publish"):
            page.get_by_role("button", name="Publish it nevertheless").click()
            expect(page.get_by_role("heading", name="is published")).to_be_visible(timeout=FIT_PATIENCE)
    with watch.time("load"):
        expect(page.get_by_role("link", name="Explore it")).to_be_visible()


def take_picture(page: Page, file: Path, top: Locator | None = None) -> None:
    """A picture of the window, with `top` at its upper end."""
    if top is not None:
        top.evaluate("(one) => scrollTo(0, one.getBoundingClientRect().top + scrollY - 40)")
    expect(page.locator(".busy")).to_have_count(0)
    page.screenshot(path=file)


# ---- What they bring


def write_runs(folder: Path, n_cases: int, n_faults: int) -> dict[str, Values]:
    """A file for each series, in folders called by their classes: a slow bump on noise, and of a few a sharp one.

    The series `[n][60]` of each class, as they are written.
    """
    random, times = np.random.default_rng(7), np.arange(60)
    series: dict[str, list[Values]] = {"fault": [], "normal": []}
    for case in range(n_cases):
        label, height, width = ("fault", 2.0, 2.0) if case < n_faults else ("normal", 1.0, 6.0)
        bump = height * np.exp(-0.5 * ((times - random.uniform(15, 45)) / width) ** 2)
        values = np.round(bump + random.normal(scale=0.2, size=60), 5)
        series[label].append(values)
        (folder / label).mkdir(parents=True, exist_ok=True)
        lines = [f"{instant},{value:.5f}" for instant, value in zip(times, values, strict=True)]
        (folder / label / f"{case:03}.csv").write_text("\n".join(["time,value", *lines]) + "\n")
    return {label: np.stack(values) for label, values in series.items()}


def write_recording(file: Path) -> None:
    """A column of 6 000 values: a pattern of 50 that a pump repeats, idle and at work in turns; 3 windows are odd."""
    random, times = np.random.default_rng(11), np.arange(60 * WINDOW)
    phase = 2 * np.pi * times / 50
    at_work = times // (6 * WINDOW) % 2 == 1
    values = np.where(at_work, np.sin(phase) + 0.5 * np.sin(2 * phase), 0.4 * np.cos(phase))
    values += random.normal(scale=0.08, size=len(times))
    shocks: Sequence[Values] = (np.full(20, 1.5), np.linspace(0, -2.5, 20), np.array([2.0, -2.0] * 10))
    for window, shock in zip(ODD_WINDOWS, shocks, strict=True):
        begin = window * WINDOW + 40
        values[begin : begin + len(shock)] += shock
    file.write_text("pressure\n" + "\n".join(f"{value:.4f}" for value in values) + "\n")


def check_balanced(file: Path, real: dict[str, Values]) -> None:
    """Classes have equal counts, those that were brought are as they were, and made ones are told from them."""
    rows = list(csv.DictReader(file.open()))
    most = max(len(values) for values in real.values())
    assert Counter(row["label"] for row in rows) == {label: most for label in real}
    names = [name for name in rows[0] if name not in ("label", "synthetic", "sample_weight")]
    for label, values in real.items():
        own = [row for row in rows if row["label"] == label]
        brought = [row for row in own if row["synthetic"].lower() in ("0", "false")]
        read = np.array([[float(row[name]) for name in names] for row in brought])
        assert len(brought) == len(values)
        np.testing.assert_allclose(sort_rows(read), sort_rows(values), atol=1e-6)
    weights = {made: {float(row["sample_weight"]) for row in rows if row["synthetic"] == made} for made in ("0", "1")}
    assert weights["0"] == {1.0} and 0 < max(weights["1"]) < 1
    again = load(data=file, label=("label",), ignore=("synthetic", "sample_weight"))
    assert Counter(again.train.labels or ()) == {label: most for label in real}


def sort_rows(values: Values) -> Values:
    """Rows by their first value, so that their order does not matter."""
    ordered: Values = values[np.argsort(values[:, 0])]
    return ordered
