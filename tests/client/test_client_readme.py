"""client/README.md runs: its example of batches, against the shipped bundles, shows the difference that it says.

The scores themselves differ a little from one build of PyTorch to another.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bundle.repository import SHIPPED
from tests.service.server import ROOT, run_server
from tests.test_readme import EXAMPLE, NUMBER


@pytest.mark.long
def test_the_example_of_batches_shows_the_difference_that_it_says(tmp_path: Path):
    section = (ROOT / "client" / "README.md").read_text().partition("## Batches\n")[2]
    [(_, code, said)] = EXAMPLE.findall(section)
    with run_server(tmp_path, SHIPPED) as running:
        code = f"import torch\ntorch.set_num_threads(1)\n{code}".replace("http://localhost:3000", running.url)
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    print(ended.stdout)
    assert NUMBER.sub("#", ended.stdout.strip()) == NUMBER.sub("#", said)
    alone, mixed, *_ = map(float, NUMBER.findall(ended.stdout))
    assert mixed > alone
