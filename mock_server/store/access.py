"""Who came, and when: logins, the sessions in use, and each session's clock."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from secrets import token_hex
from time import time_ns
from typing import NamedTuple, Protocol

MAX_LOGINS = 100_000
"""At most this many logins are kept in memory; the one unused longest goes first."""

UNUSED_S = 24 * 3600
"""A login is forgotten this many seconds after it expired, or was used last if it does not expire."""

_TOKEN = re.compile(r"[MNOYZ][A-Za-z0-9]{42}=")
_HEX = frozenset(b"0123456789abcdef")


class Clock(NamedTuple):
    """A session's time against the real one."""

    stopped_at_ms: int | None = None
    """The real time at which it was stopped, in its own count; None while it runs."""
    ahead_ms: int = 0
    """How far it was moved on."""

    def at(self, real_ms: int) -> int:
        """Return the session's time at a real one, both in epoch milliseconds."""
        return (real_ms if self.stopped_at_ms is None else self.stopped_at_ms) + self.ahead_ms


class Login(NamedTuple):
    """The user whom a token was given to."""

    user: str
    role: str
    is_expired: bool = False


class SessionUse(NamedTuple):
    """A session, the number of its journal's entries and of its jobs, and when it was used last, in real time."""

    name: str
    entries: int
    jobs: int
    last_used_ms: int


class Access(Protocol):
    """Logins are the same in all sessions, but each session's clock says whether they have expired there."""

    async def admit(self, session: str, token: str, login: Login, *, lifetime_ms: int | None) -> None:
        """Keep a login under its token; it expires after that time of the session, never if None."""
        ...

    async def login(self, session: str, token: str) -> Login | None:
        """Return the login of a token; None for one that was never given, was dismissed or is long forgotten."""
        ...

    async def dismiss(self, token: str) -> bool:
        """Forget the login of a token; return whether there was one."""
        ...

    async def sessions(self) -> list[SessionUse]:
        """Return the sessions in use, the default one first, then by name."""
        ...

    async def clock(self, session: str) -> Clock:
        """Return the session's clock."""
        ...

    async def set_clock(self, session: str, stopped_at_ms: int | None) -> Clock:
        """Stop the session's clock at a time of its own, or let it run as the real one; return it."""
        ...

    async def advance(self, session: str, by_ms: int) -> Clock:
        """Move the session's clock on, whether it is stopped or runs; return it."""
        ...


def new_token() -> str:
    """Return the token of a login, of the form that such engines give: the base64 text of 32 hexadecimal digits."""
    return urlsafe_b64encode(token_hex(16).encode()).decode()


def tokens_in(text: str) -> Iterator[str]:
    """Yield the tokens of logins that stand in a text, also those of another replica, by their form."""
    for match in _TOKEN.finditer(text):
        if _HEX.issuperset(urlsafe_b64decode(match[0])):
            yield match[0]


def real_ms() -> int:
    """Return the real time, in epoch milliseconds."""
    return time_ns() // 1_000_000


async def now_ms(store: Access, session: str) -> int:
    """Return the session's time, in epoch milliseconds."""
    return (await store.clock(session)).at(real_ms())
