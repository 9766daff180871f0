"""What the files of compose say, as Docker's own Compose reads them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
CHECKING = DEPLOY.parent / ".venv-deploy"
"""Where `make deploy-check` puts what it needs."""
PROGRAM = next(iter(CHECKING.glob("lib/python3*/site-packages/compose/docker-compose")), CHECKING / "none")
"""The program itself: the command beside it ends with 0 whatever it does."""
FILES = ("compose.yaml", "compose.studio.yaml", "compose.monitoring.yaml")
SECRETS = {
    "POSTGRES_PASSWORD": "pass-of-postgres",
    "GRAFANA_PASSWORD": "pass-of-grafana",
    "SERIESMITH_METRICS_KEY": "key",
}

needs_compose = pytest.mark.skipif(
    not PROGRAM.exists(), reason="Compose is not installed; `make deploy-check` does that"
)


def run_compose(
    folder: Path, files: tuple[str, ...], *arguments: str, **given: str
) -> subprocess.CompletedProcess[str]:
    """Compose with the settings of .env.example and those given, and no others of this environment."""
    named = [part for file in files for part in ("-f", str(folder / file))]
    command = [str(PROGRAM), "--project-directory", str(DEPLOY), "--env-file", str(DEPLOY / ".env.example"), *named]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | given
    return subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True)


def read_compose(*files: str) -> dict[str, Any]:
    """The services of these files, everything filled in."""
    done = run_compose(DEPLOY, files or FILES, "config", "--format", "json", **SECRETS)
    assert done.returncode == 0, done.stderr
    services: dict[str, Any] = json.loads(done.stdout)["services"]
    return services
