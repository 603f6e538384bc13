"""The tokens of the roles: read when they are needed, and renewed when they end."""

import asyncio
import json
import re
import time
from collections.abc import Mapping

from contract_tests.config.auth import Auth
from contract_tests.config.sources import Source
from contract_tests.errors import SettingError

VAIN_IN_A_ROW = 3  # renewals for valid requests, each refused again, before a role's token is given up
MAX_TOKEN = 8192  # characters
_NOT_A_TOKEN = re.compile(r"[\s<>{}\x00-\x1f\x7f]")
_HEX = re.compile(r"[0-9A-Fa-f-]+")
REST_S = 2.0  # after a renewal in vain, for a request that must be refused anyway


class Tokens:
    """Knows each role's token, those that it had before, and where the next one comes from."""

    def __init__(self, sources: Mapping[str, Source], auth: Auth) -> None:
        """Read the tokens that need neither a command nor a login. Raises SettingError for one that cannot be used."""
        self._sources = sources
        self._auth = auth
        self._tokens: dict[str, str] = {}
        self._count: dict[str, int] = {}
        self._vain: dict[str, int] = {}
        self._rests_until: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self.hidden: set[str] = set()
        """All that was a token or a password, the role's own name excepted, as test engines have them."""
        for role, source in sources.items():
            if source.user is not None and source.kind != "cmd":
                self._hide(role, source.read())
            elif source.is_ready:
                self._take(role, source.read())

    def __getitem__(self, role: str) -> str:
        """Return the role's token."""
        return self._tokens[role]

    def __contains__(self, role: object) -> bool:
        """Return whether there is a token of the role."""
        return role in self._tokens

    @property
    def all(self) -> Mapping[str, str]:
        """Return the tokens in use by their roles."""
        return self._tokens

    def read(self) -> None:
        """Run the commands, and read files again, which the jobs command may have written.

        Raises the first SettingError once all others are read: jobs that were made can be canceled by those.
        """
        errors = []
        for role, source in self._sources.items():
            if source.user is None and source.kind in {"cmd", "file"}:
                try:
                    self._take(role, source.read(again=source.kind == "file"))
                except SettingError as error:
                    errors.append(error)
        if errors:
            raise errors[0]

    def logins(self) -> Mapping[str, Source]:
        """Return the passwords' sources of the roles that log in."""
        return {role: source for role, source in self._sources.items() if source.user is not None}

    def password(self, role: str) -> str:
        """Return the password of a role that logs in. Raises SettingError."""
        password = self._sources[role].read()
        self._hide(role, password)
        return password

    def set(self, role: str, token: str) -> None:
        """Take a token that a login gave."""
        self._take(role, token)

    def in_use(self, role: str | None) -> int:
        """Return which of a role's tokens is in use: 0 for the first, 1 for the one that took its place, and so on."""
        return self._count.get(role or "", 0)

    def lock(self, role: str) -> asyncio.Lock:
        """Return what is held while a role's token is renewed."""
        return self._locks.setdefault(role, asyncio.Lock())

    def may_renew(self, role: str, *, is_due: bool) -> bool:
        """Return whether the source may be asked for another token. `is_due`: the request should have succeeded."""
        source = self._sources[role]
        if source.user is None and source.kind not in {"cmd", "file"}:
            return False
        if is_due:
            return self._vain.get(role, 0) < VAIN_IN_A_ROW
        return time.monotonic() >= self._rests_until.get(role, 0.0)

    async def read_again(self, role: str) -> bool:
        """Run a role's command once more, or read its file. Return whether there is another token."""
        source, before = self._sources[role], self._tokens[role]
        token = await asyncio.to_thread(source.read, again=True)
        if source.kind == "file" and token == before:
            return False
        self._count[role] = self.in_use(role) + 1
        self._take(role, token)
        return True

    def renewed(self, role: str) -> None:
        """Count a login as a renewal."""
        self._count[role] = self.in_use(role) + 1

    def in_vain(self, role: str, *, is_due: bool) -> None:
        """Take in that a new token was refused too. For a while, the response is taken to mean the request."""
        if is_due:
            self._vain[role] = self._vain.get(role, 0) + 1
        self._rests_until[role] = time.monotonic() + REST_S

    def accepted(self, role: str) -> None:
        """Take in that a role's token was accepted."""
        self._vain.pop(role, None)

    def _take(self, role: str, token: str) -> None:
        check_token(token, self._sources[role], self._auth)
        self._tokens[role] = token
        self._hide(role, token)

    def _hide(self, role: str, secret: str) -> None:
        parts = self._auth.secrets(secret)
        if secret.partition(":")[0] == role and len(parts) > 1:
            parts -= {secret}  # a user that is its role's own name is not a secret
        # A token without its end, or in the other case, is sent as a wrong credential, and gives most of the secret away.
        spelled = (part for each in parts if each != role for part in (each, cut(each), other_case(each)))
        self.hidden |= {part for part in spelled if part}


def check_token(token: str, source: Source, auth: Auth) -> None:
    """Raise SettingError for a credential in quotes, or one that its way does not take."""
    if len(token) > 1 and token[0] == token[-1] and token[0] in "\"'":
        raise SettingError(
            f"{source.option}: the credential is in quotes, which would be sent with it. Take the quotes away."
        )
    if (flaw := auth.flaw(token)) is not None:
        raise SettingError(f"{source.option}: {flaw}")


def cut(token: str) -> str:
    """Return a token without its end, and without more than the padding that base64 can do without."""
    return token[:-3] if len(token) >= 16 else (token.rstrip("=") or token)[:-1]


def other_case(token: str) -> str | None:
    """Return a token with its letters in the other case; None without one, or for hex digits, which are often read in either."""
    before, blank, secret = token.rpartition(" ")  # a scheme is read in either case
    swapped = secret.swapcase()
    return None if swapped == secret or _HEX.fullmatch(secret) or not token.isascii() else before + blank + swapped


def token_of(body: bytes) -> str | None:
    """Return the token in a login's response: alone, as a JSON string, or at `token` of an object. None without one."""
    text = body.decode("utf-8", errors="replace").strip()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = text
    token = document.get("token") if isinstance(document, dict) else document
    if not isinstance(token, str) or not token.isascii() or _NOT_A_TOKEN.search(token) or len(token) > MAX_TOKEN:
        return None
    return token or None
