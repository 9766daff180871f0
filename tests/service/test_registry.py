"""A server whose models are a URL takes them up, follows it while it answers, and outlives it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from bundle.repository import SHIPPED
from tests.registries import LONG, open_mlflow_server, open_s3
from tests.service.bundles import publish_copy
from tests.service.server import ROOT, Server, find_free_ports, run_server, wait_until
from training.models import main

BUNDLE = SHIPPED / "gunpoint" / "1"


class Files(ThreadingHTTPServer):
    """A plain web server of a folder, which counts what is read of each file."""

    def __init__(self, folder: Path, port: int) -> None:
        self.read: list[str] = []
        super().__init__(("127.0.0.1", port), partial(_Handler, directory=str(folder)))


class _Handler(SimpleHTTPRequestHandler):
    server: Files

    def do_GET(self) -> None:
        self.server.read.append(self.path)
        super().do_GET()

    def log_message(self, *arguments: object) -> None:
        pass


class Website:
    """A web server at one address that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, [self.port] = folder, find_free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        self.files = Files(self.folder, self.port)
        threading.Thread(target=self.files.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.files.shutdown()
        self.files.server_close()


@pytest.fixture
def website(tmp_path: Path) -> Iterator[Website]:
    root = tmp_path / "remote"
    publish_copy(BUNDLE, root, "gunpoint", 1)
    site = Website(root)
    yield site
    site.stop()


def _quick(folder: Path) -> dict[str, Any]:
    return {"registry_cache": folder / "cache", "registry_seconds": 0.2}


def _read_versions(server: Server) -> list[int]:
    cards = server.get("/models")["models"]
    return next((card["versions"] for card in cards if card["name"] == "gunpoint"), [])


def _wait_for(server: Server, versions: list[int]) -> None:
    wait_until(lambda: _read_versions(server) == versions, 15, f"gunpoint at {versions}")


def test_a_url_is_waited_for_served_followed_and_outlived(website: Website, tmp_path: Path) -> None:
    root, log, said = website.folder, tmp_path / "server.log", []
    website.stop()
    [port] = find_free_ports(1)

    def answer_later() -> None:
        said.append(wait_until(lambda: _read_unready(port), 60, "an answer"))
        website.start()

    thread = threading.Thread(target=answer_later)
    thread.start()
    with run_server(tmp_path, website.url, http_port=port, **_quick(tmp_path)) as server:
        thread.join()
        assert said == ["the registry of the models has not answered yet; the log says more\n"]
        wait_until(lambda: _ended(log) == 1, 10, "the log to say that it is over")
        assert server.answer("sample", n_per_class=1, seed=1)["version"] == 1

        publish_copy(BUNDLE, root, "gunpoint", 2)
        publish_copy(BUNDLE, root, "gunpoint", 3, damaged="decoder.onnx")
        _wait_for(server, [1, 2])
        refused = wait_until(lambda: server.get("/models")["refused"], 5, "a refusal")
        assert refused[0]["version"] == 3 and "SHA-256" in refused[0]["reason"]
        (root / "gunpoint" / ".retired-2").touch()
        _wait_for(server, [1])
        (root / "gunpoint" / ".retired-2").unlink()
        _wait_for(server, [1, 2])

        assert server.read_metrics()["seriesmith_registry_behind"] == 0
        website.stop()
        wait_until(lambda: _begun(log) == 2, 10, "the log to say so")
        wait_until(lambda: server.read_metrics()["seriesmith_registry_behind"] == 1, 5, "the gauge")
        assert server.answer("sample", n_per_class=1, seed=1)["version"] == 2
        website.start()
        wait_until(lambda: _ended(log) == 2, 10, "the log to say that it is over")
        shutil.rmtree(root / "gunpoint" / "2")
        _wait_for(server, [1])
        assert _begun(log) == 2  # once each time
    website.stop()
    shutil.rmtree(root / "gunpoint" / "3")
    with run_server(tmp_path, website.url, **_quick(tmp_path)) as server:  # from the cache
        assert server.answer("sample", n_per_class=1, seed=1)["version"] == 1
        website.start()
        wait_until(lambda: _ended(log) == 1, 10, "the log to say that it is over")
        assert not [path for path in website.files.read if path.endswith(".onnx")]


def _begun(log: Path) -> int:
    return log.read_text().count("models are not in step with")


def _ended(log: Path) -> int:
    return log.read_text().count("models are in step with")


def _read_unready(port: int) -> str:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False)
    except httpx.TransportError:
        return ""
    assert answer.status_code == 503
    return answer.text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"SERIESMITH_MODELS": "s3x://shelf"}, "s3x"),
        pytest.param({"SERIESMITH_MODELS": "http://x#a@"}, "write NAME, NAME@ALIAS or @ALIAS", marks=LONG),
        pytest.param({"SERIESMITH_REGISTRY_CACHE": "/proc/x"}, "SERIESMITH_REGISTRY_CACHE", marks=LONG),
    ],
)
def test_what_can_never_be_followed_ends_the_command_with_a_sentence(
    given: dict[str, str], words: str, tmp_path: Path
) -> None:
    http, grpc = find_free_ports(2)
    ours = {"BENTOML_HOME": str(tmp_path), "SERIESMITH_GRPC_PORT": str(grpc), "SERIESMITH_MODELS": "http://x"}
    environment = os.environ | ours | given
    command = [sys.executable, "-m", "service", "--port", str(http)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and words in done.stderr and "Traceback" not in done.stderr


@LONG
@pytest.mark.parametrize("opened", [open_s3, open_mlflow_server], ids=["s3", "mlflow"])
def test_an_alias_is_served_followed_and_rolled_back(
    opened: Callable[[Path], AbstractContextManager[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for version in (1, 2, 3):
        publish_copy(BUNDLE, tmp_path / "own", "gunpoint", version)

    def run(command: str, *arguments: str, models: str = str(tmp_path / "own")) -> None:
        assert main([command, *arguments, "--models", models]) == 0, capsys.readouterr().err

    def answer() -> int:
        return int(server.answer("sample", n_per_class=1, seed=1)["version"])

    with opened(tmp_path) as url:
        run("push", "gunpoint/1", "--to", url, "--alias", "champion")
        run("push", "gunpoint/2", "--to", url)
        with run_server(tmp_path, f"{url}#@champion", **_quick(tmp_path)) as server:
            assert answer() == 1 and _read_versions(server) == [1]
            run("promote", "gunpoint/2", models=f"{url}#@champion")
            wait_until(lambda: answer() == 2, 60, "version 2 to answer")
            run("rollback", "gunpoint", models=f"{url}#@champion")
            wait_until(lambda: answer() == 1, 60, "version 1 to answer")
            run("push", "gunpoint/3", "--to", url, "--alias", "champion")
            wait_until(lambda: answer() == 3, 60, "version 3 to answer")
            refused = server.post("v2/repository/models/gunpoint/unload")
            assert refused.status_code == 422 and "seriesmith models" in refused.text
        log = (tmp_path / "server.log").read_text()
        assert "gunpoint/2 is served" in log and "Traceback" not in log
