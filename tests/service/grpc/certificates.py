"""Certificates for tests, by the command openssl: an authority, and what it has signed."""

from __future__ import annotations

import subprocess
from pathlib import Path

USE = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
"""Without it, and without the authority's key identifier in what it signs, Python 3.13 trusts no authority."""

NEW = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def make_authority(folder: Path, name: str = "authority") -> Path:
    """`<name>.pem`, with its key beside it."""
    certificate = folder / f"{name}.pem"
    _run([*NEW, "-x509", "-days", "2", "-subj", f"/CN={name}", *USE, *_to(certificate)])
    return certificate


def sign(authority: Path, name: str) -> tuple[Path, Path]:
    """A certificate for localhost and its key."""
    certificate = authority.with_name(f"{name}.pem")
    request = authority.with_name(f"{name}.csr")
    _run([*NEW, "-subj", f"/CN={name}", "-keyout", str(_name_key(certificate)), "-out", str(request)])
    extensions = authority.with_name("extensions")
    extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n")
    by = ["-CA", str(authority), "-CAkey", str(_name_key(authority)), "-CAcreateserial", "-extfile", str(extensions)]
    _run(["openssl", "x509", "-req", "-in", str(request), "-days", "2", *by, "-out", str(certificate)])
    return certificate, _name_key(certificate)


def _name_key(certificate: Path) -> Path:
    return certificate.with_suffix(".key")


def _to(certificate: Path) -> list[str]:
    return ["-keyout", str(_name_key(certificate)), "-out", str(certificate)]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
