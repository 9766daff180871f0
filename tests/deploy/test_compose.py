"""The files of compose are what Docker's own Compose takes, and what they set, the programs in them read."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from service.settings import PREFIX, STUDIO, Settings, review_environment
from studio.settings import StudioSettings
from tests.deploy.compose import DEPLOY, FILES, SECRETS, needs_compose, read_compose, run_compose


def read_variables(text: str) -> set[str]:
    return set(re.findall(r"\$\{(\w+)", text))


def test_every_variable_has_an_example_and_every_example_a_use() -> None:
    used = set.union(*(read_variables((DEPLOY / file).read_text()) for file in FILES)) | {"SERIESMITH_METRICS_KEY"}
    examples = re.findall(r"^(\w+)=(.*)$", (DEPLOY / ".env.example").read_text(), re.M)
    assert {name for name, _ in examples} == used
    assert {name for name, value in examples if not value} == set(SECRETS)


def test_every_setting_exists_and_can_be_read() -> None:
    for file in FILES:
        for name, service in yaml.safe_load((DEPLOY / file).read_text())["services"].items():
            if not (environment := {key: str(value) for key, value in service.get("environment", {}).items()}):
                continue
            assert review_environment(environment) == [], name
            settings = Settings.from_environment(environment)
            studio = StudioSettings.from_environment(settings.repository, environment)
            known = {PREFIX + field.name.upper() for field in fields(Settings)}
            ours = {key for key in environment if key.startswith(PREFIX)}
            assert {key for key in ours if not key.startswith(STUDIO)} <= known
            if name == "studio":
                assert studio.database_url.startswith("postgresql+psycopg://studio@postgres")


@pytest.mark.long
@needs_compose
@pytest.mark.parametrize("more", [(), FILES[1:2], FILES[2:], FILES[1:]], ids=lambda more: "+".join(more) or "alone")
def test_compose_takes_each_combination(more: tuple[str, ...]) -> None:
    services = read_compose("compose.yaml", *more)
    assert all("healthcheck" in service for service in services.values())
    waits = {
        name: {other: one["condition"] for other, one in service.get("depends_on", {}).items()}
        for name, service in services.items()
    }
    assert {condition for one in waits.values() for condition in one.values()} <= {"service_healthy"}
    if "studio" in services:
        assert waits["studio"].keys() == {"postgres", "mlflow"} and waits["mlflow"].keys() == {"postgres"}
    for service in services.values():
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1"


@pytest.mark.long
@needs_compose
def test_compose_refuses_a_misspelt_field_and_says_which_secret_is_missing(tmp_path: Path) -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    (tmp_path / "wrong.yaml").write_text(text.replace("read_only:", "readonly:"))
    refused = run_compose(tmp_path, ("wrong.yaml",), "config", "--quiet")
    assert refused.returncode and "additional properties 'readonly' not allowed" in refused.stderr
    lacking = run_compose(DEPLOY, FILES[:2], "config", "--quiet")
    assert lacking.returncode and "POSTGRES_PASSWORD is missing a value: set it in .env" in lacking.stderr
    alone = run_compose(DEPLOY, FILES[:1], "config", "--quiet")
    assert alone.returncode == 0, alone.stderr


def test_files_that_are_mounted_are_there() -> None:
    for file in FILES:
        text = (DEPLOY / file).read_text()
        for mounted in re.findall(r"- \./([\w/.]+):", text):
            assert (DEPLOY / mounted).exists(), mounted
