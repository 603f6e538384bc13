"""Access to the control API: for this machine's programs and the mock's own pages; for other pages only by name.

Besides the checks of `engine_contract.http.access`, a form of another page is kept out because it cannot send JSON.
"""

from collections.abc import Mapping
from hmac import compare_digest

from engine_contract.http.access import Access
from engine_contract.http.cors import VARY
from engine_contract.http.types import Headers
from mock_server.settings import Settings, SettingsError

METHODS = b"GET, POST, PUT, PATCH, DELETE"
HEADERS = b"Authorization, Content-Type, Mock-Session, Mock-Control-Token"


class Guard:
    """Made once from the settings."""

    def __init__(self, settings: Settings) -> None:
        if settings.control_token == "":
            raise SettingsError("--control-token: it is empty. Give a token, or leave the option out.")
        self._origins = settings.allowed_control_origins
        self._token = settings.control_token
        self._is_loopback = settings.is_loopback
        self._access = Access(
            host=settings.host,
            foreign_host="Host {host} is not this mock's; use the address that it printed.",
            foreign_page="The control API is closed to pages of other origins; --control-origin ORIGIN opens it.",
            origins=self._origins,
            guards_reading=True,
        )

    def objection(self, method: str, headers: Mapping[bytes, bytes]) -> str | None:
        """Return why a request is turned away, as a sentence that says what to do; None if it is let in."""
        return self._access.objection(method, headers) or self._objection_to_caller(headers)

    def _objection_to_caller(self, headers: Mapping[bytes, bytes]) -> str | None:
        if self._token is None:
            if self._is_loopback:
                return None
            return "The control API is closed on addresses other than loopback; start with --control-token env:NAME."
        if compare_digest(_shown(headers), self._token.encode()):
            return None
        return "The control API asks for --control-token: send it as Mock-Control-Token or Authorization: Bearer."

    def headers(self, origin: bytes | None) -> Headers:
        """Return CORS headers for a page that is let in."""
        if origin is None or origin.lower() not in self._origins:
            return VARY
        return (
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", HEADERS),
            *VARY,
        )


def _shown(headers: Mapping[bytes, bytes]) -> bytes:
    own = headers.get(b"mock-control-token")
    if own is not None:
        return own
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""
