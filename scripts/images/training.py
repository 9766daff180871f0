"""The image that fits: it learns, as nobody on a read-only root, what a running server takes up."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.images.base import BASE
from scripts.images.containers import Volume, run_container
from scripts.images.findings import Findings
from scripts.images.serving import IMAGE as SERVING
from scripts.images.serving import claim_calls, compare_with_sbom, name_bundles, serve_mounted
from scripts.images.store import Store

IMAGE = "localhost/seriesmith-training:check"
FIT = (
    *("fit", "--dataset", "harmonic", "--no-report", "--policy", "latent", "--folds", "2", "--advice", "none"),
    *("--vae.steps", "60", "--texture.steps", "20", "--classifier.steps", "60"),
)
"""Enough of a fit to pass the gate, in seconds."""

PATIENCE = 600.0


def build_training(store: Store, findings: Findings) -> None:
    """Make the image by `make training-image`."""
    seconds = store.make("training-image", IMAGE, f"--build-arg BASE_IMAGE={BASE} --pull-never")
    findings.note("training: built in", f"{seconds:.0f} s")
    findings.note("training: beyond its base", f"{store.measure(IMAGE) - store.measure(BASE):.0f} MB")


def check_training(store: Store, findings: Findings, models: Path) -> None:
    """Fit twice into `models` while it is served, then prune, as deploy/kubernetes/components/refit/ does."""
    configuration = store.describe(IMAGE)
    user = configuration["User"].partition(":")[0]
    findings.claim("training: its user is a number other than 0", user.isdigit() and user != "0", user)
    with (
        store.unpack(SERVING) as serving,
        store.unpack(IMAGE) as root,
        serve_mounted(serving, store.describe(SERVING), store.folder / "refreshed.log", models) as server,
    ):
        packages = next(root.glob("app/.venv/lib/python3*/site-packages"))
        compare_with_sbom(packages, root / "app/sbom.cdx.json", findings, "training: ")
        claim_calls(server, findings, "ready", name_bundles(models), "before a fit: ")
        for version in ("1", "2"):
            began = time.monotonic()
            claim_command(root, configuration, findings, models, *FIT, "--seed", version)
            findings.note(f"training: version {version} fitted in", f"{time.monotonic() - began:.0f} s")
        claim_calls(server, findings, "models,sample", name_bundles(models), "after two fits, the running server: ")
        claim_command(root, configuration, findings, models, "models", "prune", "--keep", "1")
        left = name_bundles(models)
        findings.claim("training: prune leaves the newest version", "harmonic/2" in left, left)
        gone = not (models / "harmonic/1").exists()
        findings.claim("training: prune removes the one before", gone, list(models.glob("*/*")))


def claim_command(
    root: Path, configuration: Mapping[str, Any], findings: Findings, models: Path, *command: str
) -> None:
    """Run the image with a command to its end; it may write to `models` and to a tmpfs."""
    volumes = (Volume(models, "/models", writable=True),)
    log = models.parent / "training.log"
    with run_container(root, configuration, log, volumes=volumes, arguments=command) as container:
        code = container.process.wait(PATIENCE)
    findings.claim(f"training: {' '.join(command[:2])} ends with 0", code == 0, log.read_text()[-2000:])
