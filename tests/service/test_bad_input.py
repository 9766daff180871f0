"""Bad input of every kind, at once: each is refused as the table says, no neighbour hears of it, no worker ends."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import httpx
import pytest

from tests.service.bad_input import Bad, list_cases
from tests.service.bundles import Labelled
from tests.service.server import Server, find_children

TABLE = list_cases()


@pytest.fixture(scope="module")
def heard(server: Server, cases: Labelled) -> dict[str, str]:
    """What is wrong with the answer to each, "" where nothing is; and under "neighbour" and "workers" with theirs."""
    before = find_children(server.pid)
    done = threading.Event()
    with ThreadPoolExecutor(9) as pool, grpc.insecure_channel(server.grpc) as channel:
        neighbour = pool.submit(_find_change, server, cases, done)
        answers = pool.map(lambda bad: _judge(server, channel, bad), TABLE)
        faults = {bad.name: fault for bad, fault in zip(TABLE, answers, strict=True)}
        done.set()
        changed = neighbour.result()
    restarted = (
        "" if find_children(server.pid) == before else f"there were {before}, and are {find_children(server.pid)}"
    )
    return faults | {"neighbour": changed, "workers": restarted}


def test_there_are_three_hundred_and_each_has_a_name_of_its_own():
    assert len(TABLE) >= 300 and len({bad.name for bad in TABLE}) == len(TABLE)


def test_each_is_refused_as_the_table_says(heard: dict[str, str]):
    wrong = {name: fault for name, fault in heard.items() if fault and name not in ("neighbour", "workers")}
    assert not wrong, "\n".join(f"{name}: {fault}" for name, fault in wrong.items())


def test_no_answer_of_a_neighbour_changes_and_no_worker_ends(heard: dict[str, str]):
    assert (heard["neighbour"], heard["workers"]) == ("", "")


def _judge(server: Server, channel: grpc.Channel, bad: Bad) -> str:
    if isinstance(bad.status, str):
        return _judge_call(channel, bad)
    response = server.http.request(bad.method, bad.path, content=bad.body, headers=_expect_typed(bad))
    if response.status_code != bad.status:
        return f"{response.status_code} {response.text[:200]}"
    return _judge_error(response, bad)


def _expect_typed(bad: Bad) -> dict[str, str]:
    return {"content-type": "application/json"} | bad.headers


def _judge_error(response: httpx.Response, bad: Bad) -> str:
    """The one shape of errors; the protocol's own under /v2."""
    error: Any = response.json()["error"]
    if bad.path.startswith("/v2"):
        message, field = error, None
    else:
        if not {"code", "message"} <= set(error) <= {"code", "message", "field"}:
            return f"its error is {error}"
        message, field = error["message"], error.get("field")
    if bad.at is not None and field != bad.at:
        return f"it names the field {field}: {message[:200]}"
    return _judge_words(message, bad)


def _judge_words(message: str, bad: Bad) -> str:
    if len(message) > 1500 or not message.endswith((".", "…")):
        return f"its message of {len(message)} characters ends in {message[-50:]!r}"
    missing = [word for word in bad.words if word not in message]
    return f"no {missing} in: {message[:300]}" if missing else ""


def _judge_call(channel: grpc.Channel, bad: Bad) -> str:
    kind = channel.unary_stream if bad.path.endswith("Stream") else channel.unary_unary
    try:
        answer = kind(bad.path)(bad.body, timeout=60)
        if bad.path.endswith("Stream"):
            list(answer)
    except grpc.RpcError as error:
        failed: Any = error
        if failed.code().name != bad.status:
            return f"{failed.code().name} {failed.details()[:200]}"
        return _judge_words(failed.details(), bad)
    return "it was answered"


def _find_change(server: Server, cases: Labelled, done: threading.Event) -> str:
    """What changed in a seeded answer, asked for until `done`."""
    body = {"model": "sines", "n_per_class": 3, "seed": 1}
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as http:
        first = http.post("/sample", json=body).content
        while not done.wait(0.05):
            if (now := http.post("/sample", json=body)).content != first:
                return now.text[:200]
    return ""
