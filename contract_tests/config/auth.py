"""Where a token comes from, how it travels, and how to keep it out of sight."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from base64 import b64encode
from dataclasses import dataclass
from typing import ClassVar, Literal

from contract_tests.errors import SettingError

Place = Literal["header", "cookie", "query"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # the names that a header or a cookie may have
_SCHEME = re.compile(r"(?:bearer|basic) ", re.IGNORECASE)
_PLACES: dict[Place, str] = {"header": "header", "cookie": "cookie", "query": "query parameter"}
WRONG_USER_CHARS = 12
"""Characters of a wrong credential that are its user's name where a user and a password are asked for."""


@dataclass(frozen=True, slots=True)
class Auth(ABC):
    """A way for a credential to travel. `name` is the cookie's, parameter's or header's, if it has one of its own."""

    name: str = ""

    word: ClassVar[str]
    """How --auth names it."""
    is_settled: ClassVar[bool] = True
    """Whether this is the way, and not to be found out yet."""
    takes_users: ClassVar[bool] = False
    """Whether a credential is `user:password`, and not a token."""
    may_hold_scheme: ClassVar[bool] = False
    """Whether a credential may begin with a scheme, since none is sent before it."""

    @staticmethod
    def parse(text: str) -> Auth:
        """Parse `auto`, `bearer`, `basic`, `cookie:NAME`, `query:NAME` or `header:NAME`. Raises SettingError for others."""
        word, _, name = text.partition(":")
        if word in _PLAIN and not name:
            return _PLAIN[word]()
        if word in _NAMED and _TOKEN.fullmatch(name):
            return _NAMED[word](name)
        raise SettingError(
            f"--auth {text}: unknown scheme. Allowed are auto, bearer, basic, cookie:NAME, query:NAME and header:NAME."
        )

    def __str__(self) -> str:
        return f"{self.word}:{self.name}" if self.name else self.word

    @property
    def travels(self) -> str:
        """Return the way in words, to stand after "it travels"."""
        place, name, text = self.pair("")
        return f"in the {_PLACES[place]} {name}" + (f", after {text.strip()}" if text else "")

    @property
    def settled(self) -> Auth:
        """Return this way, or the usual one where it is to be found out yet."""
        return self

    @abstractmethod
    def pair(self, sent: str) -> tuple[Place, str, str]:
        """Return where a credential stands, under which name, and the text there; `sent` is as `on_the_wire` gives it."""

    def on_the_wire(self, credential: str) -> str:
        """Return the credential as it is sent."""
        return credential

    def wrong(self, noise: str) -> str:
        """Return a credential that nobody was given, made of a random text."""
        return noise

    def secrets(self, credential: str) -> frozenset[str]:
        """Return all texts that give a credential away."""
        return frozenset({credential})

    def curl(self, credential: str) -> str:
        """Return the credential as curl takes it."""
        return credential

    def flaw(self, credential: str) -> str | None:
        """Return what is wrong with a credential that a user gave, and what to do; None where nothing is."""
        if not self.may_hold_scheme and (found := _SCHEME.match(credential)) is not None:
            scheme = found[0].rstrip()
            return f"the credential begins with {scheme!r}, which is sent before it anyway. Give it without {scheme!r}."
        return None


class Bearer(Auth):
    """`Authorization: Bearer TOKEN`."""

    __slots__ = ()
    word = "bearer"

    def pair(self, sent: str) -> tuple[Place, str, str]:
        """See `Auth`."""
        return "header", "Authorization", f"Bearer {sent}".rstrip()


class Basic(Auth):
    """`Authorization: Basic`, with user and password in base64."""

    __slots__ = ()
    word = "basic"
    takes_users = True

    def pair(self, sent: str) -> tuple[Place, str, str]:
        """See `Auth`."""
        return "header", "Authorization", f"Basic {sent}"

    def on_the_wire(self, credential: str) -> str:
        """Return base64; an empty credential is a colon."""
        return b64encode((credential or ":").encode()).decode()

    def wrong(self, noise: str) -> str:
        """Return a user and a password."""
        return noise if ":" in noise else f"{noise[:WRONG_USER_CHARS]}:{noise[WRONG_USER_CHARS:]}"

    def secrets(self, credential: str) -> frozenset[str]:
        """Return the password beside the whole."""
        return _with_password(credential)

    def curl(self, credential: str) -> str:
        """Return a user and a password: curl asks for one where there is none. A variable holds both."""
        return credential if credential.startswith("$") else f"{credential}:{credential}"

    def flaw(self, credential: str) -> str | None:
        """See `Auth`; a password is needed."""
        missing = None if ":" in credential else "is not user:password, which --auth basic takes."
        return super().flaw(credential) or missing


class _Named(Auth):
    """A place with a name of its own, which holds the credential as it is."""

    __slots__ = ()
    place: ClassVar[Place]

    def pair(self, sent: str) -> tuple[Place, str, str]:
        """See `Auth`."""
        return self.place, self.name, sent


class Cookie(_Named):
    """A cookie of that name."""

    __slots__ = ()
    word = place = "cookie"


class Query(_Named):
    """A query parameter of that name."""

    __slots__ = ()
    word = place = "query"


class Header(_Named):
    """A header of that name."""

    __slots__ = ()
    word = place = "header"
    may_hold_scheme = True


class Auto(Bearer):
    """To be found out before anything is checked."""

    __slots__ = ()
    word = "auto"
    is_settled = False

    @property
    def travels(self) -> str:
        """See `Auth`."""
        return "as bearer, query parameter, cookie or basic, whichever the engine takes"

    @property
    def settled(self) -> Auth:
        """Return the usual way."""
        return Bearer()

    def secrets(self, credential: str) -> frozenset[str]:
        """Return the password too: it may be a user and a password."""
        return _with_password(credential)


_PLAIN = {way.word: way for way in (Auto, Bearer, Basic)}
_NAMED = {way.word: way for way in (Cookie, Query, Header)}


def _with_password(credential: str) -> frozenset[str]:
    _, colon, password = credential.partition(":")
    return frozenset({credential, password} if colon else {credential})


def place_credential(
    auth: Auth, sent: str | None, query: list[tuple[str, str]], headers: list[tuple[str, str]]
) -> None:
    """Put a credential where `auth` says, as it is sent; None sends none."""
    if sent is None:
        return
    place, name, text = auth.pair(sent)
    if place == "query":
        query.append((name, text))
    else:
        headers.append(("Cookie", f"{name}={text}") if place == "cookie" else (name, text))
