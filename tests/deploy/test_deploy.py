"""What deploy/ says to other programs: names that this server has, and queries that a real Prometheus answers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]

from bundle.repository import SHIPPED
from service.metrics import INSTRUMENTS
from tests.deploy.picture import draw_dashboard
from tests.service.bundles import Labelled
from tests.service.server import Server, find_free_ports, run_server, wait_until
from training.ending import WITHHELD
from training.fit import parse_arguments
from training.models import main as models_command

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
KEY = "key-of-prometheus"
ABOUT_PROCESSES = {"process_cpu_seconds_total", "process_resident_memory_bytes"}


def list_queries() -> list[str]:
    """The dashboard's, as Grafana sends them."""
    panels = json.loads((DEPLOY / "grafana/dashboards/seriesmith.json").read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    return [query.replace("$__rate_interval", "10s").replace("$model", ".*") for query in queries]


def test_every_metric_that_is_asked_for_exists() -> None:
    there = {
        metric.name + suffix
        for metric in (instrument.metric for instrument in INSTRUMENTS.values())
        for suffix in SUFFIXES[metric.kind]
    }
    groups = yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text())["groups"]
    texts = [*list_queries(), *(rule["expr"] for group in groups for rule in group["rules"])]
    texts += [(DEPLOY / "kubernetes/base/scaling.yaml").read_text()]
    asked = {name for text in texts for name in re.findall(r"\b(?:seriesmith|process)_\w+\b", text)}
    assert len(asked) > 12 and asked <= there | ABOUT_PROCESSES


def test_the_job_that_refits_runs_commands_that_exist_and_shares_the_volume() -> None:
    folder = DEPLOY / "kubernetes/components/refit"
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert sorted([*kustomization["resources"], "kustomization.yaml"]) == sorted(file.name for file in folder.iterdir())
    job = yaml.safe_load((folder / "refit.yaml").read_text())["spec"]["jobTemplate"]["spec"]
    pod = job["template"]["spec"]
    [fit], [prune] = pod["initContainers"], pod["containers"]
    configuration = parse_arguments(fit["args"][1:])
    assert (configuration.data, configuration.name, configuration.force) == (Path("/data/series.npz"), "series", False)
    assert prune["args"][0] == "models"
    assert models_command([*prune["args"][1:], "--models", str(SHIPPED), "--dry-run"]) == 0
    [rule] = job["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"] == {"containerName": "fit", "operator": "In", "values": [WITHHELD]}
    dockerfile = (DEPLOY / "training/Dockerfile").read_text()
    assert f"USER {pod['securityContext']['runAsUser']}:" in dockerfile
    [models] = [each["mountPath"] for each in fit["volumeMounts"] if each["name"] == "models"]
    assert f"SERIESMITH_MODELS={models}" in dockerfile


@contextmanager
def run_prometheus(folder: Path, target: str) -> Iterator[httpx.Client]:
    """A Prometheus with our rules that scrapes `target` every second."""
    shutil.copy(DEPLOY / "prometheus/rules.yml", folder)
    settings = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    settings["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    (folder / "key").write_text(KEY)
    [scraped] = [one for one in settings["scrape_configs"] if "static_configs" in one]
    scraped |= {"static_configs": [{"targets": [target]}], "authorization": {"credentials_file": "key"}}
    settings["scrape_configs"] = [scraped]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    [port] = find_free_ports(1)
    command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"], cwd=folder, stdout=log, stderr=log
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1/", trust_env=False) as client:
            wait_until(lambda: is_ready(client), 30, "Prometheus")
            yield client
    finally:
        process.terminate()
        process.wait(20)


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("query", params={"query": "1"}).status_code == 200
    except httpx.TransportError:
        return False


def ask(client: httpx.Client, query: str) -> list[Any]:
    answer = client.get("query", params={"query": query})
    assert answer.status_code == 200, f"{query}: {answer.text}"
    result: list[Any] = answer.json()["data"]["result"]
    return result


@pytest.mark.long
@pytest.mark.skipif(shutil.which("prometheus") is None, reason="Prometheus is not installed")
def test_every_panel_has_data_under_load_and_no_alert_fires(repository: Path, tmp_path: Path, cases: Labelled) -> None:
    (tmp_path / "prometheus").mkdir()
    with (
        run_server(tmp_path, repository, KEY) as server,
        run_prometheus(tmp_path / "prometheus", server.url.removeprefix("http://")) as client,
    ):
        begin = time.time()
        picture = os.environ.get("DASHBOARD_PICTURE")
        while time.time() < begin + (90 if picture else 15):
            use_everything(server, cases)
        empty = [query for query in list_queries() if not ask(client, query)]
        assert empty == []
        assert [group["file"] for group in client.get("rules").json()["data"]["groups"]]
        assert client.get("alerts").json()["data"]["alerts"] == []
        drawn = Path(picture or tmp_path / "dashboard.png")
        draw_dashboard(client, DEPLOY / "grafana/dashboards/seriesmith.json", begin, time.time(), drawn)
        assert drawn.stat().st_size > 10_000


def use_everything(server: Server, cases: Labelled) -> None:
    for operation in ("encode", "reconstruct", "classify"):
        server.answer(operation, model="sines", series=cases.series[:7])
    server.answer("sample", model="sines", counts={"2": 5})
    assert server.post("classify", model="sines", series=[[[1.0], [1.0]]]).status_code >= 400


@pytest.mark.long
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Prometheus")
def test_alerts_fire_when_they_should() -> None:
    folder = DEPLOY / "prometheus"
    for command in (["check", "config", "--syntax-only", "prometheus.yml"], ["test", "rules", "rules_test.yml"]):
        done = subprocess.run(["promtool", *command], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
