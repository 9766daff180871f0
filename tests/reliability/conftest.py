"""What the suite shares. It ends with one table of every request that it sent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from tests.reliability.ledger import LEDGERS, write_table
from tests.reliability.load import Payloads
from tests.reliability.sizes import SHORT, WHOLE, Sizes
from training import data as datasets


@pytest.fixture(scope="session")
def sizes(pytestconfig: pytest.Config) -> Sizes:
    """Short where the marker `gate` chose the tests, as it does in `make test`."""
    return SHORT if "gate" in pytestconfig.option.markexpr else WHOLE


@pytest.fixture(scope="session")
def payloads(sines: Bundle) -> Payloads:
    """Distinct series, and the answer to each alone."""
    test = datasets.load("sines").test
    assert test is not None
    draw = np.random.default_rng(0)
    series = np.concatenate([test.series + draw.normal(0, 0.05, test.series.shape) for _ in range(4)])
    return Payloads.make(sines, series.astype(np.float32))


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MiB of its own; skipped where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or os.system(f"mount -t tmpfs -o size=64m tmpfs {folder} 2>/dev/null") != 0:
        pytest.skip("mounting a disk needs root")
    try:
        yield folder
    finally:
        os.system(f"umount -l {folder}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table; write it where RELIABILITY_TABLE says."""
    if not LEDGERS:
        return
    table = write_table(LEDGERS)
    terminalreporter.write_line("\n" + table)
    if path := os.environ.get("RELIABILITY_TABLE"):
        Path(path).write_text(table + "\n")
