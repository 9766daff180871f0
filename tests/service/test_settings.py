"""The environment is read once, whole, and refused in sentences that name the variable."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from models.repository import SHIPPED
from service.settings import Settings


def test_without_variables_the_defaults_hold():
    assert Settings.from_environment({}) == Settings()
    assert Settings().models == SHIPPED and Settings().max_rows == 10_000


def test_every_setting_can_be_set():
    given = {
        "models": "/tmp/elsewhere", "device": "cpu", "threads": "3", "workers": "2", "max_rows": "5",
        "max_stream_rows": "10",
        "max_body_bytes": "6", "batch_rows": "7", "queue_rows": "8", "timeout_seconds": "0.5",
        "refresh_seconds": "0.25", "keep_versions": "9", "api_key": "secret", "front_door": "public",
        "grpc_host": "0.0.0.0", "grpc_port": "4001",
        "drain_seconds": "2.5", "max_held_bytes": "11", "max_connections": "12", "head_seconds": "1.5",
        "body_seconds": "2.5", "write_seconds": "3.5", "idle_seconds": "4.5",
        "grpc": "grpcio", "grpc_certfile": "a.pem", "grpc_keyfile": "b.pem", "grpc_client_ca": "c.pem",
    }  # fmt: skip
    assert set(given) == {field.name for field in fields(Settings)}
    settings = Settings.from_environment({f"SERIESMITH_{name.upper()}": text for name, text in given.items()})
    assert {name: str(getattr(settings, name)) for name in given} == given
    assert settings.models == Path("/tmp/elsewhere") and settings.timeout_seconds == 0.5


def test_an_empty_variable_is_none():
    assert Settings.from_environment({"SERIESMITH_MAX_ROWS": "", "SERIESMITH_MODELS": ""}) == Settings()


def test_other_programs_variables_are_left_alone():
    assert Settings.from_environment({"WORKERS": "7", "OTHER_MAX_ROWS": "x"}) == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("DEVICE", "tpu", "must be one of: auto, cpu, cuda"),
        ("WORKERS", "two", "must be of type int"),
        ("TIMEOUT_SECONDS", "soon", "must be of type float"),
        ("WORKERS", "-1", "must be at least 0"),
        ("MAX_ROWS", "-1", "must be at least 1"),
        ("BATCH_ROWS", "-1", "must be at least 0"),
        ("KEEP_VERSIONS", "0", "must be at least 1"),
        ("MAX_BODY_BYTES", "0", "must be at least 1"),
        ("QUEUE_ROWS", "9999", "must be at least SERIESMITH_MAX_ROWS"),
        ("THREADS", "-1", "at least 0"),
        ("TIMEOUT_SECONDS", "0", "above 0"),
        ("TIMEOUT_SECONDS", "nan", "above 0"),
        ("REFRESH_SECONDS", "-1", "above 0"),
        ("GRPC_PORT", "70000", "from 0, for none, to 65535"),
        ("GRPC_PORT", "-1", "from 0, for none, to 65535"),
        ("GRPC", "netty", "must be one of: own, grpcio"),
        ("GRPC_KEYFILE", "key.pem", "needs SERIESMITH_GRPC_CERTFILE"),
        ("GRPC_CLIENT_CA", "ca.pem", "needs SERIESMITH_GRPC_CERTFILE"),
        ("MAXROWS", "5", "SERIESMITH_MAX_ROWS"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(variable: str, text: str, words: str):
    with pytest.raises(ValueError, match=words) as refused:
        Settings.from_environment({f"SERIESMITH_{variable}": text})
    assert f"SERIESMITH_{variable}" in str(refused.value)


def test_workers_share_the_cores():
    cores = Settings(workers=1).threads_per_call
    assert cores >= 1
    assert Settings(workers=cores).threads_per_call == Settings(workers=100 * cores).threads_per_call == 1
    assert Settings(workers=2, threads=5).threads_per_call == 5
    assert Settings().processes == max(1, cores // 4) and Settings(workers=3).processes == 3
