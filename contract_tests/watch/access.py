"""Whose requests pass on to the engine.

A name that is not the watcher's is one that another site has pointed here (DNS rebinding): its page would be one of the
engine's. While the watcher adds a credential, a page of another site would act with it.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from contract_tests.watch.settings import WatchSettings
from engine_contract.http.access import SAFE, Access, is_fixed
from engine_contract.http.net import is_loopback
from engine_contract.http.types import RawHeaders

_FOREIGN_HOST = (
    "Host {host} is not this watcher's address, so the request was not passed on. "
    "Use the address that was printed, or start with --allow-host NAME."
)
_FOREIGN_PAGE = (
    "A page of another site sent this, while the watcher adds a credential (--header, --client-cert) to every request. "
    "Such pages may only link to the engine's pages."
)
_SAME_SITES = {b"same-origin", b"same-site", b"none"}


@dataclass(frozen=True, slots=True)
class CallerAccess:
    """Decides what is passed on. On addresses other than loopback there are names that we do not know."""

    is_local: bool
    own: Access
    listens_on: str
    adds_credential: bool

    @classmethod
    def of(cls, settings: WatchSettings) -> "CallerAccess":
        """Return the access that the settings give."""
        connection, host = settings.connection, settings.host
        is_local = is_loopback(host)
        own = Access(hosts=settings.allow_hosts, foreign_host=_FOREIGN_HOST, foreign_page="", takes_bare_names=False)
        return cls(is_local, own, host.lower(), bool(connection.headers) or connection.client_cert is not None)

    def objection(self, method: str, headers: RawHeaders) -> tuple[int, str] | None:
        """Return the status and the reason with which a request is turned away, None if it is passed on."""
        if self.is_local:
            for host in _values(headers, b"host"):  # programs that speak HTTP/1.0 send none; browsers always do
                if not self.own.knows(host):
                    return 421, _FOREIGN_HOST.format(host=host[:80])
        if self.adds_credential and self._is_cross_site(method, headers) and not _opens_page(method, headers):
            return 403, _FOREIGN_PAGE
        return None

    def is_own(self, headers: RawHeaders) -> bool:
        """Return whether the caller names the watcher by a name that no other site can have pointed here."""
        return all(
            self.own.knows(host) or (not self.is_local and (is_fixed(host) or _name_of(f"//{host}") == self.listens_on))
            for host in _values(headers, b"host")
        )

    def _is_cross_site(self, method: str, headers: RawHeaders) -> bool:
        sites = [value for name, value in headers if name.lower() == b"sec-fetch-site"]
        if sites:
            return any(site not in _SAME_SITES for site in sites)
        # Older browsers, and all at plain addresses other than loopback, send `Origin` alone, or `Referer`.
        own = {_name_of(f"//{host}") for host in _values(headers, b"host")}
        if (
            origins := _values(headers, b"origin")
        ) or method in SAFE:  # links to the engine's pages say whence they come
            return any(_name_of(origin) not in own for origin in origins)
        return any(_name_of(page) not in own for page in _values(headers, b"referer"))


def _values(headers: RawHeaders, wanted: bytes) -> list[str]:
    return [value.decode("latin-1").lower() for name, value in headers if name.lower() == wanted]


def _opens_page(method: str, headers: RawHeaders) -> bool:
    """Return whether the user follows a link to a page of its own; in a frame it could be clicked unseen."""
    mode, kind = _values(headers, b"sec-fetch-mode"), _values(headers, b"sec-fetch-dest")
    return method in {"GET", "HEAD"} and mode == ["navigate"] and kind in ([], ["document"])


def _name_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
