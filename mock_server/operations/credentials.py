"""The caller of a request: the credential with its role, and the session."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qs

from engine_contract.contract import Operation
from engine_contract.http.cookies import read_cookies
from engine_contract.session_name import ALLOWED, is_session_name
from engine_contract.text.basic import read_basic
from mock_server.operations.refusals import Refusal, Refused
from mock_server.settings import Settings, SettingsError
from mock_server.store import DEFAULT_SESSION


class Credential(NamedTuple):
    """How the credential came, and its role; None if it is missing or wrong.

    `kind`: `none`, `default`, `bearer`, `basic`, `cookieToken`, `queryToken` (the names of the
    specification's security schemes), or `unknown` for a form that nobody knows.
    """

    kind: str
    role: str | None = None
    token: str = ""


NONE = Credential("none")
UNKNOWN = Credential("unknown")

NO_CREDENTIAL = Refusal("no-credential", "The request carries no credential.")


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

    def token_of(self, user: str, password: str) -> str | None:
        """Return the token that a login answers: the role's name, or the secret that the password already is."""
        if not self.has_secrets:
            return user if user in self.roles else None
        return password if self.roles.get(password) == user else None

    def _of_token(self, kind: str, token: str) -> Credential:
        return Credential(kind, self.roles.get(token), token)

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
            return Credential("basic", token=token)
        role = self.token_of(user, password) if colon else None
        return Credential("basic", role if role is None else user, password or user)


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
        return Refusal("wrong-credential", "The Authorization header is of a form that is not known here.")
    if not credential.token:
        return Refusal("wrong-credential", "The credential is empty.")
    return Refusal("wrong-credential", "The credential is wrong: it belongs to no role.")


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
