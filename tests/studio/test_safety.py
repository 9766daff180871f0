"""Strangers find no studio, pages of others change nothing and read nothing, and every path wants a key."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bundle.errors import Forbidden, SeriesmithError, Unauthenticated
from service.http.exchange import Request, Response
from service.http.routes import Routes
from studio.safety import READING, find_why_shut
from studio.settings import StudioSettings
from tests.service.server import Server, run_server
from tests.studio.rows import fill_path, list_described, mount_studio

OPEN = "describe_studio"
FOREIGN = {b"host": b"127.0.0.1:3000", b"origin": b"http://elsewhere.example"}
BENT = {b"host": b"elsewhere.example:3000"}
KNOWN = [b"127.0.0.1:3000", b"localhost", b"LOCALHOST:80", b"[::1]:3000", b"192.168.1.5:3000"]
UNKNOWN = [b"elsewhere.example", b"127.0.0.1.elsewhere.example:3000", b"localhost.elsewhere.example", b"", b"[::1"]


@pytest.mark.parametrize(
    ("needs_key", "allow_anonymous", "hosts", "said"),
    [
        (False, False, ("127.0.0.1",), ""),
        (False, False, ("::1", "localhost"), ""),
        (False, False, (), ""),  # a socket of the file system
        (False, False, ("127.0.0.1", "0.0.0.0"), "other machines reach 0.0.0.0"),
        (False, False, ("::",), "other machines reach ::"),
        (False, False, ("myhost",), "other machines reach myhost"),
        (False, False, None, "not known who reaches"),
        (True, False, ("0.0.0.0",), ""),
        (True, False, None, ""),
        (False, True, ("0.0.0.0",), ""),
    ],
)
def test_it_is_there_for_this_machine_or_with_keys(needs_key: bool, allow_anonymous: bool, hosts: object, said: str):
    why = find_why_shut(needs_key, allow_anonymous, hosts)  # type: ignore[arg-type]
    assert said in why and bool(why) == bool(said)


@pytest.mark.parametrize("hosts", ["0.0.0.0", None])
def test_without_keys_nothing_but_a_notice_is_mounted(hosts: str | None, monkeypatch: pytest.MonkeyPatch):
    routes = mount_studio(monkeypatch, hosts, allow_anonymous=True)
    assert not list_described(routes)
    assert [routes.table.find(path) for path in ("/studio.json", "/datasets", "/uploads", "/studio/app.js")] == [
        None
    ] * 4
    assert routes.table.find("/") is not None


def test_who_says_so_has_it_on_a_public_address_under_any_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SERIESMITH_STUDIO_ALLOW_ANONYMOUS", "true")
    routes = mount_studio(monkeypatch, "0.0.0.0", allow_anonymous=True)
    assert routes.admit("GET", "/datasets", BENT).route.path == "/datasets"
    with pytest.raises(Forbidden):
        routes.admit("POST", "/datasets", FOREIGN)


def _list_refusals(routes: Routes, headers: dict[bytes, bytes]) -> dict[str, type[SeriesmithError] | None]:
    """How the head of a request to each path ends, by the operation's name."""
    ends: dict[str, type[SeriesmithError] | None] = {}
    for _, one in list_described(routes):
        try:
            routes.admit(one.method, fill_path(one.path), headers)
            ends[one.name] = None
        except SeriesmithError as error:
            ends[one.name] = type(error)
    assert len(ends) > 5
    return ends


def test_every_path_wants_a_key_where_the_server_has_any(monkeypatch: pytest.MonkeyPatch):
    routes = mount_studio(monkeypatch, "0.0.0.0", api_key="key", manage_models=True)
    ends = _list_refusals(routes, {b"host": b"a.example"})
    assert {name for name, end in ends.items() if end is not Unauthenticated} == {OPEN}
    ends = _list_refusals(routes, {b"host": b"a.example", b"authorization": b"Bearer key"})
    assert set(ends.values()) == {None}


def test_what_changes_something_is_not_done_for_pages_of_others(monkeypatch: pytest.MonkeyPatch):
    for settings in ({}, {"api_key": "key"}):
        routes = mount_studio(monkeypatch, manage_models=True, **settings)
        headers = FOREIGN | {b"authorization": b"Bearer key"}
        changing = {one.name for _, one in list_described(routes) if one.method not in READING}
        assert {name for name, end in _list_refusals(routes, headers).items() if end is Forbidden} == changing
        own = headers | {b"origin": b"http://127.0.0.1:3000"}
        assert set(_list_refusals(routes, own).values()) == {None}


def test_without_keys_nothing_is_told_under_a_name_that_may_be_bent(monkeypatch: pytest.MonkeyPatch):
    routes = mount_studio(monkeypatch, manage_models=True)
    ends = _list_refusals(routes, BENT)
    assert {name for name, end in ends.items() if end is not Forbidden} == {OPEN}
    keyed = mount_studio(monkeypatch, api_key="key", manage_models=True)
    assert set(_list_refusals(keyed, BENT | {b"authorization": b"Bearer key"}).values()) == {None}


@pytest.mark.parametrize("host", KNOWN)
def test_hosts_that_are_this_server(host: bytes, monkeypatch: pytest.MonkeyPatch):
    mount_studio(monkeypatch).admit("GET", "/datasets", {b"host": host})


@pytest.mark.parametrize("host", UNKNOWN)
def test_hosts_that_may_be_anybody(host: bytes, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(Forbidden, match="SERIESMITH_STUDIO_ALLOW_ANONYMOUS"):
        mount_studio(monkeypatch).admit("GET", "/datasets", {b"host": host})


def test_rolling_back_is_managing(monkeypatch: pytest.MonkeyPatch):
    routes = mount_studio(monkeypatch)
    ends = _list_refusals(routes, {b"host": b"localhost"})
    refused = {name for name, end in ends.items() if end is Forbidden}
    assert refused == {"retire_model_version", "restore_model_version"}


def test_bodies_are_small_but_for_uploads_which_lie_on_disk(monkeypatch: pytest.MonkeyPatch):
    for row, one in list_described(mount_studio(monkeypatch)):
        if one.name == "create_upload":
            assert row.spool is not None
        else:
            assert row.max_body_bytes <= 2**20 and row.spool is None, row.path


def test_what_needs_no_key_is_the_page_and_what_is_possible(monkeypatch: pytest.MonkeyPatch):
    routes = mount_studio(monkeypatch, api_key="key")
    alone = mount_studio(monkeypatch, mount="none")
    own = {row.path for row in alone.table.rows}
    opened = {row.path for row in routes.table.rows if row.role is None} - own
    assert opened - {"/", "/studio.json"} and all(
        path in ("/", "/studio.json") or path.startswith("/studio/") for path in opened
    )
    undescribed = [row for row in routes.table.rows if row.path not in own and row.role and not row.described]
    assert not undescribed, "studio/describing.py lacks them"


@pytest.fixture(scope="module")
def keyed(shipped_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a key, on every address of this machine."""
    folder = tmp_path_factory.mktemp("keyed")
    kept = folder / "studio"
    with run_server(folder, shipped_models, "key", host="0.0.0.0", studio_folder=kept, grpc_port=0) as running:
        yield running


def test_a_server_with_a_key(keyed: Server):
    stranger = httpx.Client(base_url=keyed.url, trust_env=False)
    about = stranger.get("/studio.json")
    assert about.status_code == 200 and about.json()["keyed"] is True
    assert stranger.get("/").status_code == 200
    refused = stranger.get("/datasets")
    assert refused.status_code == 401 and refused.json()["error"]["code"] == "unauthenticated"
    assert keyed.get("/datasets") == {"datasets": [], "total": 0}
    refused = keyed.http.post("/datasets", json={}, headers={"origin": "http://elsewhere.example"})
    assert refused.status_code == 403 and "elsewhere.example" in refused.json()["error"]["message"]
    name = 'seriesmith_studio_requests_total{outcome="%s",path="/datasets"}'
    counted = keyed.read_metrics()
    assert [counted[name % outcome] for outcome in ("ok", "unauthenticated", "forbidden")] == [1, 1, 1]


def test_a_server_for_everybody_has_a_notice_in_its_place(shipped_models: Path, tmp_path: Path):
    settings: dict[str, Any] = {"studio_folder": tmp_path / "studio", "grpc_port": 0, "allow_anonymous": "true"}
    with run_server(tmp_path, shipped_models, host="0.0.0.0", **settings) as running:
        page = running.http.get("/")
        assert page.status_code == 200 and "other machines reach 0.0.0.0" in page.text
        assert [running.http.get(path).status_code for path in ("/studio.json", "/datasets", "/fits")] == [404] * 3
        assert not [path for path in running.get("/docs.json")["paths"] if path.startswith(("/datasets", "/studio"))]
        assert running.get("/models")["models"]
        assert not (tmp_path / "studio").exists()


def test_a_server_on_the_loopback(studio_server: Server):
    assert studio_server.http.get("/datasets").status_code == 200
    bent = studio_server.http.get("/datasets", headers={"host": "elsewhere.example"})
    assert bent.status_code == 403 and "no address and no name of this server" in bent.json()["error"]["message"]
    foreign = studio_server.http.post("/datasets", json={}, headers={"origin": "http://elsewhere.example"})
    assert foreign.status_code == 403


def test_a_key_has_its_limits_here_too(monkeypatch: pytest.MonkeyPatch):
    routes = mount_studio(monkeypatch, api_key="key")
    caller = routes.serving.identity.identify(b"Bearer key")
    caller.limit(0, 1)
    caller.enter()
    headers = {b"host": b"localhost", b"authorization": b"Bearer key"}
    match = routes.admit("GET", "/datasets", headers)
    refused = asyncio.run(routes.answer(match, Request("GET", "/datasets", headers, b"")))
    assert isinstance(refused, Response) and refused.status == 429 and caller.running == 1


@pytest.mark.parametrize(("text", "said"), [("true", True), ("1", True), ("no", False), ("", False)])
def test_whether_strangers_are_let_in_is_said_in_words(text: str, said: bool):
    settings = StudioSettings.from_environment(Path("models"), {"SERIESMITH_STUDIO_ALLOW_ANONYMOUS": text})
    assert settings.allow_anonymous is said


def test_what_is_no_word_for_it_is_refused():
    with pytest.raises(ValueError, match=r"SERIESMITH_STUDIO_ALLOW_ANONYMOUS is 'maybe'; it must be true or false"):
        StudioSettings.from_environment(Path("models"), {"SERIESMITH_STUDIO_ALLOW_ANONYMOUS": "maybe"})
