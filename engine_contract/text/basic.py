"""Credentials of HTTP Basic (RFC 7617)."""

from base64 import b64decode


def read_basic(token: str) -> str:
    """Return `user:password` of what follows `Basic`: UTF-8, else Latin-1, as clients send it. Raise ValueError."""
    pair = b64decode(token, validate=True)
    try:
        return pair.decode()
    except UnicodeDecodeError:
        return pair.decode("latin-1")
