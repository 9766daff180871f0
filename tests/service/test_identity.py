"""Several keys, of which only hashes are stored: roles, limits, and rotation while the server runs."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bundle.errors import Forbidden, Overloaded, Unauthenticated
from service.grpc.status import build_metadata
from service.identity import Identity, require_keys
from service.keys import hash_key, make_entry, read_keys
from service.settings import Settings
from tests.service.server import ROOT, find_free_ports


def write_entry(name: str, key: str, roles: str = '["use"]', more: str = "") -> str:
    """One key in the file."""
    return f'[[keys]]\nname = "{name}"\nsha256 = "{hash_key(key.encode())}"\nroles = {roles}\n{more}\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two keys: one uses models, one manages them."""
    path = tmp_path / "keys.toml"
    path.write_text(write_entry("laboratory", "k1") + write_entry("operator", "k2", '["manage", "metrics"]'))
    return path


@pytest.mark.parametrize(
    "authorization",
    [b"Bearer k1", b"bearer k1", b"BEARER   k1", b"Bearer k1  ", b"  bEaReR\tk1".replace(b"\t", b" ")],
)
def test_the_scheme_is_read_whatever_its_case_and_blanks_around_the_key_are_trimmed(file: Path, authorization: bytes):
    assert Identity(Settings(keys=file)).identify(authorization).name == "laboratory"


@pytest.mark.parametrize("sent", [b"", b"k1", b"Bearer", b"Bearer ", b"Basic k1", b"Bearer k", b"Bearer k1 k2"])
def test_anything_but_a_known_key_is_refused(file: Path, sent: bytes):
    with pytest.raises(Unauthenticated, match="Authorization: Bearer"):
        Identity(Settings(keys=file)).identify(sent)


def test_a_browser_may_send_the_key_as_a_password_where_pages_are_read(file: Path):
    identity = Identity(Settings(keys=file))
    assert identity.identify_reader(b"Basic " + base64.b64encode(b"anyone:k1")).name == "laboratory"
    assert identity.identify_reader(b"Bearer k2").name == "operator"
    for wrong in (b"anyone:k", b"k1"):
        with pytest.raises(Unauthenticated):
            identity.identify_reader(b"Basic " + base64.b64encode(wrong))
    with pytest.raises(Unauthenticated):
        identity.identify_reader(b"Basic !")


def test_roles_say_what_a_key_may(file: Path):
    identity = Identity(Settings(keys=file, api_key="the single one"))
    laboratory, operator = identity.identify(b"Bearer k1"), identity.identify(b"Bearer k2")
    laboratory.require("use")
    operator.require("manage")
    with pytest.raises(Forbidden, match="'laboratory' has the roles use; this needs the role 'manage'"):
        laboratory.require("manage")
    with pytest.raises(Forbidden, match="'operator' has the roles manage, metrics"):
        operator.require("use")
    for role in ("use", "manage", "metrics"):
        identity.identify(b"Bearer the single one").require(role)


def test_without_keys_everyone_may_everything():
    anyone = Identity(Settings()).identify(b"")
    anyone.require("manage")
    anyone.enter()
    anyone.leave()


def test_a_key_has_as_many_requests_under_way_as_it_may(file: Path):
    file.write_text(write_entry("laboratory", "k1", more="concurrent_requests = 2"))
    caller = Identity(Settings(keys=file)).identify(b"Bearer k1")
    caller.enter()
    caller.enter()
    with pytest.raises(Overloaded, match="has 2 requests under way"):
        caller.enter()
    caller.leave()
    caller.enter()


def test_a_key_that_sends_too_fast_is_told_when_to_come_again(file: Path):
    file.write_text(write_entry("laboratory", "k1", more="requests_per_second = 0.5"))
    caller = Identity(Settings(keys=file)).identify(b"Bearer k1")
    caller.enter()
    with pytest.raises(Overloaded, match=r"0\.5 requests a second") as refused:
        caller.enter()
    assert 1 < refused.value.retry_after <= 2


def test_keys_are_rotated_while_requests_are_under_way(file: Path):
    identity = Identity(Settings(keys=file))
    before = identity.identify(b"Bearer k1")
    before.enter()
    file.write_text(write_entry("laboratory", "k3", more="concurrent_requests = 1"))
    identity.refresh()
    after = identity.identify(b"Bearer k3")
    with pytest.raises(Overloaded):
        after.enter()
    before.leave()
    after.enter()
    for gone in (b"Bearer k1", b"Bearer k2"):
        with pytest.raises(Unauthenticated):
            identity.identify(gone)


@pytest.mark.parametrize("content", ["", "keys = 3", "[[keys]]\nname = 'x'", "\0", "not toml"])
def test_a_file_that_is_wrong_keeps_the_keys_there_were(file: Path, content: str):
    identity = Identity(Settings(keys=file))
    file.write_text(content)
    identity.refresh()
    assert identity.identify(b"Bearer k1").name == "laboratory"
    with pytest.raises(ValueError, match="keys' file") as refused:
        Identity(Settings(keys=file))
    assert str(file) in str(refused.value)
    file.unlink()
    identity.refresh()
    assert identity.identify(b"Bearer k1").name == "laboratory"


def test_a_refusal_over_grpc_says_when_to_come_again():
    assert (b"retry-after", b"3") in build_metadata(Overloaded("later.", retry_after=2.1))


def test_an_entry_in_the_file_never_changes_the_single_key(file: Path):
    file.write_text(write_entry("SERIESMITH_API_KEY", "k1"))
    identity = Identity(Settings(keys=file, api_key="single"))
    file.write_text(write_entry("SERIESMITH_API_KEY", "k3", more="concurrent_requests = 1"))
    identity.refresh()
    identity.identify(b"Bearer single").require("manage")


def test_no_message_shows_a_hash(file: Path):
    secret = hash_key(b"k1")
    file.write_text(write_entry("laboratory", "k1") + write_entry("other", "k1"))
    with pytest.raises(ValueError, match="two keys of one sha256") as twice:
        read_keys(file)
    file.write_text(write_entry("laboratory", "k1").replace(secret, secret + "0"))
    with pytest.raises(ValueError, match=r"keys\.0\.sha256") as long:
        read_keys(file)
    assert secret not in f"{twice.value} {long.value}"


def test_the_command_makes_a_key_that_the_file_then_knows(tmp_path: Path):
    command = [sys.executable, "-m", "service.keys", "laboratory", "--roles", "use", "metrics"]
    made = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=dict(os.environ)).stdout
    key = made.splitlines()[1].removeprefix("# ")
    path = tmp_path / "keys.toml"
    path.write_text(made)
    caller = Identity(Settings(keys=path)).identify(f"Bearer {key}".encode())
    assert caller.name == "laboratory" and sorted(caller.roles) == ["metrics", "use"]
    assert tomllib.loads(make_entry("x", ["manage"])[1])["keys"][0]["roles"] == ["manage"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost", "127.8.8.8"])
def test_on_loopback_no_key_is_needed(host: str):
    require_keys(Settings(), [host])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "[::]", "10.0.0.1", "server.example"])
def test_where_other_machines_come_in_keys_are_needed_or_waived(host: str, file: Path):
    with pytest.raises(ValueError, match="SERIESMITH_KEYS.*SERIESMITH_ALLOW_ANONYMOUS"):
        require_keys(Settings(), ["127.0.0.1", host])
    for settings in (Settings(api_key="k"), Settings(keys=file), Settings(allow_anonymous=True)):
        require_keys(settings, [host])


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["--host", "0.0.0.0"], {}, "other machines reach '0.0.0.0'"),
        ([], {"SERIESMITH_GRPC_HOST": "0.0.0.0"}, "other machines reach '0.0.0.0'"),
        ([], {"SERIESMITH_KEYS": "/nowhere/keys.toml"}, "the keys' file /nowhere/keys.toml cannot be read"),
    ],
)
def test_a_server_that_would_let_anybody_in_does_not_start(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], said: str
):
    http, grpc = find_free_ports(2)
    given = ["--host", "127.0.0.1", *arguments, "--port", str(http)]
    environment = os.environ | {"BENTOML_HOME": str(tmp_path), "SERIESMITH_GRPC_PORT": str(grpc)} | variables
    command = [sys.executable, "-m", "bentoml", "serve", "service.app:Seriesmith", *given]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, env=environment)
    assert ended.returncode != 0 and said in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr
