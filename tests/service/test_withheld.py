"""What the gate keeps aside is in no server's hands, while it is fitted and after."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.service.bundles import Labelled, publish_copy
from tests.service.server import run_server, wait_until
from tests.service.test_refusals import assert_refused
from tests.training.test_withheld import NONSENSE
from training.fit import main
from training.publishing.aside import REASONS


def test_a_running_server_never_takes_up_what_is_kept_aside(
    repository: Path, tmp_path: Path, cases: Labelled, capsys: pytest.CaptureFixture[str]
):
    root = tmp_path / "models"
    shutil.copytree(repository / "sines", root / "sines")
    with run_server(tmp_path, root) as server:
        assert main([*NONSENSE, "--models", str(root)]) == 3
        reasons = (root / ".refused" / "sines" / "1" / REASONS).read_text()
        for words in ("reconstruction explains", "not recognise samples", "worse than version 1 in service"):
            assert words in reasons
        assert " ".join(reasons.splitlines()) in capsys.readouterr().err
        publish_copy(repository / "sines" / "1", root, "later", 1)
        wait_until(lambda: len(server.get("/models")["models"]) == 2, seconds=10, what="a look at the repository")
        listing = server.get("/models")
        assert [(card["name"], card["versions"]) for card in listing["models"]] == [("later", [1]), ("sines", [1])]
        assert listing["refused"] == []
        for model in (".refused", ".refused/sines", ".refused/sines/1"):
            assert_refused(server.post("classify", model=model, series=cases.series[:1]), 404, "not_found", "model")
        assert server.http.post("/v2/repository/models/.refused/load").status_code in (400, 404)
        assert server.answer("classify", model="sines", series=cases.series[:1])["version"] == 1
