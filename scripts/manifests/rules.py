"""`python -m scripts.manifests.rules` writes deploy/prometheus/rules.yml as an object of Prometheus' operator."""

from __future__ import annotations

from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
WRITTEN = DEPLOY / "kubernetes/components/monitoring/rules.yaml"
HEAD = """\
# Written from deploy/prometheus/rules.yml by `python -m scripts.manifests.rules`.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: seriesmith
spec:
"""


def write_rules() -> str:
    """Return the object's text: the groups, indented, without the file's own comment."""
    lines = (DEPLOY / "prometheus/rules.yml").read_text().splitlines()
    groups = lines[lines.index("groups:") :]
    return HEAD + "".join(f"  {line}".rstrip() + "\n" for line in groups)


if __name__ == "__main__":
    WRITTEN.write_text(write_rules())
