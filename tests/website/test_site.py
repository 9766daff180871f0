"""The site is built without a warning, says what the code says, loads nothing from elsewhere, and can be searched."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bundle.errors import SeriesmithError
from service.metrics import INSTRUMENTS
from service.operations import OPERATIONS
from service.settings import PREFIX, Settings
from studio.describing import PATHS
from tests.service.server import ROOT
from tests.studio.browser import Guard, browser
from training.data.discover import list_generators
from training.families import PACKAGES, list_names, list_options

__all__ = ["browser"]

LOADED = re.compile(r"""<(?:script|img|iframe|source)[^>]*\bsrc=["']?([^"' >]+)|<link[^>]*\bhref=["']?([^"' >]+)""")
ELSEWHERE = re.compile(r"(https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'client'}"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    return folder


def read_page(site: Path, path: str) -> str:
    """The text of a page, without its tags."""
    return unescape(re.sub(r"<[^>]+>", "", (site / path / "index.html").read_text()))


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loaded = {found[1] or found[2] for page in site.rglob("*.html") for found in LOADED.finditer(page.read_text())}
    assert len(loaded) > 10
    assert not [one for one in loaded if ELSEWHERE.match(one)]
    styles = "".join(file.read_text() for file in site.rglob("*.css"))
    assert not re.search(r"""(url\(|@import )["']?(https?:)?//""", styles)


def test_every_setting_metric_and_error_has_its_line(site: Path) -> None:
    settings = read_page(site, "reference/settings")
    assert all(f"{PREFIX}{name.upper()}\n" in settings for name in vars(Settings())), settings
    metrics = read_page(site, "reference/metrics")
    assert all(name in metrics for name in INSTRUMENTS)
    errors = read_page(site, "reference/errors")
    assert all(one.code in errors for one in SeriesmithError.__subclasses__())


def test_every_operation_is_described_over_each_transport(site: Path) -> None:
    operations, grpc = read_page(site, "reference/http/operations"), read_page(site, "reference/grpc")
    client = read_page(site, "reference/client")
    for name in OPERATIONS:
        assert f"POST /{name}" in operations
        assert f"\n{name.title()}\n" in grpc
        assert re.search(rf"\s{name}\(\s", client), name
    http = "".join(
        read_page(site, f"reference/http/{page.parent.name}") for page in site.glob("reference/http/*/*.html")
    )
    assert all(f"{one.method} {one.path}" in http for one in PATHS)


def test_every_family_and_generator_has_its_options(site: Path) -> None:
    for kind in PACKAGES:
        page = read_page(site, f"reference/families/{kind}")
        for name in list_names(kind):
            assert f"\n{name}¶" in page
            assert all(f"--{kind}.{option.replace('_', '-')}\n" in page for option in list_options(kind, name))
    page = read_page(site, "reference/generated-datasets")
    assert all(f"\n{name}¶" in page for name in list_generators())


def test_tutorials_show_what_they_print_and_draw(site: Path) -> None:
    assert "exit status: 0" in read_page(site, "tutorials/operator")
    assert len(list((site / "tutorials").glob("scientist-*.png"))) >= 2


class QuietHandler(SimpleHTTPRequestHandler):
    """A server of files that writes no log."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(site: Path) -> Iterator[str]:
    """Where a plain server of files has the site."""
    handler = partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_search_finds_a_setting_and_leads_there(served: str, browser: Browser) -> None:
    with browser.new_context() as context:
        page, guard = context.new_page(), Guard()
        guard.watch(page)
        page.on("request", lambda request: guard.found.append(request.url) if served not in request.url else None)
        page.goto(served)
        page.get_by_placeholder("Search").fill("SERIESMITH_BODY_SECONDS")
        found = page.locator(".md-search-result__link").first
        expect(found).to_contain_text("Settings")
        found.click()
        expect(page.get_by_text("How long a request's body may take")).to_be_visible()
        assert "/reference/settings/" in page.url
        assert not guard.found
