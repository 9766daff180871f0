"""The manifests of deploy/kubernetes are what kustomize, Kubernetes and its operators take, and name what is there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from scripts.manifests.rules import WRITTEN, write_rules
from service.settings import PREFIX, Settings
from tests.deploy.compose import CHECKING, DEPLOY

KUBERNETES = DEPLOY / "kubernetes"
FOLDERS = sorted(file.parent for file in KUBERNETES.rglob("kustomization.yaml"))
SHOWN = [folder for folder in FOLDERS if "components" not in folder.parts]
"""What can be applied; components are parts of it."""

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
needs_schemas = pytest.mark.skipif(
    not (CHECKING / "bin/python").exists(), reason="the schemas are not installed; `make deploy-check` does that"
)


def name(folder: Path) -> str:
    return str(folder.relative_to(KUBERNETES))


def read_all(file: Path) -> list[Any]:
    return list(yaml.safe_load_all(file.read_text()))


def find(kind: str, folder: str = "base") -> Any:
    [found] = [one for file in (KUBERNETES / folder).glob("*.yaml") for one in read_all(file) if one["kind"] == kind]
    return found


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in it."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(item)


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_kustomize_lists_every_file_and_no_other(folder: Path) -> None:
    [listed] = read_all(folder / "kustomization.yaml")
    named = [*listed.get("resources", []), *listed.get("components", [])]
    named += [patch["path"] for patch in listed.get("patches", []) if "path" in patch]
    assert all((folder / one).exists() for one in named)
    there = {file.name for file in folder.glob("*.yaml")} - {"kustomization.yaml"}
    assert there == {one for one in named if one.endswith(".yaml")}


def test_selectors_select() -> None:
    labels = find("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert find("Service")["spec"]["selector"] == labels
    assert find("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert find("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] == "seriesmith"
    assert find("ServiceMonitor", "components/monitoring")["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_every_setting_that_is_made_exists_and_can_be_read() -> None:
    containers = {
        "base": find("Deployment")["spec"]["template"]["spec"]["containers"][0],
        "tls": find("Deployment", "components/tls")["spec"]["template"]["spec"]["containers"][0],
        "kserve": find("ServingRuntime", "kserve")["spec"]["containers"][0],
    }
    known = {PREFIX + field.name.upper() for field in fields(Settings)}
    for container in containers.values():
        environment = {entry["name"]: entry["value"] for entry in container["env"]}
        assert {one for one in environment if one.startswith(PREFIX)} <= known
        Settings.from_environment(environment)
    assert [port["containerPort"] for port in containers["base"]["ports"]] == [3000, Settings().grpc_port]
    drain = Settings.from_environment({e["name"]: e["value"] for e in containers["base"]["env"]}).drain_seconds
    grace = find("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > Settings().timeout_seconds + drain
    assert find("InferenceService", "kserve")["spec"]["predictor"]["terminationGracePeriodSeconds"] == grace


def test_volumes_that_are_mounted_are_there() -> None:
    shown = find("Deployment")["spec"]["template"]["spec"], find("ServingRuntime", "kserve")["spec"]
    for spec in shown:
        mounted = {mount["name"] for one in walk(spec) for mount in one.get("volumeMounts", [])}
        assert mounted == {volume["name"] for volume in spec["volumes"]}


def test_the_alerts_are_those_of_compose() -> None:
    assert WRITTEN.read_text() == write_rules(), "write them again: python -m scripts.manifests.rules"
    groups = yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text())["groups"]
    assert find("PrometheusRule", "components/monitoring")["spec"]["groups"] == groups


def render(folder: Path) -> str:
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(text: str) -> tuple[bool, str]:
    """Whether all objects of a text are good, and what is said of them."""
    command = [str(CHECKING / "bin/python"), "-m", "scripts.manifests"]
    done = subprocess.run(command, cwd=DEPLOY.parent, input=text, capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
@needs_kubectl
@needs_schemas
@pytest.mark.parametrize("folder", SHOWN, ids=name)
def test_what_kustomize_makes_fits_the_schemas(folder: Path) -> None:
    good, said = check(render(folder))
    assert good, said


@pytest.mark.long
@needs_kubectl
@needs_schemas
@pytest.mark.parametrize("chosen", ["monitoring", "tls", "tls monitoring", "refit", "refit tls monitoring"])
def test_each_component_fits_the_base_alone(chosen: str, tmp_path: Path) -> None:
    copied = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, copied)
    (copied / "chosen").mkdir()
    components = [f"../components/{one}" for one in chosen.split()]
    (copied / "chosen/kustomization.yaml").write_text(
        yaml.safe_dump({"resources": ["../base"], "components": components})
    )
    good, said = check(render(copied / "chosen"))
    assert good, said


@pytest.mark.long
@needs_kubectl
def test_tls_reaches_pods_probes_and_prometheus_and_grpc_has_a_port_of_its_own() -> None:
    made = list(yaml.safe_load_all(render(KUBERNETES / "overlays/production")))
    [pod] = [one["spec"]["template"]["spec"] for one in made if one["kind"] == "Deployment"]
    probes = [one["httpGet"] for one in walk(pod) if "httpGet" in one]
    assert len(probes) == 3 and all(one["scheme"] == "HTTPS" and one["path"].endswith("z") for one in probes)
    [secret] = [
        one["spec"]["secretName"]
        for one in made
        if one["metadata"]["name"] == "seriesmith" and "dnsNames" in one.get("spec", {})
    ]
    assert {"name": "tls", "secret": {"secretName": secret, "defaultMode": 0o440}} in pod["volumes"]
    [scraped] = [one["spec"]["endpoints"][0] for one in made if one["kind"] == "ServiceMonitor"]
    assert scraped["scheme"] == "https" and scraped["tlsConfig"]["ca"]["secret"]["name"] == secret
    runtime, service = (
        find_in(render(KUBERNETES / "kserve-grpc"), kind) for kind in ("ServingRuntime", "InferenceService")
    )
    assert runtime["spec"]["containers"][0]["ports"] == [{"name": "h2c", "containerPort": 3001, "protocol": "TCP"}]
    assert service["spec"]["predictor"]["model"]["protocolVersion"] in runtime["spec"]["protocolVersions"]


def find_in(text: str, kind: str) -> Any:
    [found] = [one for one in yaml.safe_load_all(text) if one["kind"] == kind]
    return found


MISSPELT = {
    "base/deployment.yaml": ("enableServiceLinks", "enableServiceLink"),
    "base/scaling.yaml": ("averageUtilization", "averageUtilisation"),
    "components/monitoring/monitor.yaml": ("interval", "intervall"),
    "components/monitoring/rules.yaml": ("annotations:", "annotation:"),
    "components/tls/certificate.yaml": ("dnsNames", "dnsName"),
    "components/tls/authority.yaml": ("selfSigned", "selfsigned"),
    "kserve/runtime.yaml": ("readOnlyRootFilesystem", "readOnlyRootFileSystem"),
    "kserve/service.yaml": ("storageUri", "storageUrl"),
}


@pytest.mark.long
@needs_schemas
@pytest.mark.parametrize("file", MISSPELT)
def test_a_misspelt_field_is_refused(file: str) -> None:
    right, wrong = MISSPELT[file]
    text = (KUBERNETES / file).read_text()
    assert right in text
    good, said = check(text.replace(right, wrong))
    assert not good and wrong.rstrip(":") in said
    unknown, said = check(text.replace("apiVersion: ", "apiVersion: x"))
    assert not unknown and "no schema is known of" in said


def test_every_file_is_misspelt_or_core() -> None:
    kinds = {one["kind"] for one in chain.from_iterable(read_all(KUBERNETES / file) for file in MISSPELT)}
    assert kinds >= {"ServiceMonitor", "PrometheusRule", "Certificate", "Issuer", "ServingRuntime", "InferenceService"}
