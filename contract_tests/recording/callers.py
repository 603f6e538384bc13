"""The caller of a request: its credential, and the role of that credential."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contract_tests.config.auth import Auth, Bearer
from contract_tests.judge.passive import identity
from contract_tests.model import Caller
from engine_contract.http.cookies import read_cookies
from engine_contract.text.masking import credentials_of, is_secret

Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PresentedCredential:
    """The caller that a request shows, a key that distinguishes it from others, and the credentials themselves."""

    caller: Caller
    credential: str | None
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Callers:
    """Knows the tokens of roles, and how credentials travel.

    `vouched`: each request carries a credential that the watcher itself adds, so that none is without one.
    """

    auth: Auth = field(default_factory=Bearer)
    tokens: Mapping[str, str] = field(default_factory=dict)
    vouched: bool = False

    def of(self, headers: Pairs, query: Pairs) -> PresentedCredential:
        """Return the caller of a request with these headers and this query."""
        presented, cookies = self._presented(headers, query)
        texts = [text for text in presented if text]
        for role, token in self.tokens.items():
            if token in texts or token in cookies.values():
                return PresentedCredential(Caller(role, "token"), identity(token), (*texts, *_likely(cookies)))
        if texts:
            return PresentedCredential(Caller(None, "token"), identity(texts[0]), (*texts, *_likely(cookies)))
        if cookies and any(cookies.values()):
            likely = _likely(cookies) or tuple(cookies.values())
            return PresentedCredential(Caller(None, "token"), identity(" ".join(likely)), _likely(cookies))
        if self.vouched:
            return PresentedCredential(Caller(None, "token"), "the watcher's own")
        return PresentedCredential(Caller(None, "empty" if presented or cookies else "none"), None)

    def _presented(self, headers: Pairs, query: Pairs) -> tuple[list[str], dict[str, str]]:
        """Return the credentials of headers and query, empty ones too, and the cookies."""
        found: list[str] = []
        cookies: list[str] = []
        for name, value in headers:
            lower = name.lower()
            if lower == "authorization":
                found += credentials_of(value)
            elif lower == "cookie":
                cookies.append(value)
            elif lower == self.auth.name.lower() or (is_secret(name) and not lower.startswith("sec-")):
                found.append(value.strip())
        for name, value in query:
            if name == self.auth.name or is_secret(name):
                found.append(value)
        return found, read_cookies(*cookies)


def _likely(cookies: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of cookies that are credentials by their name."""
    return tuple(value for name, value in cookies.items() if value and is_secret(name))
