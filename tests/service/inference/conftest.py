"""What the protocol's stock client is answered, asked once per run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.service.bundles import Labelled
from tests.service.grpc.conversation import connect
from tests.service.server import ROOT, Server
from tests.service.stubs import GRPCInferenceServiceStub
from tests.service.test_refusals import CODES


@pytest.fixture(scope="session")
def stub(server: Server) -> Iterator[Any]:
    """Calls the server."""
    with connect(server) as channel:
        yield GRPCInferenceServiceStub(channel)


@dataclass(frozen=True)
class Stock:
    """The folder that stock_client.py was given."""

    folder: Path

    def answer(self, operation: str, way: str) -> dict[str, np.ndarray]:
        """The outputs of an operation, asked for in one of the ways."""
        with np.load(self.folder / f"{operation} {way}.npz") as arrays:
            return dict(arrays)

    @property
    def told(self) -> dict[str, Any]:
        """What it was told of the server, over HTTP and gRPC."""
        told: dict[str, Any] = json.loads((self.folder / "told.json").read_text())
        return told


AUGMENTED = ["series", "labels", "synthetic", "sample_weight", "had", "made", "made_by", "weight", "distance", "policy"]
USAGE = ["usage_deep_network_weight", "usage_deep_network_how", "usage_features_and_trees_how"]
ADVICE = ["advice_use", "advice_message", "advice_uplift_mean", "advice_uplift_low", "advice_uplift_high"]


def list_requests(cases: Labelled) -> dict[str, tuple[dict[str, np.ndarray], list[str]]]:
    """Tensors and outputs of a request to each operation, with everything that can be asked for."""
    series = cases.series[:9].astype(np.float32)
    seed, expansion = np.array([7]), np.array([1.5], np.float32)
    labels = np.array([str(label) for label in cases.labels[:9]])
    by_class = ["class_label", "acceptance", "fallbacks", "seed"]
    return {
        "encode": ({"series": series}, ["posterior_mean", "posterior_log_variance"]),
        "reconstruct": (
            {"series": series},
            ["series", "error", "anomaly_score", "is_anomaly", "timepoint_error"],
        ),
        "complete": (
            {"series": series[:3, :, :50], "seed": seed, "n": np.array([2])},
            ["series", "lower", "upper", "completions", "labels", "probabilities", "classes", "seed"],
        ),
        "neighbours": ({"series": series[:3], "k": np.array([2])}, ["index", "distance"]),
        "interpolate": (
            {"start_series": series[:3], "end_labels": np.array(["1", "0", "1"]), "method": np.array(["spherical"])},
            ["series", "latent", "position", "way"],
        ),
        "traverse": (
            {"latent": np.array(CODES, np.float32), "axes": np.array([3, 1]), "low": np.array([-1], np.float32)},
            ["series", "latent", "position", "axis", "centre"],
        ),
        "decode": ({"latent": np.array(CODES, np.float32)}, ["series", "log_density", "typicality"]),
        "classify": ({"series": series}, ["labels", "probabilities", "classes", "typicality"]),
        "sample": (
            {"class_label": np.array(["2", "0"]), "count": np.array([70, 3]), "seed": seed, "expansion": expansion},
            ["series", "labels", "log_density", *by_class],
        ),
        "augment": (
            {
                "series": series,
                "labels": labels,
                "factor": np.array([3.0], np.float32),
                "seed": seed,
                "include_original": np.array([True]),
                "policy": np.array(["interpolation+warps"]),
            },
            [*AUGMENTED, *ADVICE, *USAGE, *by_class],
        ),
    }


@pytest.fixture(scope="session")
def stock(server: Server, cases: Labelled, tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """Every operation, over each of the stock client's ways."""
    folder = tmp_path_factory.mktemp("stock")
    requests = list_requests(cases)
    for operation, (given, _) in requests.items():
        np.savez(folder / f"{operation}.npz", allow_pickle=False, **given)
    listed = {operation: (f"sines.{operation}", outputs) for operation, (_, outputs) in requests.items()}
    (folder / "requests.json").write_text(json.dumps(listed))
    program = Path(__file__).with_name("stock_client.py")
    address = server.url.removeprefix("http://")
    command = [sys.executable, str(program), address, server.grpc, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    return Stock(folder)
