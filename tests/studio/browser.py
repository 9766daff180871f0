"""A real browser, Debian's Chromium, on the page of a real server; whatever goes wrong in it fails the test.

The fixtures `browser`, `guard` and `page` are in every test of this folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.service.server import Server

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).with_name("axe.min.js")
DESKTOP = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=375, height=740)

expect.set_options(timeout=10_000)


@dataclass
class Guard:
    """What went wrong in a page. A test that provokes a refusal adds its status to `allowed` before."""

    allowed: set[int] = field(default_factory=set)
    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Collect the page's errors, failed requests and refused ones."""
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.found.append(f"raised {error}"))
        page.on("requestfailed", self._miss)
        page.on("response", self._see)

    def _hear(self, message: ConsoleMessage) -> None:
        # What the server refuses is said by its response too, which tells the status.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.found.append(f"console {message.type}: {message.text}")

    def _miss(self, request: Request) -> None:
        if request.failure and "ERR_ABORTED" not in request.failure:  # the page stops calls that nobody waits for
            self.found.append(f"{request.method} {request.url} failed: {request.failure}")

    def _see(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.allowed:
            self.found.append(f"{response.request.method} {response.url} was answered {response.status}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window; it ends with the module, for while it runs no other event loop can in its thread."""
    if not CHROMIUM.exists():
        pytest.skip(f"There is no {CHROMIUM}: install Debian's package chromium to test the page.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def guard() -> Guard:
    """What went wrong in the test's page, and what may."""
    return Guard()


@pytest.fixture
def page(browser: Browser, studio_server: Server, guard: Guard) -> Iterator[Page]:
    """A page of its own session at the server's address, 1280 pixels wide; fails the test for any error in it."""
    with open_page(browser, studio_server.url, guard) as opened:
        yield opened
    assert not guard.found, "\n".join(guard.found)


@contextmanager
def open_page(browser: Browser, url: str, guard: Guard, **context: Any) -> Iterator[Page]:
    """Open a page in a browser context of its own, with settings of that such as `viewport` and `color_scheme`."""
    settings: dict[str, Any] = {"viewport": DESKTOP, "base_url": url, "accept_downloads": True} | context
    own = browser.new_context(**settings)
    try:
        opened = own.new_page()
        opened.set_default_timeout(10_000)
        guard.watch(opened)
        yield opened
    finally:
        own.close()


def open_view(page: Page, view: str, title: str | re.Pattern[str] | None = None, **params: object) -> None:
    """Open a view by its URL and wait for its heading; `params` go into the URL."""
    query = "&".join(f"{name}={value}" for name, value in params.items())
    page.goto(f"/#/{view}" + (f"?{query}" if query else ""))
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(title or re.compile(f"^{view}", re.IGNORECASE))


def find_violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.1 A and AA and its best practices, each in a line with the element."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text())  # not as a script of the page, which its policy forbids
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
