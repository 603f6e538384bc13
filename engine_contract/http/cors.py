"""CORS, written directly: which pages of other origins may read the responses."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from engine_contract.http.net import is_loopback
from engine_contract.http.types import Headers

_OF_HTTP = re.compile(rb"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.IGNORECASE).fullmatch
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s]+", re.IGNORECASE).fullmatch
_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, \t-]{0,2000}").fullmatch

EXPOSED = b"Preference-Applied, Retry-After, WWW-Authenticate, Allow, Location, Content-Length"
METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
HEADERS = b"Authorization, Content-Type, Accept, Prefer, Mock-Session, Cache-Control"

VARY: Headers = ((b"vary", b"Origin"),)


def read_origins(origins: Iterable[str]) -> frozenset[bytes]:
    """Parse origins as browsers send them. Raise ValueError if one is malformed."""
    read = set()
    for origin in origins:
        trimmed = origin.rstrip("/").lower()
        if trimmed != "*" and not _ORIGIN(trimmed):
            raise ValueError(f"{origin}: an origin is a scheme and a host, such as https://app.example:8443.")
        read.add(trimmed.encode("latin-1", "replace"))
    return frozenset(read)


def is_local_origin(origin: bytes) -> bool:
    """Return whether an origin is one of HTTP on this machine."""
    found = _OF_HTTP(origin)
    return found is not None and is_loopback(found[1].decode())


class Cors:
    """The headers for pages of those origins that are named, and of any localhost origin."""

    def __init__(self, named: frozenset[bytes], *, takes_localhost: bool = True) -> None:
        """Take the named origins, as `read_origins` returns them."""
        self._named = named
        self._takes_localhost = takes_localhost
        self.headers = lru_cache(maxsize=256)(self._headers)

    def allows(self, origin: bytes) -> bool:
        """Return whether a page of that origin may read responses."""
        return (
            (self._takes_localhost and is_local_origin(origin)) or origin.lower() in self._named or b"*" in self._named
        )

    def _headers(self, origin: bytes | None) -> Headers:
        """Return the headers that every response to a request of that origin carries."""
        if origin is None or not self.allows(origin):
            return VARY
        return (
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", EXPOSED),
            *VARY,
        )

    def preflight(self, method: str, headers: Mapping[bytes, bytes]) -> Headers | None:
        """Return the headers of the 204 that answers a preflight, None if the request is not one."""
        if method != "OPTIONS" or b"origin" not in headers or b"access-control-request-method" not in headers:
            return None
        asked = headers.get(b"access-control-request-headers", b"")
        allowed: Headers = (
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", asked if asked and _NAMES(asked) else HEADERS),
            (b"access-control-max-age", b"600"),
        )
        if not self.allows(headers[b"origin"]):
            return ()
        if headers.get(b"access-control-request-private-network") == b"true":
            allowed = (*allowed, (b"access-control-allow-private-network", b"true"))
        return allowed
