"""`seriesmith compare` prints what manifests say, a column a bundle, and says where the data was not the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bundle.evidence import Quality
from bundle.manifest import Manifest, read_manifest
from tests.bundle.breaking import SMALL, change_manifest, copy_bundle
from training.compare import main
from training.comparing.manifests import Compared, build_rows, describe_datasets, format_rows

ROOT = Path(__file__).resolve().parents[2]

PLAIN = read_manifest((SMALL / "manifest.json").read_bytes())

INTERVAL = {"mean": 1.25, "low": -0.5, "high": 3.0}
CANDIDATES = [
    {"policy": policy, "round": number, "nll": 0.1, "accuracy": 5 / 9, "balanced_accuracy": 0.9, "uplift": uplift}
    for policy, number, uplift in (
        ("none", 1, {"mean": 0.0, "low": 0.0, "high": 0.0}),
        ("latent", 1, {"mean": 9.0, "low": 9.0, "high": 9.0}),
        ("latent", 2, INTERVAL),
    )
]


def make_manifest(metrics: dict[str, Any], **provenance: object) -> Manifest:
    """The small bundle's manifest with other metrics and provenance."""
    raw = PLAIN.model_dump(mode="json")
    raw |= {"metrics": metrics, "provenance": raw["provenance"] | provenance}
    return Manifest.model_validate(raw)


def measure_all() -> dict[str, Any]:
    """Metrics whose every number can be read off the table."""
    advice = {"policy": "latent", "use": True, "uplift": {"mean": 2.0, "low": 0.5, "high": 3.5}}
    uplift = {"policy": "latent", "rounds": 2, "balanced": False, "n_cases": 9, "n_folds": 3, "weight": 0.5}
    needed = {name: None for name, field in Quality.model_fields.items() if field.is_required()}
    own = {"discriminative_score": 0.125, "tstr_ratio": 0.75, "nearest_neighbour_ratio": 1.5, "membership_attack": 0.5}
    several: dict[str, Any] = {"discriminative_scores": {}, "coverage": {}, "density": {}}
    return {
        "accuracy": 0.875,
        "accuracy_interval": {"low": 0.529, "high": 0.978},
        "balanced_accuracy": 0.75,
        "balanced_interval": {"low": 0.4, "high": 0.9},
        "macro_f1": 0.625,
        "average_precision": {"label": "on", "value": 0.75, "chance": 0.5},
        "recall": {"on": {"n_cases": 4, "n_correct": 3, "share": 0.75, "low": 0.301, "high": 0.954}},
        "reconstruction": {"explained": 0.96, "measured_on": "held-out split", "n_cases": 8},
        "n_measured": 8,
        "measured_on": "held-out split",
        "objections": ["it is worse."],
        "latent_neighbours": {"k": 5, "measured": 0.625, "cross_fitted": None},
        "uplift": {**uplift, "candidates": CANDIDATES, "advice": advice},
        "quality": needed | several | own | {"measured_on": "held-out split", "n_cases": 4},
    }


def test_every_row_says_what_the_manifest_says_and_a_dash_what_it_does_not() -> None:
    full = make_manifest(measure_all(), dataset="Pumps", fit_seconds=61.4)
    bare = make_manifest({}, dataset="Fans", fit_seconds=2.0)
    rows = build_rows([Compared("pumps/3", full, 2, 1_260_000), Compared("fans/1", bare, 3, 90_000)])
    counts = ", ".join(f"{card.label}: {card.training_count}" for card in PLAIN.classes)
    can = "encode, reconstruct, sample, augment, classify, complete, decode, interpolate, traverse"
    assert rows == [
        ("", "pumps/3", "fans/1"),
        ("format version", "2", "3"),
        ("dataset", "Pumps", "Fans"),
        ("cases per class", counts, counts),
        ("accuracy", "87.5 % [52.9, 97.8]", "–"),
        ("cross-validated", "5/9 on 9 training cases", "–"),
        ("balanced accuracy", "75.0 % [40.0, 90.0]", "–"),
        ("recall by class", "on .75 (4)", "–"),
        ("few cases", "4 cases of class 'on': recall 3/4, interval .30 to .95", "–"),
        ("macro F1", "62.5 %", "–"),
        ("average precision", "75.0 % of on", "–"),
        ("reconstruction", "96.0 %, 8 cases, held-out split", "–"),
        ("latent neighbours", "62.5 % by 5", "–"),
        ("measured on", "8 cases, held-out split", "–"),
        ("objections", "it is worse.", "–"),
        ("policy", "latent", "–"),
        ("its uplift", "+1.2 [-0.5, +3.0] points", "–"),
        ("advice", "latent: use it", "–"),
        ("uplift by advice", "+2.0 [+0.5, +3.5] points", "–"),
        ("discriminative score", "0.125", "–"),
        ("tstr ratio", "0.750", "–"),
        ("nearest neighbour ratio", "1.500", "–"),
        ("membership attack", "0.500", "–"),
        ("quality measured on", "4 cases, held-out split", "–"),
        ("fit seconds", "61", "2"),
        ("size", "1.3 MB", "0.1 MB"),
        ("can", can, can),
    ]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert format_rows([("", "a/1", "b/1"), ("accuracy", "–", "9")]) == "          a/1  b/1\naccuracy  –    9"


def test_only_data_that_differs_is_told_apart() -> None:
    one, same = (Compared(title, make_manifest({}, dataset_sha256="a" * 64), 3, 1) for title in ("a/1", "a/2"))
    other = Compared("b/1", make_manifest({}, dataset_sha256="b" * 64), 3, 1)
    assert describe_datasets([one, same]) is None
    assert describe_datasets([one, other, same]) == (
        "The data differs (sha256 of a/1, a/2: aaaaaaaaaaaa…; b/1: bbbbbbbbbbbb…): accuracies of different data do not "
        "compare."
    )


def test_the_command_takes_the_latest_version_and_refuses_what_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for version in (1, 2, 10):
        copy_bundle(tmp_path, "pumps", version)
    other = copy_bundle(tmp_path, "fans")
    change_manifest(other, lambda raw: raw | {"provenance": raw["provenance"] | {"dataset_sha256": "b" * 64}})
    assert main(["pumps", "pumps/2", "--models", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["pumps/10", "pumps/2"] and lines[1].split() == ["format", "version", "1", "1"]
    assert not any("differs" in line for line in lines)
    assert main(["pumps/1", "fans", "--models", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("accuracies of different data do not compare.")
    for name, reason in {
        "pump": "there is no bundle 'pump'; there is: fans, pumps.",
        "pumps/3": "bundle 'pumps' has no version '3'; it has: 1, 2, 10.",
        "pumps/": "bundle 'pumps' has no version ''; it has: 1, 2, 10.",
    }.items():
        assert main(["fans", name, "--models", str(tmp_path)]) == 2
        assert capsys.readouterr().err == f"compare.py: {reason}\n"


def test_comparing_imports_no_torch() -> None:
    code = (
        "import sys; from training.console import main;"
        "assert main(['compare', 'gunpoint', '--models', 'models']) == 0;"
        "assert not {'torch', 'onnxruntime'} & set(sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
