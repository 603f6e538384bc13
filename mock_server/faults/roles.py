"""Faults of the roles: who may cancel."""

from collections.abc import Callable, Iterator

from engine_contract.contract import Operation
from mock_server.operations.credentials import Credential
from mock_server.operations.exchange import Change, Exchange, May
from mock_server.operations.refusals import WRONG_CREDENTIAL, Refusal


def roles(operation: Operation) -> Iterator[Change]:
    """Yield the faults of the roles that any operation can have."""
    for role in operation.roles:
        yield Change(
            name=f"refuses-{role}",
            sentence=f"The role {role} may not cancel: 403.",
            rule=f"roles.{role}",
            may=_refuse(lambda exchange, role=role: exchange.credential.role == role, _forbidden(role)),  # type: ignore[misc]
        )
    for role in operation.unlisted_roles:
        yield Change(
            name=f"accepts-{role}",
            sentence=f"The role {role}, which the page does not list, may cancel.",
            rule="roles.others",
            may=_allow(lambda exchange, role=role: exchange.credential.role == role),  # type: ignore[misc]
        )
    yield Change(
        name="accepts-any-role",
        sentence="Whoever has a role may cancel, whichever it is.",
        rule="roles.others",
        may=_allow(lambda exchange: exchange.credential.role is not None),
    )
    yield Change(
        name="accepts-no-credential",
        sentence="A request without a credential may cancel.",
        rule="roles.none",
        may=_allow(lambda exchange: exchange.credential.kind == "none"),
    )
    yield Change(
        name="accepts-everybody",
        sentence="Nobody is asked for a credential, and none is looked at.",
        rule="roles.none",
        may=_allow(lambda _exchange: True),
    )
    yield Change(
        name="accepts-empty-credential",
        sentence="A credential that is empty may cancel.",
        rule="roles.empty",
        may=_allow(lambda exchange: _is_wrong(exchange.credential) and not exchange.credential.token),
    )
    yield Change(
        name="accepts-wrong-credential",
        sentence="A credential that was given to nobody may cancel.",
        rule="roles.wrong",
        may=_allow(lambda exchange: _is_wrong(exchange.credential) and bool(exchange.credential.token)),
    )
    yield Change(
        name="accepts-token-in-any-case",
        sentence="The name of a role that may cancel is its token in any letter case.",
        rule="roles.case",
        may=_allow(lambda exchange: exchange.credential.token.lower() in operation.roles),
    )


def roles_of_cancels() -> Iterator[Change]:
    """Yield the faults of the roles that depend on the contract's own roles and jobs."""
    yield Change(
        name="refuses-support-as-unknown",
        sentence="The role support is not known: 401, as if its token were wrong.",
        rule="roles.support",
        may=_refuse(lambda exchange: exchange.credential.role == "support", WRONG_CREDENTIAL),
    )
    yield Change(
        name="takes-the-role-from-the-body",
        sentence="The role that stands in the body beside job_id may cancel, whoever asks.",
        rule="roles.others",
        may=_allow(lambda exchange: exchange.credential.role is not None and b'"role"' in exchange.body),
    )
    yield Change(
        name="admin-only",
        sentence="Only the role admin may cancel.",
        rule="roles.apiwrite",
        may=_refuse(lambda exchange: exchange.credential.role != "admin", _forbidden("one that is not admin")),
    )
    yield Change(
        name="refuses-apiwrite-for-some-jobs",
        sentence="The role apiwrite may not cancel one of two jobs.",
        rule="roles.apiwrite",
        may=_refuse(
            lambda exchange: exchange.credential.role == "apiwrite" and _is_even(exchange), _forbidden("apiwrite")
        ),
    )


def _is_wrong(credential: Credential) -> bool:
    return credential.role is None and credential.kind != "none"


def _is_even(exchange: Exchange) -> bool:
    return sum((exchange.claimed_job_id or "").encode()) % 2 == 0


def _forbidden(role: str) -> Refusal:
    return Refusal("other-role", f"The role {role} may not cancel jobs.")


def _refuse(meant: Callable[[Exchange], bool], why: Refusal) -> May:
    return lambda exchange, refusal: why if refusal is None and meant(exchange) else refusal


def _allow(meant: Callable[[Exchange], bool]) -> May:
    return lambda exchange, refusal: None if refusal is not None and meant(exchange) else refusal
