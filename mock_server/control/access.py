"""Who may use the control API: this machine's programs, and the mock's own pages; other pages only by name.

A page of another site can reach a loopback address with the user's browser. Three things keep it out: its
`Origin` is not ours, its `Host` is not ours either after DNS rebinding, and its form cannot send JSON.
"""

from collections.abc import Mapping
from hmac import compare_digest
from urllib.parse import urlsplit

from engine_contract.http.cors import VARY
from engine_contract.http.types import Headers
from mock_server.settings import Settings, SettingsError, is_loopback

METHODS = b"GET, POST, PUT, DELETE"
HEADERS = b"Authorization, Content-Type, Mock-Session, Mock-Control-Token"


class Guard:
    """Made once from the settings."""

    def __init__(self, settings: Settings) -> None:
        if settings.control_token == "":
            raise SettingsError("--control-token: it is empty. Give a token, or leave the option out.")
        self._origins = settings.allowed_control_origins
        self._token = settings.control_token
        self._host = settings.host.strip("[]").lower()
        self._is_loopback = settings.is_loopback

    def objection(self, headers: Mapping[bytes, bytes], scheme: str) -> str | None:
        """Why a request is turned away, as a sentence that says what to do; None if it is let in."""
        return self._objection_to_page(headers, scheme) or self._objection_to_caller(headers)

    def _objection_to_page(self, headers: Mapping[bytes, bytes], scheme: str) -> str | None:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if self._is_loopback and not self._is_ours(_name(host)):
            return f"Host {host[:80]} is not this mock's; use the address that it printed."
        origin = headers.get(b"origin")
        if origin is None:
            is_foreign = headers.get(b"sec-fetch-site", b"none") not in {b"none", b"same-origin"}
        else:
            is_own = origin.decode("latin-1").lower() == f"{scheme}://{host}"
            is_foreign = not is_own and origin.lower() not in self._origins
        if is_foreign:
            return "The control API is closed to pages of other origins; --control-origin ORIGIN opens it."
        return None

    def _objection_to_caller(self, headers: Mapping[bytes, bytes]) -> str | None:
        if self._token is None:
            if self._is_loopback:
                return None
            return "The control API is closed on addresses beside loopback; start with --control-token TOKEN."
        if compare_digest(_shown(headers), self._token.encode()):
            return None
        return "The control API asks for --control-token: send it as Mock-Control-Token or Authorization: Bearer."

    def headers(self, origin: bytes | None) -> Headers:
        """CORS headers for a page that is let in."""
        if origin is None or origin.lower() not in self._origins:
            return VARY
        return (
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", HEADERS),
            *VARY,
        )

    def _is_ours(self, name: str) -> bool:
        # A name without a dot is on nobody's public DNS: compose files and test clients use such names.
        return is_loopback(name) or name == self._host or ("." not in name and ":" not in name)


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return "."


def _shown(headers: Mapping[bytes, bytes]) -> bytes:
    own = headers.get(b"mock-control-token")
    if own is not None:
        return own
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""
