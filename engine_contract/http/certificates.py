"""Certificates and keys from files: never with a question to whoever sits at the terminal."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from engine_contract.private_files import is_special
from engine_contract.text.unmarked import decode_text, read_bytes

ENCRYPTED = "the key is encrypted, and nobody is asked for its password. Give a key without one: openssl pkey -in KEY -out PLAIN"


class EncryptedKeyError(ValueError):
    """A key that only a password opens."""


def load_chain(context: ssl.SSLContext, cert: Path, key: Path | None = None) -> None:
    """Load a certificate and its key. Raise EncryptedKeyError, OSError or ssl.SSLError."""

    def refuse() -> str:
        raise EncryptedKeyError(ENCRYPTED)

    with _as_file(cert) as plain_cert, _as_file(key) if key else nullcontext() as plain_key:
        context.load_cert_chain(plain_cert, plain_key, refuse)


def serving(cert: Path, key: Path | None) -> ssl.SSLContext:
    """Return what a server shows. Raise EncryptedKeyError, OSError or ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_chain(context, cert, key)
    return context


def trusting(authorities: Path | None) -> ssl.SSLContext:
    """Return what verifies servers, by these certificates or the system's. Raise OSError or ssl.SSLError."""
    if authorities is None:
        return ssl.create_default_context()
    with _as_file(authorities) as plain:
        return ssl.create_default_context(cafile=str(plain))


@contextmanager
def _as_file(path: Path) -> Iterator[Path]:
    """Yield the path of the same file without a byte order mark, which OpenSSL takes for a part of the first line.

    A pipe, as of a shell's `<(…)`, is read once, and is a file then.
    """
    data = read_bytes(path)
    try:
        plain = decode_text(data).encode()
    except UnicodeDecodeError:
        plain = data
    if plain == data and not is_special(path):
        yield path
        return
    with TemporaryDirectory() as folder:  # that nobody else can open
        copy = Path(folder) / "plain.pem"
        copy.write_bytes(plain)
        yield copy
