"""Manifests of formats 1 and 2, rewritten as the manifest of format 3 that says the same."""

from __future__ import annotations

from typing import Any

from bundle.errors import BundleError

Raw = dict[str, Any]

REQUIRED = {"encoder", "decoder", "mixture", "density"}
OPTIONAL = {"texture", "classifier"}
SERIES_KEYS = {
    "n_channels",
    "n_timepoints",
    "dtype",
    "channel_names",
    "sampling_interval",
    "units",
    "length_policy",
}
LATENT_KEYS = ("latent_dim", "expansion", "mixture")
"""Keys of the top that format 3 has in its `latent`."""


def upgrade_manifest(raw: Raw) -> Raw:
    """Rewrite the JSON of a manifest of format 1 or 2 as format 3, which then checks everything else.

    Raises `BundleError` where it breaks a rule of its own format that format 3 has not.
    """
    if broken := _find_broken_rule(raw):
        raise BundleError(f"manifest.json is not valid in format {raw['format_version']}: {broken}.")
    rest = {key: value for key, value in raw.items() if key not in LATENT_KEYS}
    latent = {key: raw[key] for key in LATENT_KEYS if key in raw}
    return rest | {"format_version": 3, "latent": latent}


def _find_broken_rule(raw: Raw) -> str | None:
    """Return a rule of formats 1 and 2 that `raw` breaks; what is of another type is left to format 3."""
    if "latent" in raw:
        return "the key 'latent' is of format 3"
    return _find_broken_graphs(raw) or _find_broken_values(raw)


def _find_broken_graphs(raw: Raw) -> str | None:
    graphs = raw.get("graphs")
    if not isinstance(graphs, dict):
        return None
    if unknown := sorted(graphs.keys() - REQUIRED - OPTIONAL):
        return f"it knows no graph {unknown[0]!r:.80}"
    if missing := sorted(REQUIRED - graphs.keys()):
        return f"it lists no graph {', '.join(missing)}"
    if raw.get("labelled") is not ("classifier" in graphs):
        return "labelled must be true where there is a classifier, and false where there is none"
    return None


def _find_broken_values(raw: Raw) -> str | None:
    series, calibration = raw.get("series"), raw.get("calibration")
    if isinstance(series, dict) and (unknown := sorted(series.keys() - SERIES_KEYS)):
        return f"series has the key {unknown[0]!r:.80}"
    if isinstance(series, dict) and series.get("length_policy", "fixed") != "fixed":
        return f"length_policy is {series['length_policy']!r:.80}; it must be 'fixed'"
    if isinstance(calibration, dict) and None in calibration.values():
        return "a value of calibration is null"
    return None
