"""Requests and responses on their way through a proxy: what ties them to one address or connection is changed.

All else stays. No `Via` and no `X-Forwarded-…` is added: the server behind should answer as without a proxy,
and some servers compress nothing for proxies.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from engine_contract.http.net import DEFAULT_PORTS
from engine_contract.http.types import HeaderList, RawHeaders

# RFC 9110, section 7.6.1. `Expect` is met by this side: the body is asked for before it is passed on.
HOP_BY_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"),
        *(b"expect", b"proxy-authorization", b"proxy-authenticate"),
    }
)
# `Connection` may not name these (RFC 9110, 7.6.1: those that all recipients need).
_END_TO_END = frozenset(
    {b"host", b"content-length", b"authorization", b"cookie", b"set-cookie", b"content-type", b""},
)
# Our server would wait for the body whose length such a response may announce (RFC 9110, 8.6) without sending it.
_BODILESS = frozenset({204, 304})
_DECODINGS = 3  # a chain of servers may decode a path more than once


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server behind is: `prefix` is the path of its base, without a slash at the end."""

    scheme: str
    host: str
    port: int
    netloc: str
    prefix: str

    @classmethod
    def of(cls, base: str) -> "Address":
        """Return the address of a base URL."""
        parts = urlsplit(base)
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        netloc = parts.netloc.rpartition("@")[2]
        return cls(parts.scheme, (parts.hostname or "").lower(), port, netloc, parts.path.rstrip("/"))

    @property
    def origin(self) -> str:
        """Return scheme and host, as a browser names them."""
        return f"{self.scheme}://{self.netloc}"

    def is_same(self, parts: SplitResult) -> bool:
        """Return whether an absolute URL is at this server; one behind a gateway may think that it speaks plain HTTP."""
        try:
            scheme, port = parts.scheme or self.scheme, parts.port
        except ValueError:
            return False
        if (parts.hostname or "").lower() != self.host or scheme not in DEFAULT_PORTS:
            return False
        both_default = port in {None, DEFAULT_PORTS[scheme]} and self.port == DEFAULT_PORTS[self.scheme]
        return both_default or (port or DEFAULT_PORTS[scheme]) == self.port

    def target(self, path_and_query: str) -> str:
        """Return path and query below the base. Raise ValueError for a path that leads out of it."""
        path = path_and_query.partition("?")[0]
        if self.prefix and _leads_out(path):
            raise ValueError(f"the path {path[:80]} leads out of the base path {self.prefix}")
        if not path.startswith("/") and (self.prefix or path != "*"):
            raise ValueError(f"the path {path[:80]} does not begin with a slash")
        return self.prefix + path_and_query


def _leads_out(path: str) -> bool:
    """Return whether some server reads `..` in it that goes above its root."""
    for _ in range(_DECODINGS):
        depth = 0
        for segment in re.split(r"[/\\]", path):
            # Some servers ignore what follows a semicolon, and take many slashes for one.
            name = segment.partition(";")[0]
            depth += -1 if name == ".." else name not in {"", "."}
            if depth < 0:
                return True
        path = unquote(path)
    return False


def request_headers(
    headers: RawHeaders, server: Address, extra: Iterable[tuple[str, str]] = (), *, is_own: bool = True
) -> HeaderList:
    """Return the headers of a request as the server gets them, `extra` in place of the caller's own of that name.

    `is_own`: whether `Host` is a name of the proxy's. Pages of another name do not become the server's.
    """
    host = own_host(headers)
    extra = tuple(extra)
    dropped = HOP_BY_HOP | _named_by_connection(headers) | {name.lower().encode() for name, _ in extra} | {b"host"}
    passed: HeaderList = [(b"Host", server.netloc.encode())]
    for name, value in headers:
        lower = name.lower()
        if lower in dropped:
            continue
        if lower in {b"origin", b"referer"} and host and is_own:
            value = _moved(value, host, server, lower)  # noqa: PLW2901 - the same header
        passed.append((name, value))
    if any(name.lower() == b"transfer-encoding" for name, _ in headers):
        passed.append((b"Transfer-Encoding", b"chunked"))
        passed = [pair for pair in passed if pair[0].lower() != b"content-length"]
    passed += [(name.encode(), value.encode()) for name, value in extra]
    return passed


def response_headers(
    headers: RawHeaders,
    server: Address,
    own_origin: bytes = b"",
    *,
    status: int | None = None,
    dropped: frozenset[bytes] = frozenset(),
) -> HeaderList:
    """Return the headers of a response as the caller gets them, names in small letters, without those of `dropped`.

    `own_origin` begins each absolute `Location` at the server; without it that becomes a path.
    """
    dropped = HOP_BY_HOP | _named_by_connection(headers) | dropped
    if status in _BODILESS:
        dropped |= {b"content-length"}
    passed: HeaderList = []
    for name, value in headers:
        lower = name.lower()
        if lower in dropped:
            continue
        if lower == b"location":
            value = _stays_inside(value, server, own_origin)  # noqa: PLW2901
        elif lower == b"set-cookie":
            value = _cookie(value, server)  # noqa: PLW2901
        passed.append((lower, value))
    return passed


def _named_by_connection(headers: RawHeaders) -> frozenset[bytes]:
    values = (value for name, value in headers if name.lower() == b"connection")
    return frozenset(token.strip().lower() for value in values for token in value.split(b",")) - _END_TO_END


def own_host(headers: RawHeaders) -> bytes:
    """Return the proxy's address as the caller knows it, empty if a request does not say it."""
    return next((value for name, value in headers if name.lower() == b"host"), b"")


def _moved(value: bytes, host: bytes, server: Address, name: bytes) -> bytes:
    """Return `Origin` or `Referer` of the proxy's own pages as that of pages of the server; others stay."""
    # Either scheme is ours: TLS may end in front of the proxy.
    scheme, _, rest = value.partition(b"://")
    if scheme not in {b"http", b"https"}:
        return value
    if rest == host:
        return server.origin.encode()
    if name == b"referer" and rest.startswith(host + b"/"):
        return server.origin.encode() + server.prefix.encode() + rest[len(host) :]
    return value


def _stays_inside(value: bytes, server: Address, own_origin: bytes) -> bytes:
    """Return where a redirect leads: by way of the proxy if to the same server."""
    text = value.decode("latin-1").replace("\t", "").strip()  # as browsers read it
    try:
        parts = urlsplit(text)
    except ValueError:
        return value
    if parts.netloc:
        if not server.is_same(parts):
            # Without a scheme it would take on the proxy's.
            return f"{server.scheme}:{text}".encode("latin-1") if text.startswith("//") else value
        rest = without_prefix(text.partition("//")[2][len(parts.netloc) :], server)
        return own_origin + rest.encode("latin-1") if own_origin else _as_path(rest)
    if text.startswith("/"):
        return _as_path(without_prefix(text, server))
    return value


def _as_path(rest: str) -> bytes:
    """Return a path that no browser takes for a host, as it takes what begins with two slashes or backslashes."""
    return ("/" + rest.lstrip("/\\")).encode("latin-1")


def without_prefix(rest: str, server: Address) -> str:
    """Return a path of the server below its base as the proxy has it; others stay."""
    prefix = server.prefix
    if prefix and (rest == prefix or rest.startswith((f"{prefix}/", f"{prefix}?", f"{prefix}#"))):
        rest = rest[len(prefix) :]
        return rest if rest.startswith("/") else f"/{rest}"
    return rest


_DOMAIN = re.compile(rb"\s*domain\s*=", re.IGNORECASE)
_PATH = re.compile(rb"\s*path\s*=\s*", re.IGNORECASE)
_TIED_TO_TLS = re.compile(rb"\s*(?:secure|partitioned|samesite\s*=\s*none)\s*", re.IGNORECASE)
_NEEDS_TLS = (b"__secure-", b"__host-")


def _cookie(value: bytes, server: Address) -> bytes:
    """Return a cookie that the browser keeps for the proxy's address, and sends over plain HTTP."""
    first, *attributes = value.split(b";")
    needs_tls = first.strip().lower().startswith(_NEEDS_TLS)
    kept = [first]
    for attribute in attributes:
        if _DOMAIN.match(attribute) or (_TIED_TO_TLS.fullmatch(attribute) and not needs_tls):
            continue
        if server.prefix and (match := _PATH.match(attribute)):
            path = without_prefix(attribute[match.end() :].decode("latin-1"), server)
            kept.append(b" Path=" + path.encode("latin-1"))
            continue
        kept.append(attribute)
    return b";".join(kept)
