"""Which pages a browser may call a console or the control API from: the one check of `Host`, `Origin` and `Sec-Fetch-Site`.

Old browsers, which send neither of these two with some requests, are known by `Referer`.

A page of another site can send requests to a loopback address with the user's browser, and after DNS rebinding it can
read what is there under a name of its own. `Host` keeps out the second, `Origin` and `Sec-Fetch-Site` the first.
Programs send neither of the two.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple

from engine_contract.http.net import is_loopback

SAFE = frozenset({"GET", "HEAD"})

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@/\\?#\s]*)(?::\d*)?").fullmatch
_AUTHORITY_ENDS = re.compile(rb"[/?#\\]")


def is_fixed(host: str) -> bool:
    """Return whether no site can have pointed a `Host`, in small letters, here: public DNS has no such name."""
    parsed = _HOST(host)
    if parsed is None:
        return False
    name = parsed[1].strip("[]")
    with suppress(ValueError):
        ip_address(name)
        return True
    return is_loopback(name) or "." not in name


def is_foreign(host: str, origin: bytes | None, site: bytes | None) -> bool:
    """Return whether a browser says that a page of another origin sends a request to `host`, in small letters.

    `origin` and `site` are the headers `Origin` and `Sec-Fetch-Site`.
    """
    # The scheme is left out: there may be a proxy with TLS in front.
    if origin is not None and origin.decode("latin-1").lower().partition("://")[2] != host:
        return True
    # "none": the user's own doing, such as an address that was typed.
    return site not in {None, b"none", b"same-origin"}


class Access(NamedTuple):
    """Decides who is let in at the listening address `host`, and has the sentences for others.

    On addresses other than loopback every name is let in: they have names that we do not know.
    """

    foreign_host: str
    """The sentence for a `Host` that is not ours; `{host}` in it is filled in."""
    foreign_page: str
    """The sentence for a page of another origin."""
    host: str = "127.0.0.1"
    origins: frozenset[bytes] = frozenset()
    """Origins of others whose pages are let in, in small letters."""
    hosts: frozenset[str] = frozenset()
    """Further names that are ours, in small letters."""
    takes_bare_names: bool = True
    """Whether a name without a dot is ours: public DNS has none; compose files and test clients use them."""
    guards_reading: bool = False
    """Whether pages of others may not send GET and HEAD either; without CORS they cannot read the responses."""
    has_own_pages: bool = True
    """Whether the pages of this origin are ours; else they are let in only if `origins` has it."""
    is_for_pages_alone: bool = False
    """Whether a request that changes something must show that it comes from a page of ours; programs are kept out."""

    def objection(self, method: str, headers: Mapping[bytes, bytes]) -> str | None:
        """Return why a request is turned away, None if it is let in. Names of headers are in small letters."""
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if is_loopback(self.host) and not self.knows(host):
            return self.foreign_host.format(host=host[:80])
        is_guarded = self.guards_reading or method not in SAFE
        return None if not is_guarded or self._is_own_page(host, headers) else self.foreign_page

    def knows(self, host: str) -> bool:
        """Return whether a `Host`, in small letters, is ours, whatever its port."""
        parsed = _HOST(host)
        if parsed is None:
            return False
        name = parsed[1]
        return (
            is_loopback(name) or name in self.hosts or (self.takes_bare_names and "." not in name and ":" not in name)
        )

    def _is_own_page(self, host: str, headers: Mapping[bytes, bytes]) -> bool:
        site = headers.get(b"sec-fetch-site")
        origin = headers.get(b"origin", None if site is not None else _origin_of(headers.get(b"referer")))
        if origin is not None and origin.lower() in self.origins:
            return True
        if not self.has_own_pages and (origin is not None or site is not None):
            # With GET a page sends its own origin's name as `Host` alone.
            here = {origin.partition(b"://")[2] for origin in self.origins}
            return origin is None and site == b"same-origin" and host.encode("latin-1") in here
        if is_foreign(host, origin, site):
            return False
        return not self.is_for_pages_alone or site == b"same-origin" or (site is None and origin is not None)


def _origin_of(page: bytes | None) -> bytes | None:
    """Return the origin of a page's address."""
    if page is None:
        return None
    scheme, _, rest = page.partition(b"://")
    return scheme + b"://" + _AUTHORITY_ENDS.split(rest, 1)[0]
