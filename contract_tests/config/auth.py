"""Where a token comes from, how it travels, and how to keep it out of sight."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Literal

from contract_tests.errors import SettingError

Scheme = Literal["auto", "bearer", "basic", "cookie", "query", "header"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # the names that a header or a cookie may have


@dataclass(frozen=True, slots=True)
class Auth:
    """How a credential travels: `name` is the cookie's, parameter's or header's."""

    scheme: Scheme = "bearer"
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Auth:
        """Parse `auto`, `bearer`, `basic`, `cookie:NAME`, `query:NAME` or `header:NAME`. Raises SettingError for others."""
        scheme, _, name = text.partition(":")
        match scheme:
            case "auto" | "bearer" | "basic" if not name:
                return cls(scheme)
            case "cookie" | "query" | "header" if _TOKEN.fullmatch(name):
                return cls(scheme, name)
        raise SettingError(
            f"--auth {text}: unknown scheme. Allowed are auto, bearer, basic, cookie:NAME, query:NAME and header:NAME."
        )

    def __str__(self) -> str:
        return f"{self.scheme}:{self.name}" if self.name else self.scheme


def usual_variable(role: str) -> str:
    """Return the environment variable that texts name for a role's token, such as `ADMIN_TOKEN`."""
    return f"{variable_of(role)}_TOKEN"


def variable_of(name: str) -> str:
    """Return a name as environment variables are written, such as `X_API_KEY`."""
    return re.sub("[^A-Z0-9]", "_", name.upper())


def place_credential(
    auth: Auth, credential: str | None, query: list[tuple[str, str]], headers: list[tuple[str, str]]
) -> None:
    """Put a credential where `auth` says, as it is; None sends none. For basic it is `user:password`."""
    if credential is None:
        return
    match auth.scheme:
        case "bearer" | "auto":
            headers.append(("Authorization", f"Bearer {credential}".rstrip()))
        case "basic":
            headers.append(("Authorization", f"Basic {credential}"))
        case "cookie":
            headers.append(("Cookie", f"{auth.name}={credential}"))
        case "query":
            query.append((auth.name, credential))
        case "header":
            headers.append((auth.name, credential))


def on_the_wire(auth: Auth, credential: str) -> str:
    """Return the credential as it is sent: basic is base64, the others are themselves."""
    if auth.scheme == "basic":
        return b64encode((credential or ":").encode()).decode()
    return credential
