"""Access to the control API: for this machine's programs and the mock's own pages; for other pages only by name.

To read jobs is open to the pages that may call the operation: what they show is what the operation would tell them.
Besides the checks of `engine_contract.http.access`, a form of another page is kept out because it cannot send JSON.
"""

import re
from collections.abc import Mapping
from hmac import compare_digest

from engine_contract.http.access import SAFE, Access
from engine_contract.http.cors import Cors, is_local_origin
from engine_contract.http.types import Headers
from mock_server.settings import Settings

_is_of_jobs = re.compile("/_mock/jobs(/.*)?", re.DOTALL).fullmatch

UPSTREAMS_PAGE = (
    "The control API is closed to pages here, which are those of --upstream, and to pages of other origins; "
    "--control-origin ORIGIN opens it. The console, on a port of its own, is open."
)
FOREIGN_PAGE = "The control API is closed to pages of other origins; --control-origin ORIGIN opens it."


class Guard:
    """Made once from the settings."""

    def __init__(self, settings: Settings, *, shares_origin: bool = False) -> None:
        """Take the settings; `shares_origin` if the pages of this address are those of `--upstream`."""
        self._named = Cors(settings.allowed_control_origins, takes_localhost=False)
        self._readers = Cors(settings.cors_origins)
        self._token = settings.control_token
        self._is_loopback = settings.is_loopback
        self._shares_origin = shares_origin
        self._access = Access(
            host=settings.host,
            foreign_host="Host {host} is not this mock's; use the address that it printed.",
            foreign_page=UPSTREAMS_PAGE if shares_origin else FOREIGN_PAGE,
            origins=settings.allowed_control_origins,
            guards_reading=True,
            has_own_pages=not shares_origin,
        )

    def objection(self, method: str, path: str, headers: Mapping[bytes, bytes]) -> str | None:
        """Return why a request is turned away, as a sentence that says what to do; None if it is let in."""
        asked = headers
        if self._cors(method, path, headers.get(b"origin")) is self._readers or self._reads_jobs(method, path, headers):
            # Where it comes from is right; its `Host` is still to be looked at.
            asked = {
                name: value for name, value in headers.items() if name not in {b"origin", b"sec-fetch-site", b"referer"}
            }
        objection = self._access.objection(method, asked) or self._objection_to_caller(headers)
        return None if objection is None else self.with_origin(objection, headers)

    @staticmethod
    def with_origin(objection: str, headers: Mapping[bytes, bytes]) -> str:
        """Return the sentence with the page's own origin in the option, to be pasted, where it is one of this machine."""
        origin = headers.get(b"origin", b"")
        return objection.replace("ORIGIN", origin.decode()) if is_local_origin(origin) else objection

    def _reads_jobs(self, method: str, path: str, headers: Mapping[bytes, bytes]) -> bool:
        """Return whether a page of `--upstream` reads jobs: its operation is at the same address."""
        is_of_upstream = self._shares_origin and headers.get(b"sec-fetch-site") == b"same-origin"
        return is_of_upstream and method in SAFE and _is_of_jobs(path) is not None

    def _objection_to_caller(self, headers: Mapping[bytes, bytes]) -> str | None:
        if self._token is None:
            if self._is_loopback:
                return None
            return "The control API is closed on addresses other than loopback; start with --control-token env:NAME."
        if compare_digest(_shown(headers), self._token.encode()):
            return None
        return "The control API asks for --control-token: send it as Mock-Control-Token or Authorization: Bearer."

    def headers(self, method: str, path: str, origin: bytes | None) -> Headers:
        """Return CORS headers of an answer."""
        return self._cors(method, path, origin).headers(origin)

    def preflight(self, path: str, headers: Mapping[bytes, bytes]) -> Headers | None:
        """Return the headers of the 204 that answers a preflight: none where the page may not, None if it is not one."""
        method = headers.get(b"access-control-request-method", b"").decode("latin-1")
        return self._cors(method, path, headers.get(b"origin")).preflight("OPTIONS", headers)

    def _cors(self, method: str, path: str, origin: bytes | None) -> Cors:
        """Return whose pages may send such a request."""
        is_open = method in SAFE and _is_of_jobs(path) and origin is not None and self._readers.allows(origin)
        return self._readers if is_open else self._named


def _shown(headers: Mapping[bytes, bytes]) -> bytes:
    own = headers.get(b"mock-control-token")
    if own is not None:
        return own
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""
