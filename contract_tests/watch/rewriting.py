"""HeaderList on their way through: what ties them to one address or one connection is changed, all else stays.

No `Via` and no `X-Forwarded-…` is added: the engine is to answer as if nobody stood in between, and some servers
compress nothing for proxies.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from engine_contract.http.content_encoding import READABLE
from engine_contract.http.types import HeaderList

# RFC 9110, section 7.6.1. `Expect` is met by this side: the body is asked for before it is passed on.
HOP_BY_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"),
        *(b"expect", b"proxy-authorization", b"proxy-authenticate"),
    }
)
# What the watcher itself marks answers with: an engine's own would pass for it.
_MARKS = frozenset({b"contract-violations", b"contract-warnings"})
_READABLE = frozenset(name.encode() for name in (*READABLE, "identity"))
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_NEEDS_TLS = (b"__secure-", b"__host-")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the engine is: `prefix` is the path of its base, without a slash at the end."""

    scheme: str
    host: str
    port: int
    netloc: str
    prefix: str

    @classmethod
    def of(cls, base: str) -> "Address":
        """The address of an engine's base."""
        parts = urlsplit(base)
        port = parts.port or _PORTS[parts.scheme]
        return cls(parts.scheme, (parts.hostname or "").lower(), port, parts.netloc, parts.path.rstrip("/"))

    @property
    def origin(self) -> str:
        """Scheme and host, as a browser names them."""
        return f"{self.scheme}://{self.netloc}"

    def is_same(self, parts: SplitResult) -> bool:
        """Whether an absolute URL is at this engine; one behind a gateway may think that it speaks plain HTTP."""
        try:
            scheme, port = parts.scheme or self.scheme, parts.port
        except ValueError:
            return False
        if (parts.hostname or "").lower() != self.host or scheme not in _PORTS:
            return False
        both_default = port in {None, _PORTS[scheme]} and self.port == _PORTS[self.scheme]
        return both_default or (port or _PORTS[scheme]) == self.port


def request_headers(headers: HeaderList, engine: Address, extra: Iterable[tuple[str, str]] = ()) -> HeaderList:
    """The headers of a request as the engine gets them, `extra` in place of the caller's own of that name."""
    own_origin = _own_origin(headers)
    replaced = {name.lower().encode() for name, _ in extra}
    dropped = HOP_BY_HOP | _named_by_connection(headers) | replaced
    passed: HeaderList = [(b"Host", engine.netloc.encode())]
    for name, value in headers:
        lower = name.lower()
        if lower == b"host" or lower in dropped:
            continue
        if lower in {b"origin", b"referer"} and own_origin is not None:
            value = _moved(value, own_origin, engine, lower)  # noqa: PLW2901 - the same header
        passed.append((name, value))
    if any(name.lower() == b"transfer-encoding" for name, _ in headers):
        passed.append((b"Transfer-Encoding", b"chunked"))
        passed = [pair for pair in passed if pair[0].lower() != b"content-length"]
    passed += [(name.encode(), value.encode()) for name, value in extra]
    return passed


def readable(headers: HeaderList) -> HeaderList:
    """The headers with those content encodings only that can be judged."""
    return [(name, _readable_of(value) if name.lower() == b"accept-encoding" else value) for name, value in headers]


def _readable_of(accepted: bytes) -> bytes:
    parts = [part.strip() for part in accepted.split(b",")]
    return b", ".join(part for part in parts if part.partition(b";")[0].strip().lower() in _READABLE) or b"identity"


def response_headers(headers: HeaderList, engine: Address, request: HeaderList) -> HeaderList:
    """The headers of an answer as the caller gets them."""
    dropped = HOP_BY_HOP | _named_by_connection(headers) | _MARKS
    passed: HeaderList = []
    for name, value in headers:
        lower = name.lower()
        if lower in dropped:
            continue
        if lower == b"location":
            value = _stays_inside(value, engine, request)  # noqa: PLW2901
        elif lower == b"set-cookie":
            value = _cookie(value, engine)  # noqa: PLW2901
        passed.append((lower, value))
    return passed


def _named_by_connection(headers: HeaderList) -> frozenset[bytes]:
    values = (value for name, value in headers if name.lower() == b"connection")
    named = (token.strip().lower() for value in values for token in value.split(b","))
    # No sender may name these (RFC 9110, 7.6.1: those that all recipients need).
    return frozenset(named) - {
        b"host",
        b"content-length",
        b"authorization",
        b"cookie",
        b"set-cookie",
        b"content-type",
        b"",
    }


def own_host(headers: HeaderList) -> bytes | None:
    """The watcher's address as the caller knows it."""
    return next((value for name, value in headers if name.lower() == b"host"), None)


def _own_origin(headers: HeaderList) -> bytes | None:
    host = own_host(headers)
    return None if host is None else b"http://" + host


def _moved(value: bytes, own_origin: bytes, engine: Address, name: bytes) -> bytes:
    """`Origin` and `Referer` of the watcher's own pages, as pages of the engine."""
    if value == own_origin:
        return engine.origin.encode()
    if name == b"referer" and value.startswith(own_origin + b"/"):
        return engine.origin.encode() + engine.prefix.encode() + value[len(own_origin) :]
    return value


def _stays_inside(value: bytes, engine: Address, request: HeaderList) -> bytes:
    """Where a redirect leads: by way of the watcher if to the same engine."""
    text = value.decode("latin-1")
    try:
        parts = urlsplit(text)
    except ValueError:
        return value
    if parts.netloc:
        if not engine.is_same(parts):
            return value
        host = own_host(request) or b""
        rest = text.partition("//")[2][len(parts.netloc) :]
        return b"http://" + host + _without_prefix(rest, engine).encode("latin-1")
    if text.startswith("/"):
        return _without_prefix(text, engine).encode("latin-1")
    return value


def _without_prefix(rest: str, engine: Address) -> str:
    prefix = engine.prefix
    if prefix and (rest == prefix or rest.startswith((f"{prefix}/", f"{prefix}?", f"{prefix}#"))):
        rest = rest[len(prefix) :]
        return rest if rest.startswith("/") else f"/{rest}"
    return rest


_DOMAIN = re.compile(rb"\s*domain\s*=", re.IGNORECASE)
_PATH = re.compile(rb"\s*path\s*=\s*", re.IGNORECASE)
_TIED_TO_TLS = re.compile(rb"\s*(?:secure|partitioned|samesite\s*=\s*none)\s*", re.IGNORECASE)


def _cookie(value: bytes, engine: Address) -> bytes:
    """A cookie that the browser keeps for the watcher's address, and sends over plain HTTP."""
    first, *attributes = value.split(b";")
    needs_tls = first.strip().lower().startswith(_NEEDS_TLS)
    kept = [first]
    for attribute in attributes:
        if _DOMAIN.match(attribute) or (_TIED_TO_TLS.fullmatch(attribute) and not needs_tls):
            continue
        if engine.prefix and (match := _PATH.match(attribute)):
            path = _without_prefix(attribute[match.end() :].decode("latin-1"), engine)
            kept.append(b" Path=" + path.encode("latin-1"))
            continue
        kept.append(attribute)
    return b";".join(kept)
