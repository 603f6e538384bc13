"""A server's own origin in what passes a proxy: a browser that follows it there passes the proxy by."""

import re
from urllib.parse import urlsplit

from engine_contract.http.net import DEFAULT_PORTS
from engine_contract.http.proxy_headers import Address, without_prefix
from engine_contract.http.types import HeaderList, RawHeaders

POLICIES = frozenset({b"content-security-policy", b"content-security-policy-report-only"})
_LINKS = frozenset({b"link", b"refresh", b"reporting-endpoints", b"sourcemap"})
_is_host = re.compile(rb"[\w.:\[\]-]+").fullmatch

_TEXTS = re.compile(r"text/.+|(application|image)/(.+\+)?(json|xml|x?html|(x-)?(java|ecma)script)").fullmatch

# As they are, and as JSON, JavaScript and HTML write them.
_SLASH = rb"(?:\\{0,3}/|\\u002f|&#x2f;|&#47;)"
_COLON = rb"(?::|\\u003a|&#x3a;|&#58;)"
# A name goes on with these, or begins after them.
_ENDS = rb"(?![\w@-]|\.\w|:\d)"
_BEGINS = rb"(?<![\w:/.\\-])"
_DELIMITER = re.compile(rb"[\s\"'`<>(){},]")
_MOST_SPELLED = 8  # bytes in which one sign is written
_SEEN_BEFORE = 4  # bytes before a match that decide whether it is one

# A proxy without TLS is called over plain HTTP: a page of its own would load nothing.
_TLS_ONLY = {"upgrade-insecure-requests", "block-all-mixed-content"}
_POLICY_WORD = re.compile(r"[^\s;,]+")
_SOURCE = re.compile(
    r"(?P<all>https|wss):|(?:(https?|wss?)://)?(\*\.[\w.-]+|\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d+|\*))?(/.*)?", re.IGNORECASE
).fullmatch


def is_text(media: str) -> bool:
    """Return whether bodies of a media type are text."""
    return _TEXTS(media) is not None


class OwnOrigin:
    """Finds a server's own origin in texts, and writes the proxy's in its place."""

    def __init__(self, server: Address) -> None:
        host = f"[{server.host}]" if ":" in server.host else server.host
        is_default = server.port == DEFAULT_PORTS[server.scheme]
        port = rb"(?:%b(?:80|443))?" % _COLON if is_default else b"%b%d" % (_COLON, server.port)
        names = rb"(?:(?<!\w)(?P<scheme>https?|wss?)(?P<colon>%b)|%b)(?P<slashes>%b%b)%b%b%b" % (
            *(_COLON, _BEGINS, _SLASH, _SLASH),
            *(re.escape(host).encode(), port, _ENDS),
        )
        below = b"".join(_SLASH + re.escape(part).encode() for part in server.prefix.split("/")[1:])
        self.server = server
        self._host = host.encode()
        self._named = re.compile(names, re.IGNORECASE)
        self.moving = re.compile(names + below + (rb"(?![\w.~%-])" if below else b""), re.IGNORECASE)
        """Finds what can be moved: the server below the path of its base."""
        self.longest = _MOST_SPELLED * len(f"https://{host}:65535{server.prefix}") + _MOST_SPELLED
        """Bytes in which the longest spelling, and what decides whether it is one, end."""

    def is_in(self, text: bytes) -> bool:
        """Return whether a text names the origin."""
        return self._host in text.lower() and self._named.search(text) is not None

    def moved(self, text: bytes, own_host: bytes) -> bytes:
        """Return the text with the proxy's address in place of the server's, below the path of its base."""
        return self.moving.sub(lambda match: as_own(match, own_host), text) if self._host in text.lower() else text

    def moved_policy(self, policy: str, own_host: str) -> str:
        """Return a Content-Security-Policy that allows at the proxy what it allows at the server."""

        def moved(match: re.Match[str]) -> str:
            word = match[0]
            if word.lower() in _TLS_ONLY:
                return ""
            source = _SOURCE(word)
            if source is None:
                return word
            every, scheme, name, port, path = source.groups(default="")
            own = ("ws" if (every or scheme).lower().startswith("ws") else "http") + f"://{own_host}"
            if every:
                return f"{word} {own}" if self.server.scheme == "https" else word
            if port == "*" or name.startswith("*."):
                name = name.lower()
                is_own = name == self.server.host or (name[0] == "*" and self.server.host.endswith(name[1:]))
                return f"{word} {own}" if is_own else word
            is_own = self.server.is_same(urlsplit(f"{scheme or self.server.scheme}://{name}:{port}"))
            return own + without_prefix(path, self.server) if is_own else word

        return _POLICY_WORD.sub(moved, policy)

    def moved_headers(self, headers: RawHeaders, own_host: bytes) -> HeaderList:
        """Return the headers of a response with the proxy's address in policies and links. Names are in small letters."""
        if not _is_host(own_host):
            return list(headers)
        moved: HeaderList = []
        for name, value in headers:
            if name in POLICIES:
                policy = self.moved_policy(value.decode("latin-1"), own_host.decode("latin-1"))
                value = policy.encode("latin-1")  # noqa: PLW2901 - the same header
            elif name in _LINKS:
                value = self.moved(value, own_host)  # noqa: PLW2901
            moved.append((name, value))
        return moved

    def mover(self, own_host: bytes) -> "Mover | None":
        """Return what moves the origin in a body, None if the proxy's address is not known."""
        return Mover(self, own_host) if _is_host(own_host) else None


class Mover:
    """Moves a server's origin in one body that comes in parts; holds back no more than may be the beginning of a name."""

    def __init__(self, origin: OwnOrigin, own_host: bytes) -> None:
        self._origin = origin
        self._own_host = own_host
        self._text = b""
        self._passed = 0

    def add(self, part: bytes, *, is_last: bool = False) -> bytes:
        """Take a part in, and return what can be passed on."""
        text, at = self._text + part, self._passed
        end = len(text) if is_last else self._end_of_whole_names(text)
        parts = []
        for match in self._origin.moving.finditer(text, at):
            if match.start() >= end:
                break
            parts += [text[at : match.start()], as_own(match, self._own_host)]
            at = match.end()
        end = max(at, end)
        parts.append(text[at:end])
        begin = max(0, end - _SEEN_BEFORE)
        self._text, self._passed = text[begin:], end - begin
        return b"".join(parts)

    def _end_of_whole_names(self, text: bytes) -> int:
        begin = max(self._passed, len(text) - self._origin.longest)
        return max((match.end() for match in _DELIMITER.finditer(text, begin)), default=begin)


def as_own(match: re.Match[bytes], own_host: bytes) -> bytes:
    """Return the proxy's origin, spelled as the server's was."""
    scheme = match["scheme"]
    own = b"" if scheme is None else (b"ws" if scheme[:1] in b"wW" else b"http") + match["colon"]
    return own + match["slashes"] + own_host
