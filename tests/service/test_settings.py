"""The environment is read once, whole, and refused in sentences that name the variable."""

from __future__ import annotations

import tempfile
from dataclasses import fields
from pathlib import Path

import pytest

from bundle.repository import SHIPPED
from service.settings import HOSTS, Settings, describe_hosts, find_hosts, require_writable, review_environment


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
        "drain_seconds": "2.5", "max_held_bytes": "10", "max_connections": "11", "head_seconds": "1.5",
        "body_seconds": "3.5", "write_seconds": "4.5", "idle_seconds": "5.5",
        "grpc": "grpcio", "grpc_certfile": "a.pem", "grpc_keyfile": "b.pem", "grpc_client_ca": "c.pem",
        "keys": "/tmp/keys.toml", "manage_models": "True", "allow_anonymous": "True",
        "load_seconds": "6.5", "max_bundle_bytes": "13", "trial_bytes": "14", "trusted_keys": "/tmp/trusted.pem",
        "mount": "none", "access_log": "refused", "log_file": "/tmp/requests.jsonl", "slow_seconds": "0.5",
        "traces": "otlp", "gpu_bytes": "15", "drift_rows": "3",
        "registry_cache": "/tmp/cache", "registry_seconds": "7.5",
    }  # fmt: skip
    assert set(given) == {field.name for field in fields(Settings)}
    settings = Settings.from_environment({f"SERIESMITH_{name.upper()}": text for name, text in given.items()})
    assert {name: str(getattr(settings, name)) for name in given} == given
    assert settings.models == Path("/tmp/elsewhere") and settings.timeout_seconds == 0.5


def test_models_are_a_folder_or_a_url_that_is_mirrored_in_the_cache():
    assert Settings.from_environment({"SERIESMITH_MODELS": "here/models"}).repository == Path("here/models")
    given = {"SERIESMITH_MODELS": "s3://shelf/models#@champion", "SERIESMITH_REGISTRY_CACHE": "/tmp/cache"}
    settings = Settings.from_environment(given)
    assert settings.models == "s3://shelf/models#@champion" and settings.repository.parent == Path("/tmp/cache")
    others = [given | {"SERIESMITH_MODELS": "s3://shelf/models"}, given | {"SERIESMITH_KEEP_VERSIONS": "1"}]
    assert len({settings.repository, *(Settings.from_environment(other).repository for other in others)}) == 3


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
        ("REGISTRY_SECONDS", "0", "above 0"),
        ("MODELS", "s3://shelf/models#A", "write NAME, NAME@ALIAS or @ALIAS"),
        ("GRPC_PORT", "70000", "from 0, for none, to 65535"),
        ("GRPC_PORT", "-1", "from 0, for none, to 65535"),
        ("MAX_HELD_BYTES", "0", "must be at least 1"),
        ("MAX_CONNECTIONS", "-1", "must be at least 1"),
        ("HEAD_SECONDS", "0", "above 0"),
        ("BODY_SECONDS", "inf", "above 0"),
        ("WRITE_SECONDS", "-1", "above 0"),
        ("IDLE_SECONDS", "nan", "above 0"),
        ("SLOW_SECONDS", "-1", "at least 0"),
        ("DRIFT_ROWS", "-1", "at least 0"),
        ("ACCESS_LOG", "some", "must be one of: off, refused, all"),
        ("TRACES", "jaeger", "must be one of: off, otlp"),
        ("GRPC_PORT", "tcp:3001", "must be of type int"),
        ("GRPC", "netty", "must be one of: own, grpcio"),
        ("GRPC_KEYFILE", "key.pem", "needs SERIESMITH_GRPC_CERTFILE"),
        ("GRPC_CLIENT_CA", "ca.pem", "needs SERIESMITH_GRPC_CERTFILE"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(variable: str, text: str, words: str):
    with pytest.raises(ValueError, match=words) as refused:
        Settings.from_environment({f"SERIESMITH_{variable}": text})
    assert f"SERIESMITH_{variable}" in str(refused.value)


LINKS = {
    "SERIESMITH_PORT": "tcp://10.96.0.7:3000",
    "SERIESMITH_SERVICE_HOST": "10.96.0.7",
    "SERIESMITH_SERVICE_PORT": "3000",
    "SERIESMITH_SERVICE_PORT_HTTP": "3000",
    "SERIESMITH_PORT_3000_TCP": "tcp://10.96.0.7:3000",
    "SERIESMITH_PORT_3000_TCP_PROTO": "tcp",
    "SERIESMITH_PORT_3000_TCP_PORT": "3000",
    "SERIESMITH_PORT_3000_TCP_ADDR": "10.96.0.7",
    "SERIESMITH_CANARY_SERVICE_HOST": "10.96.0.8",
    "SERIESMITH_CANARY_PORT": "tcp://[fd00::7]:3000",
}
"""What Kubernetes and Docker set for services named `seriesmith` and `seriesmith-canary`."""


def test_the_links_to_services_are_no_settings():
    assert Settings.from_environment(LINKS) == Settings()
    assert review_environment(LINKS) == []


def test_a_link_in_the_place_of_a_setting_is_ignored_and_said():
    linked = {"SERIESMITH_GRPC_PORT": "tcp://10.0.0.1:3001"}
    assert Settings.from_environment(linked) == Settings()
    (said,) = review_environment(linked)
    assert "SERIESMITH_GRPC_PORT" in said and "tcp://10.0.0.1:3001" in said and "default" in said


def test_a_variable_that_is_no_setting_is_said_with_the_nearest_that_is():
    given = {"SERIESMITH_MAXROWS": "5", "SERIESMITH_GRPC_PROT": "1", "SERIESMITH_WORKERS": "2", "MAX_ROWS": "7"}
    assert Settings.from_environment(given) == Settings(workers=2)
    first, second = review_environment(given)
    assert "SERIESMITH_GRPC_PROT is no setting" in first and "did you mean SERIESMITH_GRPC_PORT?" in first
    assert "SERIESMITH_MAXROWS is no setting" in second and "did you mean SERIESMITH_MAX_ROWS?" in second


def test_folders_that_cannot_be_written_to_are_refused_by_variable(tmp_path: Path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(OSError, match=r"BENTOML_HOME .* TMPDIR"):
        require_writable()
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "home"))
    require_writable()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(OSError, match="TMPDIR"):
        require_writable()


def test_workers_share_the_cores():
    cores = Settings(workers=1).threads_per_call
    assert cores >= 1
    assert Settings(workers=cores).threads_per_call == Settings(workers=100 * cores).threads_per_call == 1
    assert Settings(workers=2, threads=5).threads_per_call == 5
    assert Settings().processes == max(1, cores // 4) and Settings(workers=3).processes == 3


def test_a_worker_knows_the_hosts_from_its_supervisor_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(HOSTS, raising=False)
    assert find_hosts() is None
    for hosts in ((), ("127.0.0.1",), ("::", "0.0.0.0")):
        monkeypatch.setenv(HOSTS, describe_hosts(hosts)[HOSTS])
        assert find_hosts() == hosts
    assert not review_environment(describe_hosts(["::"]))  # it is no setting, and none that looks like one
