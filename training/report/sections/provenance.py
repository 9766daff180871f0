"""Enough to fit the bundle again."""

from __future__ import annotations

from typing import Any

from training.report.inputs import ReportInputs
from training.report.parts import Section, Table


def section(inputs: ReportInputs) -> Section:
    """See the module."""
    origin = inputs.manifest.provenance
    facts = (
        ("data", f"sha256 {origin.dataset_sha256}"),
        ("code", f"git commit {origin.git_commit}" if origin.git_commit else "no commit: changed since, or not in git"),
        ("libraries", ", ".join(f"{name} {version}" for name, version in origin.libraries.items())),
        *_list_settings(origin.configuration),
    )
    look_for = "Look here for what makes this fit again: the data, the code and every setting."
    return Section("provenance", "Provenance", look_for, (Table((), facts),))


def _list_settings(configuration: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Every setting and its value; those of a family as "vae.steps"."""
    found: list[tuple[str, str]] = []
    for name, value in configuration.items():
        if isinstance(value, dict):
            found += _list_settings(value, f"{name}.")
        elif value is not None:
            found.append((prefix + name, str(value)))
    return found
