"""Who trusts some keys takes what they signed, whole, and nothing else."""

from __future__ import annotations

import json
import random
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from bundle.engine.bundle import Bundle, Terms
from bundle.engine.sessions import Runtime
from bundle.errors import BundleError
from bundle.manifest import read_manifest
from bundle.publish import publish
from bundle.reading import Unreadable
from bundle.signing import main, make_signer, read_public_keys, sign, write_key_pair
from tests.bundle.breaking import SMALL, copy_bundle

CPU = Runtime("cpu", 1)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key; its public key lies beside it."""
    write_key_pair(tmp_path / "key.pem")
    return tmp_path / "key.pem"


def trust(*keys: Path) -> Terms:
    """Terms of who trusts the public keys of some private ones."""
    file = keys[0].with_name("trusted")
    file.write_text("# who may publish\n" + "".join(key.with_name(key.name + ".pub").read_text() for key in keys))
    return Terms(trusted_keys=file)


def test_what_is_signed_by_a_trusted_key_is_taken(tmp_path: Path, key: Path) -> None:
    directory = copy_bundle(tmp_path)
    sign(key, directory)
    write_key_pair(tmp_path / "other.pem")
    assert Bundle.load(directory, CPU, trust(tmp_path / "other.pem", key)).manifest.name == "basicmotions"
    assert [file.name for file in directory.iterdir() if file.name.startswith(".")] == []


def test_what_is_not_signed_or_by_another_key_is_refused(tmp_path: Path, key: Path) -> None:
    directory = copy_bundle(tmp_path)
    terms = trust(key)
    with pytest.raises(BundleError, match="is not signed"):
        Bundle.load(directory, CPU, terms)
    write_key_pair(tmp_path / "other.pem")
    sign(tmp_path / "other.pem", directory)
    with pytest.raises(BundleError, match="not the signature of this manifest"):
        Bundle.load(directory, CPU, terms)
    assert Bundle.load(directory, CPU)


def test_a_flipped_bit_anywhere_in_a_signed_bundle_is_refused(tmp_path: Path, key: Path) -> None:
    directory = copy_bundle(tmp_path)
    sign(key, directory)
    terms, chance = trust(key), random.Random(0)
    for file in directory.iterdir():
        content = file.read_bytes()
        for _ in range(20):
            # The last of manifest.sig is a line's end, which says nothing.
            flipped, at = bytearray(content), chance.randrange(len(content) - 1)
            flipped[at] ^= 1 << chance.randrange(8)
            file.write_bytes(flipped)
            with pytest.raises(BundleError):
                Bundle.load(directory, CPU, terms)
        file.write_bytes(content)
    assert Bundle.load(directory, CPU, terms)


def test_a_signature_of_another_version_is_refused(tmp_path: Path, key: Path) -> None:
    first, second = copy_bundle(tmp_path), copy_bundle(tmp_path, version=2)
    for directory in (first, second):
        sign(key, directory)
    (second / "manifest.sig").write_bytes((first / "manifest.sig").read_bytes())
    with pytest.raises(BundleError, match="not the signature"):
        Bundle.load(second, CPU, trust(key))
    (second / "manifest.json").write_bytes((first / "manifest.json").read_bytes())
    with pytest.raises(BundleError, match="basicmotions/2"):
        Bundle.load(second, CPU, trust(key))


@pytest.mark.parametrize("content", [b"", b"#\n", b"nonsense\n", b"AAAA\n", b"-----BEGIN PUBLIC KEY-----\n"])
def test_a_file_without_keys_lets_nothing_pass(tmp_path: Path, key: Path, content: bytes) -> None:
    directory = copy_bundle(tmp_path)
    sign(key, directory)
    (tmp_path / "trusted").write_bytes(content)
    with pytest.raises(Unreadable):
        Bundle.load(directory, CPU, Terms(trusted_keys=tmp_path / "trusted"))
    with pytest.raises(Unreadable, match="cannot be read"):
        Bundle.load(directory, CPU, Terms(trusted_keys=tmp_path / "absent"))


def test_keys_are_read_as_pem_too_and_of_ed25519_only(tmp_path: Path, key: Path) -> None:
    (one,) = read_public_keys(key.with_name("key.pem.pub"))
    kinds = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    pem = one.public_bytes(*kinds)
    (tmp_path / "pem").write_bytes(b"# one\n" + pem + pem)
    assert read_public_keys(tmp_path / "pem") == [one, one]
    (tmp_path / "pem").write_bytes(generate_private_key(SECP256R1()).public_key().public_bytes(*kinds))
    with pytest.raises(Unreadable, match="not of Ed25519"):
        read_public_keys(tmp_path / "pem")


def test_publishing_signs_where_it_is_given_a_key(tmp_path: Path, key: Path) -> None:
    files = {file.name: file.read_bytes() for file in SMALL.iterdir() if file.name != "manifest.json"}
    manifest = read_manifest((SMALL / "manifest.json").read_bytes())
    for version in (1, 2):
        directory = publish(
            tmp_path / "models",
            "basicmotions",
            files,
            lambda version: manifest.model_copy(update={"version": version}),
            make_signer(key),
        )
        assert Bundle.load(directory, CPU, trust(key)).manifest.version == version


def test_the_commands_make_a_key_sign_and_verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, directory = tmp_path / "key.pem", copy_bundle(tmp_path / "models")
    command = [sys.executable, "-m", "bundle.signing", "keygen", str(key)]
    subprocess.run(command, check=True, cwd=SMALL.parents[4])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert main(["verify", f"{key}.pub", str(directory)]) == 2
    assert main(["sign", str(key), str(directory)]) == 0
    assert main(["verify", f"{key}.pub", str(directory)]) == 0
    assert main(["keygen", str(key)]) == 2
    said = capsys.readouterr()
    assert "is signed by a key" in said.out and "cannot be written: File exists" in said.err
    assert "PRIVATE" not in said.out + said.err
    manifest = json.loads((directory / "manifest.json").read_bytes())
    (directory / "manifest.json").write_text(json.dumps(manifest | {"expansion": 3.5}))
    assert main(["verify", f"{key}.pub", str(directory)]) == 2
    assert main(["sign", str(tmp_path / "absent"), str(directory)]) == 2
