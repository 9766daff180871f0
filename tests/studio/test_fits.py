"""Fits through a real server: asked for, followed, published and served, cancelled, and gone on with after a crash."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seriesmith import AsyncClient, Client, Fit
from seriesmith.errors import DeadlineExceeded, Forbidden, InvalidRequest, NotFound, SeriesmithClientError
from studio.catalogue.cases import StoredCases
from studio.catalogue.catalogue import Catalogue
from studio.jobs.events import find_folder
from tests.service.server import ROOT, Server, find_children, run_server, wait_until
from tests.studio.conftest import open_studio
from tests.studio.postgresql import run_postgresql

BRIEF: dict[str, Any] = {
    "vae": "dense",
    "vae.steps": 20,
    "texture": "stored",
    "classifier": "ridge",
    "companion": "none",
    "folds": 0,
    "policy": "none",
    "advice": "none",
}
"""The quickest fit."""

PATIENCE = 300.0
"""For the first that is asked of fits: a process imports what learns, on a machine that may have much to do."""


def add_waves(folder: Path, database: str = "") -> str:
    """Keep two classes of sines in the catalogue of a studio; the dataset's id."""
    settings, engine = open_studio(folder, database)
    labels = np.arange(40) % 2
    phase = np.random.default_rng(0).uniform(0, 1, (40, 1))
    series = np.sin(2 * np.pi * (2 + 2 * labels[:, None]) * np.linspace(0, 1, 40) + phase)[:, None]
    cases = StoredCases(series.astype(np.float32), np.full(40, 40), tuple(map(int, labels)))
    card = Catalogue(engine, settings).add(cases, name="waves", kind="generated", source={})
    engine.dispose()
    return card.id


@pytest.fixture(scope="module")
def waves(studio_server: Server, studio_folder: Path) -> str:
    """A dataset of the catalogue of `studio_server`."""
    return add_waves(studio_folder)


@pytest.fixture(scope="module")
def client(studio_server: Server) -> Iterator[Client]:
    """Of `studio_server`."""
    with Client(studio_server.url, timeout=PATIENCE) as client:
        yield client


def test_a_fit_is_asked_for_followed_and_served_when_it_has_published(
    client: Client, waves: str, studio_server: Server
) -> None:
    fit = client.fits.start(waves, "waves", BRIEF)
    second = client.fits.start(waves, "waves", BRIEF)
    assert (fit.state, second.state, fit.options["vae.steps"]) == ("queued", "queued", 20)
    assert client.fits.cancel(second.id).state == "cancelled"
    events = list(client.fits.events(fit.id))
    assert {event.name for event in events} == {"state", "stage", "step", "look", "log", "end"}
    end = events[-1].data
    assert isinstance(end, Fit)
    assert (end.state, end.version, end.reason) == ("done", 1, None), client.fits.log(fit.id)
    assert any(event.name == "state" and event.data.progress for event in events), "progress was told"
    look = next(event for event in reversed(events) if event.name == "look" and event.data["points"] is not None)
    assert look.data["points"].shape == (len(look.data["class_index"]), 2)
    assert look.data["series"].shape == look.data["reconstructions"].shape
    later = list(client.fits.events(fit.id, after=look.id))
    told = [event.name for event in events[events.index(look) + 1 :] if event.name not in ("state", "log")]
    assert [event.name for event in later if event.name not in ("state", "log")] == told
    wait_until(lambda: studio_server.http.get("/models/waves").status_code == 200, 10, "the model")
    answer = client.classify(np.zeros((2, 1, 40), np.float32), model="waves")
    assert answer.version == end.version
    assert "bundle" in client.fits.log(fit.id)
    assert [one.id for one in client.fits.list(limit=2)] == [second.id, fit.id]
    assert [one.id for one in client.fits.list("done")][:1] == [fit.id]
    with pytest.raises(InvalidRequest, match="the fit is done"):
        client.fits.resume(fit.id)

    async def follow() -> tuple[Fit, list[str]]:
        async with AsyncClient(studio_server.url) as client:
            ended = await client.fits.wait(fit.id)
            return ended, [event.name async for event in client.fits.events(fit.id)]

    ended, names = asyncio.run(follow())
    assert ended == client.fits.get(fit.id)
    assert names[-1] == "end"


def test_what_cannot_be_fitted_is_refused_before_it_is_queued(
    client: Client, waves: str, studio_server: Server
) -> None:
    known = client.fits.options()
    assert {"dense", "convolutional"} <= {family["name"] for family in known["kinds"]["vae"]}
    before = len(client.fits.list())
    for dataset, name, options, error, field in (
        ("f" * 32, "waves", {}, NotFound, None),
        (waves, "Waves!", {}, InvalidRequest, "name"),
        (waves, "waves", {"data": "/etc/passwd"}, InvalidRequest, "options.data"),
        (waves, "waves", {"vae.steps": 0}, InvalidRequest, "options.vae.steps"),
        (waves, "waves", {"workers": 64}, InvalidRequest, "options.workers"),
    ):
        with pytest.raises(error) as refused:
            client.fits.start(dataset, name, options)
        assert isinstance(refused.value, SeriesmithClientError)
        assert field is None or refused.value.field == field
    for call in (client.fits.get, client.fits.log, client.fits.cancel, client.fits.resume):
        with pytest.raises(NotFound):
            call("f" * 32)
    with pytest.raises(NotFound):
        next(client.fits.events("f" * 32))
    with pytest.raises(InvalidRequest, match="state is 'done!'"):
        client.fits.list("done!")
    assert len(client.fits.list()) == before
    body = {"dataset": waves, "name": "waves"}
    foreign = studio_server.http.post("/fits", json=body, headers={"origin": "http://elsewhere.example"})
    assert foreign.status_code == 403, Forbidden


@pytest.mark.long
def test_a_fit_goes_on_when_the_server_is_killed_and_comes_back(tmp_path: Path) -> None:
    folder, models = tmp_path / "studio", tmp_path / "models"
    shutil.copytree(ROOT / "models", models)  # a server is ready when it has some
    waves = add_waves(folder)
    options = {**BRIEF, "vae.steps": 6000}
    with run_server(tmp_path, models, studio_folder=folder) as server, Client(server.url, timeout=PATIENCE) as client:
        fit = client.fits.start(waves, "waves", options)
        waiting = client.fits.start(waves, "other", BRIEF)
        wait_until(lambda: list(models.glob(".fits/*/*.half")), 300, "a checkpoint")
        (runner,) = find_runners(server)
        (worker,) = [pid for pid in find_children(server.pid) if runner in find_children(pid)]
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: find_runners(server) not in ([], [runner]), 60, "another runner")
        with pytest.raises(DeadlineExceeded, match="the fit is"):
            client.fits.wait(fit.id, timeout=0)
        os.kill(find_runners(server)[0], signal.SIGKILL)
    with run_server(tmp_path, models, studio_folder=folder) as server, Client(server.url, timeout=PATIENCE) as client:
        done = [client.fits.wait(one.id, timeout=600) for one in (fit, waiting)]
        assert [one.version for one in done] == [1, 1], client.fits.log(fit.id)
        assert "going on with the fit that was stopped" in client.fits.log(fit.id)
        wait_until(lambda: server.http.get("/models/waves").status_code == 200, 10, "the model")
    assert len(list(models.glob("waves/*/manifest.json"))) == 1
    assert not find_folder(folder, fit.id).data.exists()


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_of_50_fits_none_is_lost_and_none_is_published_twice_when_the_server_is_killed(
    kind: str, tmp_path: Path
) -> None:
    folder, models, names = tmp_path / "studio", tmp_path / "models", [f"waves{number}" for number in range(50)]
    shutil.copytree(ROOT / "models", models)
    with run_postgresql() if kind == "postgresql" else nullcontext("") as database:
        waves = add_waves(folder, database)
        settings: dict[str, Any] = {"studio_folder": folder, "studio_fits": 2, "studio_database": database}
        with run_server(tmp_path, models, **settings) as server, Client(server.url, timeout=PATIENCE) as client:
            with ThreadPoolExecutor(4) as pool:
                ids = list(pool.map(lambda name: client.fits.start(waves, name, BRIEF).id, names))
            wait_until(lambda: len(list(models.glob("waves*/1/manifest.json"))) >= 15, 600, "15 models")
            kill_group(server)
        with run_server(tmp_path, models, **settings) as server, Client(server.url, timeout=PATIENCE) as client:
            done = [client.fits.wait(id, timeout=1200) for id in ids]
        assert [fit.version for fit in done] == [1] * 50
    assert sorted(path.parent.name for path in models.glob("waves*/*")) == sorted(names), "one version each"


def kill_group(server: Server) -> None:
    """SIGKILL to the server and to all that it started, as when the power goes."""
    below = [server.pid]
    for pid in below:
        below += find_children(pid)
    for pid in below:
        os.kill(pid, signal.SIGKILL)


def find_runners(server: Server) -> list[int]:
    """The processes below a server's workers that run fits."""
    found = []
    for worker in find_children(server.pid):
        for child in find_children(worker):
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            found += [child] * (b"studio.jobs.run" in command)
    return found


@pytest.mark.long
def test_where_fits_are_off_the_paths_say_so(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(ROOT / "models", models)
    with run_server(tmp_path, models, studio_folder=tmp_path / "studio", studio_fits=0) as server:
        refused = server.http.post("/fits", json={"dataset": "f" * 32, "name": "waves"})
        assert refused.status_code == 503 and "SERIESMITH_STUDIO_FITS is 0" in refused.text
        assert server.http.get("/fits").json() == {"fits": [], "total": 0}
        assert not find_runners(server)
