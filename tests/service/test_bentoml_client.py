"""BentoML's own client calls every operation; the one private path of BentoML that we use is where we expect it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator

import bentoml
import numpy as np
import pytest
from _bentoml_sdk import Service

from service.operations import OPERATIONS
from tests.service.bundles import OF_SINES, Labelled
from tests.service.server import ROOT, Server
from tests.service.test_refusals import build_good


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[bentoml.SyncHTTPClient]:
    """Connected to the server; it learns the operations from the server's schema."""
    with bentoml.SyncHTTPClient(server.url) as connected:
        yield connected


def _build_fields(operation: str, cases: Labelled) -> dict:
    series = {"model": "sines", "series": cases.series[:3].tolist()}
    requests: dict[str, dict] = {
        "augment": series | {"labels": [0, 1, 2], "strategy": {"factor": 2.0}, "seed": 1},
        "sample": {"model": "sines", "counts": {"2": 2, "0": 1}, "seed": 1},
        "complete": {"model": "sines", "series": cases.series[:3, :, :50].tolist(), "n": 2, "seed": 1},
        **{name: build_good(name, cases) for name in ("decode", "interpolate", "traverse", "neighbours")},
    }
    return requests.get(operation, series)


@pytest.mark.parametrize("operation", OF_SINES)
def test_bentomls_client_gets_the_same_answer_as_any_other(
    server: Server, client: bentoml.SyncHTTPClient, cases: Labelled, operation: str
):
    fields = _build_fields(operation, cases)
    answer = getattr(client, operation)(**fields)
    expected = server.answer(operation, **fields)
    assert set(answer) == set(expected)
    for name, value in expected.items():
        if isinstance(value, list) and name not in ("labels", "classes"):
            assert np.allclose(answer[name], value, rtol=1e-5, atol=1e-6)
        else:
            assert answer[name] == value


def test_bentomls_client_knows_the_operations_and_no_more(client: bentoml.SyncHTTPClient):
    assert set(client.endpoints) == set(OPERATIONS)


def test_bentomls_client_raises_our_refusal(client: bentoml.SyncHTTPClient):
    with pytest.raises(bentoml.exceptions.BentoMLException, match="zero cases"):
        client.classify(model="sines", series=[])


def test_bentoml_still_asks_to_asgi_for_a_workers_application():
    """The front door overrides it; should this fail, read service/front_door.py and BentoML's worker."""
    assert list(inspect.signature(Service.to_asgi).parameters) == ["self", "is_main"]
    assert inspect.signature(Service.to_asgi).parameters["is_main"].default is True


def test_a_worker_serves_the_front_door():
    code = (
        "from service.app import Seriesmith; from service.http.asgi import HttpApplication;"
        "assert isinstance(Seriesmith.to_asgi(is_main=True), HttpApplication)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_our_paths_do_not_pass_bentomls_stack(server: Server):
    """BentoML signs what passes it."""
    assert "server" not in server.post("sample", model="sines", n_per_class=1).headers
