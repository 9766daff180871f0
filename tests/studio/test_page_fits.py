"""Fits as a person starts and follows them; the fit itself is a real one, and brief."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.service.server import Server
from tests.studio.browser import find_violations, open_view

BRIEF = {
    "vae.steps": 24, "texture.steps": 8, "classifier": "minirocket", "companion": "none", "policy": "none",
    "advice": "none", "folds": 2,
}  # fmt: skip

PATIENCE = 900_000
"""Milliseconds that a part of a real fit may take on a machine that does much else besides."""


@pytest.fixture(scope="module")
def waves(studio_server: Server) -> dict[str, Any]:
    """A small dataset of the catalogue."""
    options = {"n_cases": 24, "n_timepoints": 32, "period": 8.0}
    asked = {"generator": "harmonic", "options": options, "name": "little waves"}
    response = studio_server.http.post("/datasets", json=asked)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def test_a_fit_is_asked_for_with_few_questions(page: Page, waves: dict[str, Any]) -> None:
    open_view(page, "fits", dataset=waves["id"])
    expect(page.get_by_label("Name of the model")).to_have_value("little-waves")
    # The first who asks for the options waits for a process that imports torch.
    expect(page.get_by_label("A quick look")).to_be_visible(timeout=PATIENCE)
    page.get_by_label("A quick look").check()
    expect(page.get_by_text("Set otherwise than by default")).to_contain_text("classifier minirocket")
    page.get_by_role("combobox", name="What makes series").select_option("generator")
    expect(page.get_by_role("combobox", name=re.compile("^Generator"))).to_have_value("gan")
    page.get_by_text(re.compile("^Every option")).click()
    page.get_by_label("Find an option").fill("folds of the cross-fit")
    expect(page.get_by_role("region", name="Options of every fit").get_by_role("spinbutton")).to_have_count(1)
    page.wait_for_url("**o.generator=gan**")
    page.reload()
    expect(page.get_by_role("combobox", name=re.compile("^Generator"))).to_have_value("gan")
    assert not find_violations(page)
    page.get_by_role("button", name="Back to the defaults").click()
    expect(page.get_by_text("Everything is at its default.")).to_be_visible()


@pytest.mark.long
def test_a_fit_is_followed_to_its_end_and_compared(page: Page, waves: dict[str, Any], studio_server: Server) -> None:
    query: dict[str, Any] = {f"o.{name}": value for name, value in BRIEF.items()}
    open_view(page, "fits", dataset=waves["id"], name="little-waves", **query)
    page.get_by_role("button", name="Start the fit").click(timeout=PATIENCE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Fit of little-waves")
    expect(page.get_by_role("application", name=re.compile("Latent codes"))).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("log")).to_contain_text("VAE")
    ended = page.get_by_text(re.compile("is published|Withheld by the quality gate"))
    expect(ended).to_be_visible(timeout=PATIENCE)
    page.get_by_role("slider", name=re.compile("After step")).press("Home")
    page.wait_for_url("**look=0**")
    page.reload()
    expect(page.get_by_text(re.compile("After step 0 of 24"))).to_be_visible()
    page.get_by_label("Logarithmic").check()
    assert not find_violations(page)
    if publish := page.get_by_role("button", name="Publish it nevertheless").all():
        publish[0].click()
    expect(page.get_by_text("of little-waves is published")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Accuracy", exact=True)).to_be_visible()
    served = studio_server.get("/models")["models"]
    assert "little-waves" in [card["name"] for card in served]


@pytest.mark.long
def test_a_fit_is_cancelled_and_resumed(page: Page, waves: dict[str, Any], studio_server: Server) -> None:
    asked = {"dataset": waves["id"], "name": "long-waves", "options": {"vae.steps": 4000}}
    fit = studio_server.http.post("/fits", json=asked).json()
    open_view(page, "fits", re.compile("long-waves"), fit=fit["id"])
    expect(page.get_by_text(re.compile("step .* of"))).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="It was cancelled")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="It was cancelled")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="All fits").click()
    boxes = page.get_by_role("checkbox", name=re.compile("compare the fit"))
    expect(boxes.first).to_be_visible()
