"""`/studio.json` says what is possible; a server without the studio's requirements starts, and says what it lacks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson

from bundle import VERSION
from service.serving import Serving
from service.settings import Settings
from studio.settings import StudioSettings
from studio.studio import Studio
from tests.service.server import ROOT, Server

SLOW = ("sqlalchemy", "alembic", "fsspec", "psycopg", "pandas", "training", "torch", "sklearn")
"""What must not be imported before it is needed."""

LOOK = f"""
import sys
from service.http.routes import Routes
from service.serving import Serving
from service.settings import Settings

routes = Routes(Serving(Settings()))
assert routes.table.find("/studio.json") and routes.table.find("/datasets")
print(sorted(set({SLOW!r}) & set(sys.modules)))
"""

CALL = """
import asyncio
import sys
from importlib.machinery import PathFinder

LACKING = {"sqlalchemy", "alembic", "fsspec"}
find_spec = PathFinder.find_spec


def find_none(name, path=None, target=None):
    return None if name.partition(".")[0] in LACKING else find_spec(name, path, target)


PathFinder.find_spec = find_none

import orjson
from service.http.exchange import Request
from service.http.routes import Routes
from service.serving import Serving
from service.settings import Settings
from tests.studio.rows import fill_path, list_described

async def call_all():
    serving = Serving(Settings())
    routes = Routes(serving)
    await serving.start()
    answers = {}
    for row, one in list_described(routes):
        request = Request(one.method, fill_path(one.path), {b"host": b"localhost"}, b"")
        match = routes.table.find(request.path)
        answer = await routes.answer(match, request)
        answers[one.name] = [answer.status, answer.body.decode()[:2000]]
    page = await routes.answer(routes.table.find("/"), Request("GET", "/", {}, b""))
    answers["/"] = [page.status, ""]
    await serving.stop()
    return answers


sys.stdout.buffer.write(orjson.dumps(asyncio.run(call_all())))
"""

WITHOUT = {"describe_studio", "list_model_versions", "map_codes", "restore_model_version", "/"}
"""What works where no datasets are kept; of one version alone, retiring is refused."""


def _run(code: str, folder: Path) -> bytes:
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}:{ROOT / 'client'}",
        "SERIESMITH_STUDIO_FOLDER": str(folder / "studio"),
        "_SERIESMITH_HOSTS": "127.0.0.1",
    }
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_it_says_what_is_possible(studio_server: Server):
    about = studio_server.get("/studio.json")
    assert about["version"] == VERSION
    assert (about["keyed"], about["manages_models"], about["why_no_catalogue"]) == (False, True, "")
    assert about["max_upload_bytes"] == 2**31
    assert {".csv", ".tsv", ".ts", ".npz", ".parquet"} <= set(about["suffixes_read"])
    assert {".csv", ".parquet", ".npz"} <= set(about["suffixes_written"])


def test_it_starts_without_what_takes_long_to_import(tmp_path: Path):
    assert _run(LOOK, tmp_path).decode().strip() == "[]"


def test_without_its_requirements_it_shows_models_and_says_what_it_lacks(tmp_path: Path):
    answers: dict[str, tuple[int, str]] = orjson.loads(_run(CALL, tmp_path))
    assert {name for name, (status, _) in answers.items() if status == 200} == WITHOUT
    for name, (status, body) in answers.items():
        if name in WITHOUT or name == "retire_model_version":
            continue
        assert status == 503, (name, status, body)
        assert "sqlalchemy, alembic, fsspec is not installed" in body and "make studio" in body, (name, body)
    about = orjson.loads(answers["describe_studio"][1])
    assert about["why_no_catalogue"] and about["why_no_fits"] and about["suffixes_read"] == []
    assert not (tmp_path / "studio").exists()


def test_models_of_a_registry_are_not_fitted_here(tmp_path: Path):
    settings = Settings(models="https://ann:secret@host/models", registry_cache=tmp_path)
    why = Studio(Serving(settings), StudioSettings(tmp_path)).why_no_fits
    assert "those of https://…@host/models" in why and "--push-to" in why
