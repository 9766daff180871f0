"""Clients that others' tools generate from `/docs.json` are whole, and their calls are answered."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.service.described import Described, list_operations, list_own
from tests.service.server import Server

PACKAGE = "seriesmith_generated"
CONFIGURATION = {
    "package_name_override": PACKAGE,
    # The generator knows few media types; a body of bytes is one of bytes.
    "content_type_overrides": {"application/vnd.apache.arrow.stream": "application/octet-stream"},
    "post_hooks": [],
}


@pytest.fixture(scope="module")
def described(server: Server) -> dict[str, Described]:
    """The document's operations, all of them."""
    return list_operations(server.get("/docs.json"))


@pytest.fixture(scope="module")
def generated(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package that openapi-python-client makes."""
    if importlib.util.find_spec("openapi_python_client") is None:
        pytest.skip("openapi-python-client is not installed")
    folder = tmp_path_factory.mktemp("generated")
    (folder / "configuration.json").write_text(json.dumps(CONFIGURATION))
    (folder / "docs.json").write_bytes(server.http.get("/docs.json").content)
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--path", "docs.json"]
    command += ["--output-path", PACKAGE, "--config", "configuration.json", "--fail-on-warning"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(PACKAGE)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


def test_a_generated_python_client_calls_every_endpoint(
    server: Server, generated: ModuleType, described: dict[str, Described]
):
    models = importlib.import_module(f"{PACKAGE}.models")
    with generated.Client(base_url=server.url) as client:
        own = list_own(next(iter(described.values())).document)
        called = {name: _call(one, client, models) for name, one in own.items() if name != "v2_unload"}
    refused = {name: status for name, (status, _) in called.items() if status != 200}
    assert not refused.keys() - {"v2_load", "blend"}  # no model that is served here can blend
    assert {name: type(called[name][1]).__name__ for name in ("classify", "get_model", "v2_infer")} == {
        "classify": "ClassifyAnswer",
        "get_model": "Card",
        "v2_infer": "InferenceResponse",
    }


def _call(one: Described, client: Any, models: ModuleType) -> tuple[int, Any]:
    """The status of a call with the document's example, and the answer as the client reads it."""
    tag = re.sub(r"\W", "_", one.said["tags"][0].lower())
    endpoint = importlib.import_module(f"{PACKAGE}.api.{tag}.{one.name}")
    given = {each["name"]: each["example"] for each in one.parameters if "example" in each}
    content = one.said.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "example" in content:
        model = getattr(models, content["schema"]["$ref"].rpartition("/")[2])
        given["body"] = model.from_dict(content["example"])
    response = endpoint.sync_detailed(client=client, **given)
    return response.status_code.value, response.parsed


def test_no_component_is_lost_in_a_generated_client(generated: ModuleType, described: dict[str, Described]):
    models = importlib.import_module(f"{PACKAGE}.models")
    schemas = next(iter(described.values())).document["components"]["schemas"]
    objects = {name for name, schema in schemas.items() if schema.get("type") == "object"}
    assert len(objects) > 20 and objects <= set(models.__all__)


def test_typescript_types_are_generated_whole(server: Server, described: dict[str, Described], tmp_path: Path):
    tool = shutil.which("openapi-typescript")
    if tool is None:
        pytest.skip("openapi-typescript is not installed")
    document = tmp_path / "docs.json"
    document.write_bytes(server.http.get("/docs.json").content)
    done = subprocess.run([tool, str(document)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name, one in described.items():
        assert f"{name}: {{" in done.stdout and f'"{one.path}": {{' in done.stdout, name
    for name in one.document["components"]["schemas"]:
        assert re.search(rf"^ {{8}}{name}: ", done.stdout, re.MULTILINE), name
