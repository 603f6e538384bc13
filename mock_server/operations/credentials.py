"""The caller of a request: the credential with its role, and the session."""

from collections.abc import Iterable, Mapping, Sequence
from hmac import compare_digest
from typing import NamedTuple
from urllib.parse import parse_qs

from engine_contract.contract import Operation
from engine_contract.http.cookies import read_cookies
from engine_contract.session_name import ALLOWED, is_session_name
from engine_contract.text.basic import read_basic
from mock_server.operations.refusals import NO_CREDENTIAL, WRONG_CREDENTIAL, Refusal, Refused
from mock_server.settings import Settings, SettingsError
from mock_server.store import DEFAULT_SESSION
from mock_server.store.access import Access, Login, new_token


class Credential(NamedTuple):
    """How the credential came, and its role; None if it is missing or wrong.

    `kind`: `none`, `default`, `bearer`, `basic`, `cookieToken`, `queryToken` (the names of the
    specification's security schemes), or `unknown` for a form that nobody knows.
    """

    kind: str
    role: str | None = None
    token: str = ""
    user: str = ""
    is_expired: bool = False
    accepted: str = ""
    """A sentence that says what is accepted here, for whoever shows a wrong one."""

    @property
    def owner(self) -> tuple[str, str]:
        """Return user and role; the user of a token that is a role's is that role."""
        return self.user or self.role or "", self.role or ""


DEFAULT_USER = "admin@pronghorn"
"""The vendor's default user, one of role `admin`."""

NONE = Credential("none")
UNKNOWN = Credential("unknown")

_COOKIE_SAID = " It came in the cookie token, which pages at all ports of a host share."
_BASIC_SAID = " Basic carries USER:PASSWORD in base64, with a colon between them."


def known_roles(operations: Iterable[Operation]) -> tuple[str, ...]:
    """Return the roles that any page lists or such engines have, in order: one that a page does not list is refused."""
    return tuple(dict.fromkeys(role for one in operations for role in (*one.roles, *one.unlisted_roles)))


class Credentials:
    """Knows who may show what. Made once from the settings."""

    def __init__(self, settings: Settings, roles: Sequence[str]) -> None:
        self.has_secrets = settings.tokens is not None
        self.roles: Mapping[str, str] = {role: role for role in roles} if settings.tokens is None else settings.tokens
        if settings.default_role is not None and settings.default_role not in {*roles, *self.roles.values()}:
            raise SettingsError(f"--default-role {settings.default_role}: no such role; known are {', '.join(roles)}.")
        self.users = settings.users
        self.lifetime_ms = None if settings.token_lifetime is None else round(1000 * settings.token_lifetime)
        self.is_opaque = self.users is not None or self.lifetime_ms is not None
        """Whether only tokens of logins count, which the store knows."""
        self.known_roles = tuple(dict.fromkeys((*roles, *self.roles.values())))
        for user, (_, role) in (self.users or {}).items():
            if role not in self.known_roles:
                raise SettingsError(
                    f"--users: {user}: no role {role}; known are {', '.join(sorted(self.known_roles))}."
                )
        self._by_token = {} if self.is_opaque else self.roles
        self._tokens_said = self._say_tokens()
        self.absent = NONE if settings.default_role is None else Credential("default", settings.default_role)

    def read(self, headers: Mapping[bytes, bytes], query: bytes) -> Credential:
        """Return the credential of a request: the first of header, cookie and query that is there."""
        authorization = headers.get(b"authorization")
        if authorization is not None:
            return self._of_header(authorization)
        cookie = headers.get(b"cookie")
        if cookie is not None:
            token = read_cookies(cookie.decode("latin-1")).get("token")
            if token is not None:
                return self._of_token("cookieToken", token)
        if b"token" in query:
            values = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("token")
            if values:
                return self._of_token("queryToken", values[0])
        return self.absent

    async def look_up(self, store: Access, session: str, credential: Credential) -> Credential:
        """Return the credential with the role that the store knows of its token."""
        if credential.role is not None or not credential.token or credential.kind == "basic":
            return credential
        login = await store.login(session, credential.token)
        if login is None:
            return credential
        role = None if login.is_expired else login.role
        return credential._replace(role=role, user=login.user, is_expired=login.is_expired)

    async def log_in(self, store: Access, session: str, user: str, password: str) -> str | None:
        """Return the token that a login gets, None for a user or a password that is wrong."""
        role = self._role_of(user, password)
        if role is None:
            return None
        return password if self.has_secrets and not self.is_opaque else await self.give(store, session, user, role)

    @property
    def users_said(self) -> str:
        """Return who can log in, for those who tried in vain; no name where names and passwords are somebody's own."""
        if self.users is not None:
            return " Users here are those of --users."
        if self.has_secrets:
            return " Users here are the roles of --tokens, each with a token of its own as password."
        return f" Users here are {', '.join(self.roles)} and {DEFAULT_USER}, with any password."

    def _say_tokens(self) -> str:
        if self.is_opaque:
            return " Tokens here are those that POST /login answers; the name of a role is not one."
        if self.has_secrets:
            return " Tokens here are those of --tokens."
        return f" Tokens here are the names of roles: {', '.join(self.roles)}."

    async def give(self, store: Access, session: str, user: str, role: str) -> str:
        """Return a token for a user of that role: a new one where only those of logins count, else the role's name."""
        if not self.is_opaque:
            return next((token for token, of in self.roles.items() if of == role), role)
        token = new_token()
        await store.admit(session, token, Login(user, role), lifetime_ms=self.lifetime_ms)
        return token

    def _role_of(self, user: str, password: str) -> str | None:
        if self.users is not None:
            wanted, role = self.users.get(user, (None, None))
            is_right = wanted is not None and compare_digest(password.encode(), wanted.encode())
            return role if is_right else None
        if self.has_secrets:  # a role is a user, with the secret as its password
            return user if self.roles.get(password) == user else None
        return self.roles.get("admin" if user == DEFAULT_USER else user)

    def _of_token(self, kind: str, token: str) -> Credential:
        accepted = f"{self._tokens_said}{_COOKIE_SAID}" if kind == "cookieToken" else self._tokens_said
        return Credential(kind, self._by_token.get(token), token, accepted=accepted)

    def _of_header(self, value: bytes) -> Credential:
        scheme, _, rest = value.decode("latin-1").partition(" ")
        scheme, token = scheme.lower(), rest.strip()
        if scheme == "bearer":
            return self._of_token("bearer", token)
        if scheme != "basic":
            return UNKNOWN
        try:
            user, colon, password = read_basic(token).partition(":")
        except ValueError:
            return Credential("basic", token=token, accepted=_BASIC_SAID)
        if not colon:
            return Credential("basic", token=user, user=user, accepted=_BASIC_SAID)
        return Credential("basic", self._role_of(user, password), password or user, user, accepted=self.users_said)


def objection(credential: Credential, roles: Sequence[str], what: str) -> Refusal | None:
    """Return why a credential is refused, None if its role is one of these; no roles stand for everybody with a role."""
    role = credential.role
    if role is None:
        return wrong_credential(credential)
    if role in roles or not roles:
        return None
    return Refusal("other-role", f"The role {role} may not {what}; {', '.join(roles)} may.")


def wrong_credential(credential: Credential) -> Refusal:
    """Return why a credential without a role is refused."""
    if credential.kind == "none":
        return NO_CREDENTIAL
    if credential.kind == "unknown":
        return Refusal(
            "wrong-credential",
            "The Authorization header is of a form that is not known here; there are Bearer TOKEN and Basic.",
        )
    if credential.is_expired:
        return Refusal("wrong-credential", "The token has expired. Log in again.")
    if not credential.token:
        return Refusal("wrong-credential", "The credential is empty.")
    return WRONG_CREDENTIAL._replace(detail=f"{WRONG_CREDENTIAL.detail}{credential.accepted}")


def read_session(headers: Mapping[bytes, bytes]) -> str:
    """Return the session that the header or cookie `Mock-Session` names. Raise Refused if the name is invalid."""
    name: str | None = None
    if b"mock-session" in headers:
        name = headers[b"mock-session"].decode("latin-1")
    elif b"cookie" in headers:
        name = read_cookies(headers[b"cookie"].decode("latin-1")).get("Mock-Session")
    if name is None:
        return DEFAULT_SESSION
    if not is_session_name(name):
        raise Refused(Refusal("bad-session", f"Mock-Session takes {ALLOWED}", "Mock-Session"))
    return name
