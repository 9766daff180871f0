"""The page's frame: it is light, loads fast, can be used by everybody, and says what goes wrong."""

from __future__ import annotations

from playwright.sync_api import Page, expect

VIEWS = ("models", "explore", "augment", "classify", "datasets", "generate", "fits")


def test_the_first_view_is_shown(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    expect(page).to_have_title("Models · Seriesmith")
