"""Signs manifests, and with them every file whose hash they hold; a reader with trusted keys refuses all others.

`python -m bundle.signing keygen key.pem` writes a private key to `key.pem` and its public key to `key.pem.pub`;
`sign key.pem models/<name>/<version>` signs a published bundle; `verify keys models/<name>/<version>` checks one.
The signature is Ed25519 (RFC 8032) over the bytes of manifest.json, as base64 in manifest.sig.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import os
import sys
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bundle.errors import BundleError
from bundle.reading import MANIFEST_BYTES, Folder, Unreadable
from bundle.writing import write_whole

FILE = "manifest.sig"
SIGNATURE_BYTES = 1024
"""Most bytes of manifest.sig; it has 89."""

KEYS_BYTES = 2**20

Signer = Callable[[bytes], bytes]
"""From the bytes of manifest.json to those of manifest.sig."""


class KeyFileError(Unreadable):
    """A file of keys cannot be read, or holds what is no key."""


def check_signature(folder: Folder, manifest: bytes, trusted_keys: Path) -> None:
    """Raise `BundleError` unless one of the keys in the file `trusted_keys` signed `manifest`.

    The file is read each time, so that keys come and go without a restart.
    """
    keys = read_public_keys(trusted_keys)
    if not folder.has(FILE):
        raise BundleError(f"it is not signed, and only bundles signed by a key of {trusted_keys.name} are served.")
    try:
        signature = base64.b64decode(folder.read(FILE, SIGNATURE_BYTES).strip(), validate=True)
    except binascii.Error as error:
        raise BundleError(f"{FILE} is no signature: {error}.") from error
    if not any(_has_signed(key, signature, manifest) for key in keys):
        raise BundleError(f"{FILE} is not the signature of this manifest by a key of {trusted_keys.name}.")


def _has_signed(key: Ed25519PublicKey, signature: bytes, manifest: bytes) -> bool:
    try:
        key.verify(signature, manifest)
    except InvalidSignature:
        return False
    return True


def make_signer(private_key: Path) -> Signer:
    """Make the function that signs manifests with a private key (PEM). Raises `KeyFileError`."""
    try:
        key = serialization.load_pem_private_key(_read(private_key), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{private_key} holds no private key in PEM without a password: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{private_key} holds a key that is not of Ed25519.")
    return lambda manifest: base64.b64encode(key.sign(manifest)) + b"\n"


def read_public_keys(file: Path) -> list[Ed25519PublicKey]:
    """Read the keys of a file: PEM blocks, or a line each with base64 of its 32 bytes; # begins a comment.

    Raises `KeyFileError` where there is none, or anything else beside.
    """
    keys, block = [], b""
    for line in _read(file).splitlines():
        line = line.strip()
        if block or line.startswith(b"-----BEGIN"):
            block += line + b"\n"
            if line.startswith(b"-----END"):
                keys.append(_read_pem_key(file, block))
                block = b""
        elif line and not line.startswith(b"#"):
            keys.append(_read_plain_key(file, line))
    if block or not keys:
        raise KeyFileError(f"{file} holds {'half a public key' if block else 'no public key'}.")
    return keys


def _read_pem_key(file: Path, block: bytes) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{file} holds what is no public key: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{file} holds a key that is not of Ed25519.")
    return key


def _read_plain_key(file: Path, line: bytes) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(line, validate=True))
    except (ValueError, binascii.Error) as error:
        raise KeyFileError(f"{file} has a line that is no public key: {error}") from error


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as handle:
            content = handle.read(KEYS_BYTES + 1)
    except OSError as error:
        raise KeyFileError(f"{file} cannot be read: {error.strerror}.") from error
    if len(content) > KEYS_BYTES:
        raise KeyFileError(f"{file} has more than {KEYS_BYTES} bytes.")
    return content


def write_key_pair(file: Path) -> Path:
    """Write a new private key to `file`, readable by its owner alone; return the public key's file. Overwrites none."""
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    shown = base64.b64encode(key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))
    public = file.with_name(file.name + ".pub")
    for path, content, mode in ((file, secret, 0o600), (public, shown + b"\n", 0o644)):
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as handle:
                handle.write(content)
        except OSError as error:
            raise KeyFileError(f"{path} cannot be written: {error.strerror}.") from error
    return public


def sign(private_key: Path, directory: Path) -> None:
    """Sign the bundle in `directory`. Raises `BundleError`."""
    make = make_signer(private_key)
    with Folder(directory) as folder:
        manifest = folder.read("manifest.json", MANIFEST_BYTES)
    try:
        write_whole(directory / FILE, make(manifest))
    except OSError as error:
        raise BundleError(f"{directory / FILE} cannot be written: {error.strerror}.") from error


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m bundle.signing", description="Sign bundles, and check signatures.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, first, does in (
        ("keygen", "key", "write a new private key, and its public key beside it as <key>.pub"),
        ("sign", "key", "sign a published bundle with a private key"),
        ("verify", "keys", "check that a bundle is signed by one of the public keys in a file"),
    ):
        command = commands.add_parser(name, help=does)
        command.add_argument(first, type=Path)
        if name != "keygen":
            command.add_argument("bundle", type=Path, help="models/<name>/<version>")
    given = parser.parse_args(arguments)
    try:
        if given.command == "keygen":
            print(f"public key: {write_key_pair(given.key)}")
        elif given.command == "sign":
            sign(given.key, given.bundle)
        else:
            with Folder(given.bundle) as folder:
                check_signature(folder, folder.read("manifest.json", MANIFEST_BYTES), given.keys)
            print(f"{given.bundle} is signed by a key of {given.keys}")
    except BundleError as error:
        print(f"bundle.signing: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
