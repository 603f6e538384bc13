"""Who may use the console: people at this machine, or those who know the token; never a page of another site.

A page of another site can send a form to a loopback address with the user's browser, and after DNS rebinding it can
read what is there under a name of its own. `Host` keeps out the second, `Origin` and `Sec-Fetch-Site` the first.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

COOKIE = "console-key"

_SAFE = frozenset({"GET", "HEAD"})
_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}").fullmatch


@dataclass(frozen=True, slots=True)
class Guard:
    """`host` is the address that is listened on; `token`, if there is one, is asked of everybody."""

    host: str = "127.0.0.1"
    token: str | None = None

    def objection(self, method: str, headers: Mapping[str, str]) -> str | None:
        """Why a request is turned away whoever sends it, as a sentence that says what to do; None if it is not."""
        host = headers.get("host", "").lower()
        if not self._is_ours(_name(host)):
            return f"Host {host[:80]} is not this console's; use the address that was printed at the start."
        if method not in _SAFE and not _is_own_page(headers, host):
            return "This form was sent by a page of another site. Only the console's own pages may do that."
        if self.token is None and not _is_loopback(self.host):
            return (
                "The console is closed on addresses beside loopback; mock-engine opens it with --control-token TOKEN."
            )
        return None

    def lets_in(self, key: str | None) -> bool:
        """Whether a visitor with that value of the cookie is let in."""
        return self.token is None or (key is not None and hmac.compare_digest(key.encode(), self.key().encode()))

    def fits(self, token: str) -> bool:
        """Whether somebody who logs in knows the token."""
        return self.token is not None and hmac.compare_digest(token.encode(), self.token.encode())

    def key(self) -> str:
        """The cookie's value for those who know the token: not the token itself."""
        return hmac.new((self.token or "").encode(), b"console", hashlib.sha256).hexdigest()

    def _is_ours(self, name: str) -> bool:
        if not _is_loopback(self.host):
            return True  # it has names that we do not know, and asks for a token
        # A name without a dot is on nobody's public DNS.
        return _is_loopback(name) or ("." not in name and ":" not in name)


def _is_own_page(headers: Mapping[str, str], host: str) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return site is not None
    # The scheme is left out: in front of a console may stand a proxy that speaks TLS.
    return origin.lower().partition("://")[2] == host


def _is_loopback(host: str) -> bool:
    host = host.strip("[]").lower()
    return host in {"::1", "localhost"} or host.endswith(".localhost") or bool(_LOOPBACK(host))


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return "."
