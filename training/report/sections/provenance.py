"""Enough to fit the bundle again."""

from __future__ import annotations

from training.report.inputs import ReportInputs
from training.report.parts import Section, Table


def section(inputs: ReportInputs) -> Section:
    """See the module."""
    origin = inputs.manifest.provenance
    facts = (
        ("data", f"sha256 {origin.dataset_sha256}"),
        ("code", f"git commit {origin.git_commit}" if origin.git_commit else "no commit: changed since, or not in git"),
        ("libraries", ", ".join(f"{name} {version}" for name, version in origin.libraries.items())),
        *((name, str(value)) for name, value in origin.configuration.items() if value is not None),
    )
    look_for = "Look here for what makes this fit again: the data, the code and every setting."
    return Section("provenance", "Provenance", look_for, (Table((), facts),))
