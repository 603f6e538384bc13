"""Paths as servers route by them: escapes decoded, with one exception."""

import re
from string import ascii_letters, digits
from urllib.parse import quote, unquote

from engine_contract.http.types import Scope

_OF_HOSTS = frozenset(f"{ascii_letters}{digits}._-:[]")
_ESCAPED_SLASH = re.compile("%2f", re.IGNORECASE)
_READY = "/%:@!$&'()*+,;=~"


def decoded_path(path: str) -> str:
    """Return a path without its escapes; an escaped slash stays `%2F`, since it separates nothing (RFC 3986, 2.2)."""
    return unquote(_ESCAPED_SLASH.sub("%252F", path)) if "%" in path else path


def encoded_path(path: str) -> str:
    """Return a path as it stands in a URL, with the escapes that it has; a lone surrogate becomes a question mark."""
    return quote(path, safe=_READY, errors="replace")


def url_as_asked(scope: Scope, path: str) -> str:
    """Return the URL of a path at the address that a request was sent to, for tools that keep what they read.

    A page of the same origin gets the path alone: before it there may be a proxy with TLS, of which nothing is known here.
    """
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin-1")
    if headers.get(b"sec-fetch-site") == b"same-origin" or not host or not _OF_HOSTS.issuperset(host):
        return path or "/"
    scheme = headers.get(b"x-forwarded-proto", b"").decode("latin-1")
    return f"{scheme if scheme in {'http', 'https'} else scope['scheme']}://{host}{path}"


def own_scope(scope: Scope) -> Scope:
    """Return a request's scope with its paths as the application sees them: below its mount, escaped slashes kept."""
    path: str = scope["path"]
    # Before ASGI 3's `raw_path` there is the decoded path alone.
    raw: bytes | None = scope.get("raw_path")
    root = scope.get("root_path", "").rstrip("/")
    if raw is not None and b"%2" in raw:
        path = decoded_path(raw.partition(b"?")[0].decode("latin-1"))
    if root and (path == root or path.startswith(f"{root}/")):
        path = path[len(root) :] or "/"
        if raw is not None:
            segments = raw.decode("latin-1").split("/")[root.count("/") + 1 :]
            raw = ("/" + "/".join(segments)).encode("latin-1")
    return scope if path is scope["path"] else {**scope, "path": path, "raw_path": raw}
