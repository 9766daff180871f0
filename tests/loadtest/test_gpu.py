"""The GPU check tells a wrong answer from a right one, and measures the same computation whichever way it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import CPU, Runtime
from loadtest import gpu
from loadtest.binding import GRAPHS, bind, draw_feeds, open_graph


def test_a_bound_graph_answers_as_a_plain_one_does(repository: Path) -> None:
    for name in GRAPHS:
        session = open_graph(repository / "sines" / "1" / f"{name}.onnx", CPU, Runtime("cpu", 1))
        feeds = draw_feeds(session, 8)
        binding = bind(session, feeds)
        session.run_with_iobinding(binding)
        for plain, bound in zip(session.run(None, feeds), binding.copy_outputs_to_cpu(), strict=True):
            np.testing.assert_array_equal(plain, bound)


def test_parity_is_seen_and_its_lack_too(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (Bundle.load(repository / "sines" / "1", Runtime("cpu", threads)) for threads in (0, 1))
    assert max(gpu.measure_parity(first, second).values()) < gpu.ALLOWED
    decode = second.decode
    monkeypatch.setattr(second, "decode", lambda latent: decode(latent) * np.float32(1.001))
    parity = gpu.measure_parity(first, second)
    assert parity["reconstruct"] > gpu.ALLOWED > parity["encode"]


def test_a_report_says_whether_a_gpu_was_there(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "ROWS", (4,))
    report = "\n".join(gpu.build_report(repository, 1, fits=False))
    [provider, *_] = Runtime("auto").providers
    assert ("No GPU was there" in report) == (provider == CPU)
    assert f"## sines/1 on {provider}" in report
    assert "| encoder | 4 |" in report and "| encode | 4 |" in report
