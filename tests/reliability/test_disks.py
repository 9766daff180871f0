"""Under steady load on every wire, bundles come and go and disks are full: every request is accounted for."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from bundle.errors import BundleError
from bundle.publish import publish
from tests.reliability.ledger import open_ledger
from tests.reliability.load import Payloads, load_steadily, wait_for_answers
from tests.reliability.processes import find_workers
from tests.reliability.sizes import Sizes
from tests.service.bundles import publish_copy
from tests.service.server import Server, run_server, wait_until

pytestmark = pytest.mark.reliability


@pytest.mark.gate
def test_refreshes_under_load(repository: Path, tmp_path: Path, payloads: Payloads, sizes: Sizes):
    ledger = open_ledger(f"{sizes.versions} new versions while serving")
    root = tmp_path / "models"
    publish_copy(repository / "sines" / "1", root, "sines", 1)
    with run_server(tmp_path, root, refresh_seconds=0.1) as server, load_steadily(server, payloads, ledger, pause=0.05):
        wait_for_answers(ledger, 50)
        for version in range(2, sizes.versions + 2):
            publish_copy(repository / "sines" / "1", root, "sines", version)
            shutil.rmtree(root / "sines" / str(version - 4), ignore_errors=True)
            if version % 10 == 0:
                _wait_until_served(server, version)
        _wait_until_served(server, sizes.versions + 1)
        wait_for_answers(ledger, 50)
    ledger.require_none("wrong", "lost", "refused")


def _wait_until_served(server: Server, version: int) -> None:
    wait_until(lambda: server.get("/models/sines")["version"] == version, seconds=60, what=f"version {version}")


def test_the_models_folder_may_go_and_come_back(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("the models folder removed for 3 s")
    root = tmp_path / "models"
    publish_copy(repository / "sines" / "1", root, "sines", 1)
    with run_server(tmp_path, root) as server, load_steadily(server, payloads, ledger):
        wait_for_answers(ledger, 50)
        root.rename(tmp_path / "elsewhere")
        time.sleep(3)
        (tmp_path / "elsewhere").rename(root)
        wait_for_answers(ledger, 50)
        publish_copy(repository / "sines" / "1", root, "sines", 2)
        _wait_until_served(server, 2)
    ledger.require_none("wrong", "lost", "refused")


def test_a_full_disk_while_a_bundle_is_published(repository: Path, tmp_path: Path, tmpfs: Path, payloads: Payloads):
    ledger = open_ledger("the disk of the models full")
    publish_copy(repository / "sines" / "1", tmpfs, "sines", 1)
    with run_server(tmp_path, tmpfs) as server, load_steadily(server, payloads, ledger):
        wait_for_answers(ledger, 50)
        with pytest.raises(BundleError, match=r"[Nn]o space"):
            publish(tmpfs, "sines", {"large.onnx": bytes(2**27)}, lambda version: pytest.fail("never asked"))
        assert sorted(entry.name for entry in (tmpfs / "sines").iterdir()) == ["1"]
        wait_for_answers(ledger, 50)
    ledger.require_none("wrong", "lost", "refused")


@pytest.mark.gate
def test_a_full_disk_under_the_server(repository: Path, tmpfs: Path, payloads: Payloads, sizes: Sizes):
    ledger = open_ledger("the disk under BENTOML_HOME full")
    with run_server(tmpfs, repository) as server, load_steadily(server, payloads, ledger):
        wait_for_answers(ledger, 50)
        before = find_workers(server)
        _fill(tmpfs / "filling")
        wait_for_answers(ledger, 2 * sizes.answers)
        assert server.http.get("/metrics").status_code == 200
        ledger.restarted += len(set(find_workers(server)) - set(before))
        (tmpfs / "filling").unlink()
    ledger.require_none("wrong", "lost", "refused")
    assert ledger.restarted == 0


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as handle:
        try:
            while handle.write(bytes(2**16)):
                pass
        except OSError:
            return
