# ruff: noqa: ARG002 - a step has the same arguments in every engine
"""Faults of the roles: who may cancel."""

import json

from tests.standin import roles
from tests.standin.cancel import Cancel
from tests.standin.document import Document, document_of
from tests.standin.engine import Engine
from tests.standin.jobs import Outcome, State
from tests.standin.refusal import Refusal
from tests.standin.reply import Reply
from tests.standin.request import Request

from .listing import Listing

fault = Listing("roles")


def _allowed(*allowed: str) -> type[Engine]:
    return type("Allowed", (Engine,), {"allowed": allowed})


for _role in roles.ALLOWED:
    fault.put(
        f"{_role}-refused",
        f"The role {_role} may not cancel.",
        _allowed(*(role for role in roles.ALLOWED if role != _role)),
    )
for _role in roles.REFUSED:
    fault.put(
        f"{_role}-allowed",
        f"The role {_role} may cancel.",
        _allowed(*roles.ALLOWED, _role),
    )
fault.put(
    "roles-unchecked",
    "Every known role may cancel.",
    _allowed(*roles.ALLOWED, *roles.REFUSED),
)
fault.put("admin-only", "Only the role admin may cancel.", _allowed("admin"))
fault.put(
    "support-and-operator-swapped",
    "The role operator may cancel and the role support may not.",
    _allowed("admin", "engineering", "operator", "apiwrite"),
)
fault.put(
    "apiwrite-and-apiread-swapped",
    "The role apiread may cancel and the role apiwrite may not.",
    _allowed("admin", "engineering", "support", "apiread"),
)


@fault("anonymous-allowed", "A request without a credential may cancel.")
class Anonymous(Engine):
    """Takes callers without a credential for administrators."""

    def role(self, request: Request) -> str | None:
        """Without the header: admin."""
        if request.header("Authorization") is None:
            return "admin"
        return super().role(request)


@fault("unknown-token-allowed", "A request with an unknown token may cancel.")
class UnknownToken(Engine):
    """Does not look the token up."""

    def role(self, request: Request) -> str | None:
        """Any token will do."""
        known = super().role(request)
        if known is None and roles.token_of(request.header("Authorization")):
            return "admin"
        return known


@fault("token-prefix-allowed", "A token that only begins with a good one may cancel.")
class TokenPrefix(Engine):
    """Compares the beginning of the token only."""

    def role(self, request: Request) -> str | None:
        """The role of any token that the given one begins with."""
        given = roles.token_of(request.header("Authorization")) or ""
        found = (r for token, r in self.tokens.items() if given.startswith(token))
        return super().role(request) or next(found, None)


@fault("token-any-case-allowed", "A token in other letter case may cancel.")
class TokenAnyCase(Engine):
    """Compares tokens without regard to case."""

    def role(self, request: Request) -> str | None:
        """The role of the token in lower case."""
        given = roles.token_of(request.header("Authorization")) or ""
        return super().role(request) or self.tokens.get(given.lower())


@fault(
    "credential-sticks",
    "After a good request any credential, or none, will do on the same connection.",
)
class Sticky(Engine):
    """Remembers connections."""

    def role(self, request: Request) -> str | None:
        """The first good role of the connection."""
        seen: dict[tuple[str, int], str] = self.__dict__.setdefault("seen", {})
        role = super().role(request)
        if role in self.allowed:
            seen[request.peer] = role
        return seen.get(request.peer, role)


@fault("refusal-sticks", "After a refused role all are refused on the same connection.")
class StickyRefusal(Engine):
    """Remembers refused connections."""

    def may(self, role: str, request: Request) -> bool:
        """Not once the connection was refused."""
        seen: set[tuple[str, int]] = self.__dict__.setdefault("refused", set())
        if not super().may(role, request):
            seen.add(request.peer)
        return request.peer not in seen


@fault("operator-second-time", "The role operator may cancel when it asks again.")
class SecondTime(Engine):
    """Refuses once."""

    def may(self, role: str, request: Request) -> bool:
        """The second request with the same body is let through."""
        seen: set[bytes] = self.__dict__.setdefault("bodies", set())
        again = role == "operator" and request.body in seen
        seen.add(request.body)
        return again or super().may(role, request)


@fault("engineering-once", "The role engineering may cancel one job only.")
class Once(Engine):
    """Counts the jobs of a role."""

    def may(self, role: str, request: Request) -> bool:
        """Not a second time."""
        if role == "engineering":
            job_id = self.job_id(request)
            first: str | None = self.__dict__.setdefault("first", job_id) if job_id else None
            return first == job_id
        return super().may(role, request)


class _Refusing(Engine):
    """Base of the engines that answer a refusal with 200."""

    why: tuple[Refusal, ...] = (Refusal.ROLE,)

    def refuse(self, why: Refusal, request: Request) -> Reply:
        """A success in place of the refusals named."""
        if why in self.why:
            return Reply(200, json.dumps(self.instead(why, request)).encode())
        return super().refuse(why, request)

    def instead(self, why: Refusal, request: Request) -> Document:
        """The value to answer with."""
        return {"error": why.value}


@fault("role-refused-with-200", "A refused role gets 200 with an error object.")
class RoleRefused200(_Refusing):
    """Refuses by text alone."""


@fault("anonymous-refused-with-200", "Without a credential: 200 with an error object.")
class AnonymousRefused200(_Refusing):
    """Refuses by text alone."""

    why = (Refusal.CREDENTIAL,)


@fault(
    "role-refused-with-document",
    "A refused role gets 200 and the job's document, but nothing is canceled.",
)
class RoleRefusedDocument(_Refusing):
    """Shows the job to anyone."""

    def instead(self, why: Refusal, request: Request) -> Document:
        """The document of the job."""
        return document_of(self.job_id(request) or "0" * 24)


@fault("support-cancels-nothing", "For the role support the answer is right, but the job stays active.")
class SupportNothing(Engine):
    """A pretence for one role."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """Look, but do not touch."""
        if role == "support" and self.jobs.state(job_id) is State.ACTIVE:
            return Outcome.CANCELED
        return super().cancel(job_id, role)


@fault("apiwrite-gets-less", "For the role apiwrite the document lacks tasks and metrics.")
class ApiwriteLess(Engine):
    """Trims the document for one role."""

    def shape(self, document: Document, cancel: Cancel) -> Document:
        """Two fields less."""
        if cancel.role == "apiwrite":
            del document["tasks"], document["metrics"]
        return document


@fault("apiwrite-gets-id-only", "For the role apiwrite the answer is the job id as a string.")
class ApiwriteIdOnly(Engine):
    """Another answer for one role."""

    def shape(self, document: Document, cancel: Cancel) -> Document | str:
        """The id."""
        return cancel.job_id if cancel.role == "apiwrite" else document
