"""A package that is there by name adds pages and uploads, each with methods, content types and limits of its own."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.http import mounting
from service.http.mounting import mount
from service.http.pages import build_page
from service.serving import Serving
from service.settings import Settings
from tests.service.server import Server, run_server, wait_until

WORKSHOP = """
import hashlib
import orjson
from service.budget import Budget
from service.http.exchange import Request, Response
from service.http.pages import build_page
from service.http.table import Route


def make_rows(serving):
    async def receive(request: Request, name: str) -> Response:
        size, digest = 0, hashlib.sha256()
        while piece := request.file.read(2**16):
            size, digest = size + len(piece), digest.update(piece) or digest
        held = serving.bytes.held
        came = {"name": name, "query": request.query.decode(), "size": size}
        return Response(orjson.dumps({**came, "sha256": digest.hexdigest(), "held": held}))

    async def forget(request: Request) -> Response:
        return Response(b"{}")

    yield build_page("/workshop", b"<!doctype html><title>Workshop</title>")
    yield build_page("/workshop/app.js", b"let here;", b"text/javascript")
    yield Route(
        "/workshop/datasets/{name}",
        ("PUT",),
        receive,
        "use",
        max_body_bytes=40_000_000,
        content_types=(b"text/csv", b"application/zip"),
        spool=Budget(60_000_000, "bytes of uploads"),
        body_seconds=120.0,
    )
    yield Route("/workshop/datasets", ("DELETE",), forget, "manage")
"""
CSV = {"content-type": "text/csv; charset=utf-8"}
LARGE = os.urandom(2**20) * 30


def _install(folder: Path, name: str, routes: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text("")
    (folder / name / "routes.py").write_text(routes)


@pytest.fixture(scope="module", params=["private", "public"])
def mounted(
    request: pytest.FixtureRequest, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server, by either front door, where the package `workshop` is installed and mounted. Its key is `key`.

    It holds 20 MB of bodies at a time, so that what is larger cannot have been in memory.
    """
    folder = tmp_path_factory.mktemp("mounted")
    _install(folder / "installed", "workshop", WORKSHOP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{folder / 'installed'}:{os.environ.get('PYTHONPATH', '')}")
        settings = {"front_door": request.param, "max_held_bytes": 20_000_000, "max_body_bytes": 10_000_000}
        with run_server(folder, repository, "key", mount="studio, workshop", **settings) as running:
            yield running


def test_its_pages_are_shown_to_who_has_a_key_as_a_browser_sends_it(mounted: Server):
    page = httpx.get(f"{mounted.url}/workshop", auth=("anybody", "key"))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<title>Workshop</title>" in page.text
    assert mounted.http.get("/workshop/app.js").headers["content-type"] == "text/javascript"
    refused = httpx.get(f"{mounted.url}/workshop")
    assert refused.status_code == 401 and "Basic" in refused.headers["www-authenticate"]


@pytest.mark.parametrize("body", [b"", b"a,b\n1,2\n", LARGE])
@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_arrives_whole_and_holds_no_memory(mounted: Server, body: bytes, chunked: bool):
    content = iter([body[start : start + 2**20] for start in range(0, len(body), 2**20)]) if chunked else body
    came = mounted.http.put("/workshop/datasets/pumps?sheet=2", content=content, headers=CSV)
    assert came.status_code == 200, came.text
    digest = hashlib.sha256(body).hexdigest()
    assert came.json() == {"name": "pumps", "query": "sheet=2", "size": len(body), "sha256": digest, "held": 0}


@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_has_the_limit_of_its_route(mounted: Server, chunked: bool):
    content = iter([LARGE, LARGE]) if chunked else LARGE + LARGE
    try:
        refused = mounted.http.put("/workshop/datasets/pumps", content=content, headers=CSV)
    except httpx.WriteError:  # the server said no and went, with the body half sent
        return
    assert refused.status_code == 413 and "larger than 40000000 bytes" in refused.json()["error"]["message"]


def test_uploads_share_the_room_of_their_route(mounted: Server, request: pytest.FixtureRequest):
    if "public" in request.node.callspec.id:
        pytest.skip("uvicorn's own protocol has no budget of bytes")
    head = "PUT /workshop/datasets/slow HTTP/1.1\r\nhost: x\r\nauthorization: Bearer key\r\ncontent-type: text/csv\r\n"
    with socket.create_connection(("127.0.0.1", mounted.http.base_url.port)) as slow:
        slow.sendall(f"{head}content-length: 35000000\r\nexpect: 100-continue\r\n\r\n".encode())
        assert slow.recv(100).startswith(b"HTTP/1.1 100")  # and so it is admitted
        refused = mounted.http.put("/workshop/datasets/pumps", content=LARGE, headers=CSV)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "overloaded")
        assert "bytes of uploads" in refused.json()["error"]["message"]
        assert mounted.answer("sample", model="sines", n_per_class=1)["seed"] >= 0
    wait_until(
        lambda: mounted.http.put("/workshop/datasets/pumps", content=LARGE, headers=CSV).status_code == 200,
        seconds=5,
        what="the room of the upload that was given up",
    )


def test_the_service_keeps_its_own_limits(mounted: Server):
    refused = mounted.send("encode", bytes(10_000_001))
    assert refused.status_code == 413


def test_what_a_route_does_not_take_is_refused_before_its_body(mounted: Server):
    refused = mounted.http.put("/workshop/datasets/pumps", content=b"{}", headers={"content-type": "application/json"})
    assert refused.status_code == 415
    assert "takes one of: text/csv, application/zip" in refused.json()["error"]["message"]
    refused = mounted.http.post("/workshop/datasets/pumps", content=b"", headers=CSV)
    assert (refused.status_code, refused.headers["allow"]) == (405, "PUT")


def test_what_manages_is_not_done_for_pages_of_others(mounted: Server):
    assert mounted.http.delete("/workshop/datasets").status_code == 200
    refused = mounted.http.delete("/workshop/datasets", headers={"origin": "http://elsewhere.example"})
    assert refused.status_code == 403


ONE_PAGE = "from service.http.pages import build_page\nmake_rows = lambda serving: [build_page('/', b'')]"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose packages can be imported, and are forgotten afterwards; `atelier` is what is usually mounted."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(mounting, "USUAL", "atelier")
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("atelier", "greedy")]:
        del sys.modules[name]


def test_a_studio_that_is_not_there_is_not_missed(installed: Path):
    (installed / "atelier").mkdir()  # a folder of that name is no package with routes
    assert mount(Serving(Settings(mount="atelier")), []).find("/") is None


def test_a_studio_that_is_there_is_mounted(installed: Path):
    _install(installed, "atelier", ONE_PAGE)
    assert mount(Serving(Settings(mount="atelier")), []).find("/") is not None


def test_our_studio_is_mounted_unless_told_otherwise():
    assert mount(Serving(Settings()), []).find("/") is not None
    assert mount(Serving(Settings(mount="none")), []).find("/") is None


def test_a_package_that_is_named_and_absent_ends_the_command():
    with pytest.raises(ValueError, match="SERIESMITH_MOUNT names 'nowhere'.*install the package"):
        mount(Serving(Settings(mount="nowhere")), [])


def test_a_path_that_is_taken_is_refused(installed: Path):
    _install(installed, "greedy", ONE_PAGE)
    with pytest.raises(ValueError, match="greedy cannot be mounted: its path / is taken"):
        mount(Serving(Settings(mount="greedy")), [build_page("/", b"")])
