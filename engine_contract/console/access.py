"""Access to the console: for people at this machine, or those who know the token; never for a page of another site."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from engine_contract.http.access import Access
from engine_contract.http.net import is_loopback

COOKIE = "console-key"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: forms would then be sent with `Origin: null`, and turned away.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "clipboard-write=(self)",
}
"""The headers of every response."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides who is let in. `host` is the listening address; everybody must give `token`, if there is one."""

    host: str = "127.0.0.1"
    token: str | None = None
    closed: str = "The console is closed on addresses other than loopback."
    """The sentence for other addresses than loopback without a token: the program knows how to open its console."""
    asks: str = "The console's token"
    """The name of the token on the page that asks for it."""
    hosts: frozenset[str] = frozenset()
    """Further names of the console's address, in small letters."""

    def objection(self, method: str, headers: Mapping[bytes, bytes]) -> str | None:
        """Return why a request is turned away whoever sends it, as a sentence that says what to do; None if it is not."""
        access = Access(
            host=self.host,
            hosts=self.hosts,
            foreign_host="Host {host} is not this console's; use the address that was printed at the start.",
            foreign_page="This form was sent by a page of another site. Only the console's own pages may do that.",
            is_for_pages_alone=True,
        )
        is_closed = self.token is None and not is_loopback(self.host)
        return access.objection(method, headers) or (self.closed if is_closed else None)

    def lets_in(self, key: str | None) -> bool:
        """Return whether a visitor with that value of the cookie is let in."""
        return self.token is None or (key is not None and hmac.compare_digest(key.encode(), self.key().encode()))

    def fits(self, token: str) -> bool:
        """Return whether somebody who logs in knows the token."""
        return self.token is not None and hmac.compare_digest(token.encode(), self.token.encode())

    def key(self) -> str:
        """Return the cookie's value for those who know the token: not the token itself."""
        return hmac.new((self.token or "").encode(), b"console", hashlib.sha256).hexdigest()
