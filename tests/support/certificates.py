"""Certificates for servers that tests start."""

import subprocess
from pathlib import Path

from tests.support.requirements import need_command


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Return a certificate of this machine that nobody vouches for, and its key, as files in a folder."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [need_command("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key
