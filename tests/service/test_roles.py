"""What a key may do follows its roles, on every path and every call; managing models is off unless it is enabled."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from service.proto import open_inference_pb2 as messages
from tests.service.bundles import Labelled
from tests.service.grpc.conversation import connect
from tests.service.server import Server, run_server, wait_until
from tests.service.stubs import GRPCInferenceServiceStub
from tests.service.test_identity import write_entry

KEYS = {"user": "key-of-a-user", "operator": "key-of-an-operator", "monitor": "key-of-a-monitor"}
ROLES = {"user": '["use"]', "operator": '["manage"]', "monitor": '["metrics"]'}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three keys, each of one role; the user's may have one request at a time."""
    path = tmp_path_factory.mktemp("keys") / "keys.toml"
    path.write_text("".join(write_entry(name, KEYS[name], ROLES[name]) for name in KEYS))
    return path


@pytest.fixture(scope="module", params=["own", "grpcio"])
def keyed(
    request: pytest.FixtureRequest, repository: Path, file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that knows those keys."""
    settings: dict[str, Any] = {"keys": file, "grpc": request.param, "refresh_seconds": 0.1}
    with run_server(tmp_path_factory.mktemp("keyed"), repository, KEYS["user"], api_key="", **settings) as running:
        yield running


def _read_status(server: Server, name: str, method: str, path: str, **more: Any) -> int:
    headers = {"authorization": f"Bearer {KEYS[name]}"} if name else {}
    headers |= more.pop("headers", {})
    return httpx.request(method, server.url + path, headers=headers, trust_env=False, **more).status_code


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("POST", "/classify", "user"),
        ("GET", "/models", "user"),
        ("GET", "/v2/models/sines.classify", "user"),
        ("POST", "/v2/models/sines.classify/infer", "user"),
        ("POST", "/v2/repository/index", "user"),
        ("GET", "/docs", "user"),
        ("GET", "/docs.json", "user"),
        ("POST", "/v2/repository/models/sines/load", "operator"),
        ("GET", "/metrics", "monitor"),
        ("GET", "/v2/models/stats", "monitor"),
        ("GET", "/v2/models/sines.classify/stats", "monitor"),
    ],
)
def test_a_path_is_for_keys_of_its_role(keyed: Server, method: str, path: str, role: str):
    assert _read_status(keyed, "", method, path) == 401
    for name in KEYS:
        status = _read_status(keyed, name, method, path, json={} if method == "POST" else None)
        assert (status == 403) == (name != role), (name, status)


@pytest.mark.parametrize("path", ["/readyz", "/livez", "/v2/health/ready", "/v2/health/live"])
def test_health_is_for_everyone(keyed: Server, path: str):
    assert _read_status(keyed, "", "GET", path) == 200


def test_a_browser_is_asked_for_the_key_and_shows_the_docs(keyed: Server):
    refused = httpx.get(keyed.url + "/docs", trust_env=False)
    assert refused.status_code == 401 and "Basic" in refused.headers["www-authenticate"]
    basic = base64.b64encode(f"anyone:{KEYS['user']}".encode()).decode()
    assert _read_status(keyed, "", "GET", "/docs", headers={"authorization": f"Basic {basic}"}) == 200
    assert _read_status(keyed, "", "POST", "/classify", headers={"authorization": f"Basic {basic}"}) == 401


def test_pages_of_other_origins_manage_nothing(keyed: Server):
    path = "/v2/repository/models/sines/load"
    foreign = {"origin": "https://elsewhere.example", "content-type": "text/plain"}
    assert _read_status(keyed, "operator", "POST", path, headers=foreign) == 403
    assert _read_status(keyed, "operator", "POST", path, headers={"origin": keyed.url}) == 200


def test_calls_follow_the_roles_too(keyed: Server):
    def code(call: Any, request: Any, name: str) -> grpc.StatusCode:
        metadata = (("authorization", f"bearer  {KEYS[name]}"),) if name else ()
        try:
            call(request, metadata=metadata, timeout=20)
        except grpc.RpcError as error:
            found: grpc.StatusCode = error.code()
            return found
        return grpc.StatusCode.OK

    with connect(keyed) as channel:
        stub = GRPCInferenceServiceStub(channel)
        load = messages.RepositoryModelLoadRequest(model_name="sines")
        for name, expected in {"user": "PERMISSION_DENIED", "": "UNAUTHENTICATED", "operator": "OK"}.items():
            assert code(stub.RepositoryModelLoad, load, name).name == expected
        metadata = messages.ServerMetadataRequest()
        for name, expected in {"user": "OK", "": "UNAUTHENTICATED", "operator": "PERMISSION_DENIED"}.items():
            assert code(stub.ServerMetadata, metadata, name).name == expected
        statistics = messages.ModelStatisticsRequest()
        for name, expected in {"user": "PERMISSION_DENIED", "": "UNAUTHENTICATED", "monitor": "OK"}.items():
            assert code(stub.ModelStatistics, statistics, name).name == expected
        assert code(stub.ServerLive, messages.ServerLiveRequest(), "") == grpc.StatusCode.OK
        with pytest.raises(grpc.RpcError) as stranger:
            ProtoReflectionDescriptorDatabase(channel).get_services()
        assert stranger.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_a_key_put_into_the_file_is_known_and_one_taken_out_refused_without_a_restart(
    keyed: Server, file: Path, cases: Labelled
):
    before = file.read_text()
    try:
        file.write_text(before + write_entry("guest", "key-of-a-guest"))
        guest = {"authorization": "Bearer key-of-a-guest"}
        wait_until(
            lambda: _read_status(keyed, "", "GET", "/models", headers=guest) == 200, seconds=5, what="the new key"
        )
        file.write_text(before)
        wait_until(lambda: _read_status(keyed, "", "GET", "/models", headers=guest) == 401, seconds=5, what="its end")
    finally:
        file.write_text(before)
    assert _read_status(keyed, "user", "GET", "/models") == 200


def test_each_key_is_counted_and_none_is_shown(keyed: Server, cases: Labelled):
    keyed.answer("classify", model="sines", series=cases.series[:1])
    text = httpx.get(
        keyed.url + "/metrics", headers={"authorization": f"Bearer {KEYS['monitor']}"}, trust_env=False
    ).text
    line = next(line for line in text.splitlines() if line.startswith('seriesmith_key_requests_total{key="user"'))
    assert float(line.rsplit(" ", 1)[1]) >= 1
    assert not any(key in text for key in KEYS.values())


def test_managing_is_off_unless_it_is_enabled(repository: Path, tmp_path: Path, cases: Labelled):
    with run_server(tmp_path, repository, manage_models="false") as server:
        for verb in ("load", "unload"):
            response = server.http.post(f"/v2/repository/models/sines/{verb}")
            assert response.status_code == 403 and "SERIESMITH_MANAGE_MODELS" in response.json()["error"]
        with connect(server) as channel, pytest.raises(grpc.RpcError) as refused:
            GRPCInferenceServiceStub(channel).RepositoryModelUnload(
                messages.RepositoryModelUnloadRequest(model_name="sines"), timeout=20
            )
        assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED
        server.answer("classify", model="sines", series=cases.series[:1])
        log = (tmp_path / "server.log").read_text()
        assert "Traceback" not in log
    with socket.socket() as gone:
        assert gone.connect_ex((server.http.base_url.host, server.http.base_url.port or 0)) != 0
