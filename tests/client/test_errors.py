"""The client's errors are the server's, by name and code, and a few of the way between them."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import seriesmith
from bundle import errors as server_errors
from seriesmith import (
    AsyncClient,
    Client,
    Interrupted,
    NotFound,
    SeriesmithClientError,
    Unauthenticated,
    Unexpected,
    Unsupported,
)
from seriesmith.errors import ERRORS
from tests.client.conftest import KEY, KINDS, list_urls, open_client
from tests.service.server import Server


def test_every_error_of_the_server_has_its_namesake():
    told = {
        error.code: error.__name__
        for error in server_errors.SeriesmithError.__subclasses__()
        if error is not server_errors.BundleError  # which a server logs, and tells nobody
    }
    ours = {code: error.__name__ for code, error in ERRORS.items()}
    assert told.items() <= ours.items()
    assert ours.keys() - told.keys() == {"unreachable", "interrupted", "unexpected"}
    assert all(getattr(seriesmith, name) is ERRORS[code] for code, name in ours.items())
    assert SeriesmithClientError.code == server_errors.SeriesmithError.code


@pytest.mark.parametrize(("scheme", "kind"), KINDS)
@pytest.mark.parametrize("key", [None, "wrong"])
def test_a_key_that_is_missing_or_wrong(guarded: Server, scheme: str, kind: str, key: str | None):
    with open_client(kind, list_urls(guarded)[scheme], api_key=key) as ask:
        for method in ("sample", "sample_stream"):
            with pytest.raises(Unauthenticated, match="Bearer"):
                ask(method, n_per_class=1, model="gunpoint")
    with open_client(kind, list_urls(guarded)[scheme], api_key=KEY) as ask:
        assert ask("sample", n_per_class=1, model="gunpoint").n_cases == 2


@pytest.mark.parametrize(("scheme", "kind"), KINDS)
def test_the_field_at_fault_is_named(server: Server, scheme: str, kind: str):
    with open_client(kind, list_urls(server)[scheme]) as ask, pytest.raises(NotFound, match="sines") as caught:
        ask("sample", n_per_class=1, model="none such")
    assert (caught.value.code, caught.value.field) == ("not_found", "model")


def test_what_a_model_cannot_do(server: Server):
    for url in list_urls(server).values():
        with Client(url) as connected, pytest.raises(Unsupported):
            connected.classify([[0.0] * 40], model="unlabelled")


def test_another_server_than_ours(server: Server):
    with Client(server.url + "/docs") as connected, pytest.raises(NotFound):
        connected.encode([[0.0]])
    with Client(f"http://{server.grpc}") as connected, pytest.raises((Unexpected, Interrupted)):
        connected.encode([[0.0]])


@pytest.mark.parametrize("url", ["localhost:3000", "http://", "ftp://host", "", "grpc:host:1"])
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_urls_that_are_none(url: str, kind: Any):
    with pytest.raises(ValueError, match="http://host:port, https://host:port, grpc://host:port, grpcs://host:port"):
        kind(url)


def test_a_client_goes_to_other_processes_and_shows_no_key(server: Server):
    with Client(server.url, api_key="a secret", timeout=3) as given:
        assert "secret" not in repr(given)
        assert copy.deepcopy(given) is given
        with pickle.loads(pickle.dumps(given)) as again:
            assert again is not given and again.sample(n_per_class=1, model="sines").n_cases == 3


def test_proxies_of_the_environment_are_not_used(server: Server, monkeypatch: pytest.MonkeyPatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for url in list_urls(server).values():
        with Client(url, retries=0) as connected:
            assert connected.sample(n_per_class=1, model="sines").n_cases == 3
