"""What the gate keeps aside is in no server's hands, while it is fitted and after."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import take_steps
from tests.service.bundles import Labelled, publish_copy
from tests.service.server import run_server, wait_until
from tests.service.test_refusals import assert_refused
from tests.training.test_fit import make_brief
from training.fit import fit_and_publish
from training.publishing.aside import Withheld


def test_a_running_server_never_takes_up_what_is_kept_aside(repository: Path, tmp_path: Path, cases: Labelled):
    root = tmp_path / "models"
    shutil.copytree(repository / "sines", root / "sines")
    with run_server(tmp_path, root) as server:
        nonsense = make_brief(dataset="sines", models=root, policy="none", force=False, **take_steps(1, 1, 1))
        with pytest.raises(Withheld) as caught:
            fit_and_publish(nonsense)
        assert caught.value.directory == root / ".refused" / "sines" / "1"
        publish_copy(repository / "sines" / "1", root, "later", 1)
        wait_until(lambda: len(server.get("/models")["models"]) == 2, seconds=10, what="a look at the repository")
        listing = server.get("/models")
        assert [(card["name"], card["versions"]) for card in listing["models"]] == [("later", [1]), ("sines", [1])]
        assert listing["refused"] == []
        for model in (".refused", ".refused/sines", ".refused/sines/1"):
            assert_refused(server.post("classify", model=model, series=cases.series[:1]), 404, "not_found", "model")
        loaded = server.http.post("/v2/repository/models/.refused/load")
        assert loaded.status_code in (400, 404)
        assert server.answer("classify", model="sines", series=cases.series[:1])["version"] == 1
