"""Numbers at the edge of float32 and beyond it, over every wire: answered or refused, without a word in the log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.service.inference.conversation import build_tensor, infer
from tests.service.server import Server, run_server
from tests.service.test_bodies import EXTREMES
from tests.service.wires import ARROW, write_arrow, write_octets

BEYOND = {
    "beyond float32": np.full(64, 1e39),
    "beyond float32, below": np.full(64, -1e300),
    "one beyond float32": np.where(np.arange(64) == 9, 4e38, 1.0),
}
OPERATIONS = ("encode", "reconstruct", "classify", "augment")


@pytest.fixture(scope="module")
def quiet(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose log is read when all is asked: it may say nothing of numbers."""
    folder = tmp_path_factory.mktemp("quiet")
    with run_server(folder, repository) as running:
        yield running
    log = (folder / "server.log").read_text()
    assert "Warning" not in log and "Traceback" not in log, log


def fields(operation: str, series: np.ndarray) -> dict[str, Any]:
    """Of a request, with all that can be asked for."""
    more: dict[str, dict[str, Any]] = {
        "reconstruct": {"with": ["timepoint_error"]},
        "classify": {"with": ["typicality"]},
        "augment": {"labels": [1] * len(series), "strategy": {"factor": 3.0 if len(series) == 1 else 1.0}},
    }
    return {"model": "sines", "series": series} | more.get(operation, {})


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", [*EXTREMES, *BEYOND])
@pytest.mark.parametrize("n_cases", [1, 600])
def test_extremes_leave_the_log_clean(quiet: Server, operation: str, kind: str, n_cases: int):
    """600 cases of JSON are read in pieces."""
    series = np.stack([(EXTREMES | BEYOND)[kind]] * 2)[None].repeat(n_cases, axis=0)
    expected = {400} if kind in BEYOND else {200, 400}
    given = fields(operation, series)
    assert quiet.post(operation, **given).status_code in expected
    inputs = [build_tensor("series", series, "FP64")]
    inputs += [build_tensor("labels", ["1"] * n_cases, "BYTES")] if operation == "augment" else []
    assert infer(quiet, f"sines.{operation}", *inputs).status_code in expected
    with np.errstate(over="ignore"):
        content, headers = write_octets(given)
        columns = write_arrow(given)
    assert quiet.send(operation, columns, content_type=ARROW).status_code in expected
    assert quiet.send(operation, content, **headers).status_code in expected
