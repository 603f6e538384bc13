"""Faults of who may call: per role, per credential, per way of sending it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .catalogue import Entry, fault
from .edits import after, by_role, edited, put
from .engine import Engine
from .http import Answer, Request, html_answer, json_answer
from .jobs import Job
from .rules import (
    MAY,
    MAY_NOT,
    ROLES,
    Call,
    Refusal,
    basic_user,
    document,
    effect,
    may,
    presented,
    refusal,
    role,
    success,
)

LISTED = "Roles: admin, engineering, support, apiwrite"


def _allows(test: Callable[[Call], bool]) -> Callable[[Call], bool]:
    return lambda call: may(call) or test(call)


def _by(kind: str) -> Callable[[Call], bool]:
    def test(call: Call) -> bool:
        found = presented(call.request)
        return call.role in MAY_NOT and found is not None and found[0] == kind

    return _allows(test)


def _sticky(call: Call) -> bool:
    if may(call):
        call.request.connection["trusted"] = True
    return bool(call.request.connection.get("trusted"))


def _sticky_everywhere(call: Call) -> bool:
    if may(call):
        call.engine.memory["trusted"] = True
    return bool(call.engine.memory.get("trusted"))


def _lenient(when: Callable[[Engine, Request], bool]) -> Callable[[Engine, Request], str | None]:
    return lambda engine, request: role(engine, request) or ("admin" if when(engine, request) else None)


def _kind(request: Request) -> str:
    found = presented(request)
    return found[0] if found else ""


def _cred(request: Request) -> str:
    found = presented(request)
    return found[1] if found else ""


def _last_known(engine: Engine, request: Request) -> str | None:
    known = role(engine, request)
    if known is not None:
        engine.memory["last"] = known
    elif presented(request) is None and request.path.endswith("cancelJob"):
        return engine.memory.get("last")
    return known


def _once(name: str) -> Callable[[Call], bool]:
    def test(call: Call) -> bool:
        if call.role != name:
            return may(call)
        call.engine.memory["count"] = call.engine.memory.get("count", 0) + 1
        return bool(call.engine.memory["count"] == 1)

    return test


def _for(name: str, other: Callable[[Call, Any], Answer]) -> Callable[[Call, Any], Answer]:
    return lambda call, value: (other if call.role == name else success)(call, value)


def _keeps_for(name: str) -> Callable[[Call, Job], None]:
    return lambda call, job: None if call.role == name else effect(call, job)


def _unknown_for(name: str) -> Callable[[Call, object], Job | None]:
    return lambda call, value: None if call.role == name else call.engine.jobs.by_id.get(str(value))


def _other_for(name: str) -> Callable[[Call, Job], Any]:
    def rule(call: Call, job: Job) -> Any:
        value = document(call, job)
        if call.role == name:
            value["_id"] = call.engine.jobs.new_id(call.engine.rng)
        return value

    return rule


def _cancels(*reasons: str, roles: tuple[str | None, ...] = (None, *ROLES)) -> Callable[[Call, Refusal], None]:
    def rule(call: Call, reason: Refusal) -> None:
        job = call.mentioned()
        if reason.why in reasons and call.role in roles and job is not None and job.active:
            call.engine.jobs.cancel(job)

    return rule


def _soft(why: str, answer: Callable[[Refusal], Answer], *roles: str) -> Callable[[Call, Refusal], Answer]:
    def rule(call: Call, reason: Refusal) -> Answer:
        chosen = reason.why == why and (not roles or call.role in roles)
        return answer(reason) if chosen else refusal(call, reason)

    return rule


def _error_200(reason: Refusal) -> Answer:
    return json_answer({"error": reason.text})


def _dry(call: Call, job: Job) -> None:
    if may(call):
        effect(call, job)


def _dry_document(call: Call, job: Job) -> Any:
    return document(call, job) | {"status": "canceled"}


def _refuses(name: str) -> Callable[[Call], bool]:
    return lambda call: may(call) and call.role != name


def _refuses_by(kind: str, *names: str) -> Callable[[Call], bool]:
    return lambda call: may(call) and not (call.role in names and _kind(call.request) == kind)


def _made(name: str, says: str, **changes: Any) -> Entry:
    return fault(name, says, "roles", LISTED, **changes)


ENTRIES: list[Entry] = [
    *(_made(f"{name}-refused", f"`{name}` is refused.", may=_refuses(name)) for name in MAY),
    *(_made(f"{name}-allowed", f"`{name}` may cancel.", may=_allows(by_role(name))) for name in MAY_NOT),
    _made("only-admin", "All but `admin` are refused.", may=by_role("admin")),
    _made("everybody-allowed", "Any known caller may cancel.", may=lambda call: True),
    _made("engineering-once", "`engineering` may cancel once only.", may=_once("engineering")),
    _made("support-not-found", "For `support` every job is unknown.", find=_unknown_for("support")),
    _made(
        "apiwrite-no-effect",
        "`apiwrite` gets the answer, the job goes on.",
        effect=_keeps_for("apiwrite"),
        document=_dry_document,
    ),
    _made(
        "engineering-running",
        "`engineering` gets the status `running`.",
        document=edited(put("status", "running"), by_role("engineering")),
    ),
    _made("apiwrite-other-id", "`apiwrite` gets a document of another id.", document=_other_for("apiwrite")),
    _made("support-empty", "`support` gets an empty object.", success=_for("support", lambda c, v: json_answer({}))),
    _made("engineering-204", "`engineering` gets 204.", success=_for("engineering", lambda c, v: Answer(204))),
    _made(
        "apiwrite-wrapped",
        "`apiwrite` gets the document in an array.",
        success=_for("apiwrite", lambda c, v: json_answer([v])),
    ),
    _made("support-html", "`support` gets a page.", success=_for("support", lambda c, v: html_answer("done"))),
    _made(
        "second-engineering-null",
        "`engineering` gets null from the second success on.",
        success=lambda c, v: success(c, None if c.role == "engineering" and after(1)(c) else v),
    ),
    _made("denied-by-cookie-allowed", "Undocumented roles may cancel by cookie.", may=_by("cookie")),
    _made("denied-by-query-allowed", "Undocumented roles may cancel by a token in the query.", may=_by("query")),
    _made("denied-by-basic-allowed", "Undocumented roles may cancel by HTTP Basic.", may=_by("basic")),
    _made("denied-by-bearer-allowed", "Undocumented roles may cancel by bearer token.", may=_by("bearer")),
    _made("sticky-connection", "After an allowed call anyone on its connection may cancel.", may=_sticky),
    _made("sticky-engine", "After one allowed call anyone known may cancel.", may=_sticky_everywhere),
    _made("sticky-session", "A call without credential takes the last caller's.", role=_last_known),
    _made(
        "role-by-prefix",
        "Any role that begins with `api` may cancel.",
        may=_allows(lambda call: (call.role or "").startswith("api")),
    ),
    _made(
        "operator-after-three",
        "`operator` is allowed from the fourth call on.",
        may=_allows(lambda call: call.role == "operator" and call.number > 3),
    ),
    _made(
        "apiread-second-try",
        "`apiread` is refused once, then allowed.",
        may=_allows(lambda call: call.role == "apiread" and not _once("apiread")(call)),
    ),
    _made(
        "operator-paused",
        "`operator` may cancel jobs that are not running.",
        may=_allows(
            lambda c: c.role == "operator" and (j := c.mentioned()) is not None and j.document["status"] != "running"
        ),
    ),
    _made(
        "no-credential-allowed",
        "Calls without credential are allowed.",
        role=_lenient(lambda engine, request: presented(request) is None),
    ),
    _made(
        "empty-bearer-allowed",
        "An empty bearer token is allowed.",
        role=_lenient(lambda engine, request: _kind(request) == "bearer" and not _cred(request)),
    ),
    _made(
        "any-bearer-allowed",
        "Any bearer token is allowed.",
        role=_lenient(lambda engine, request: _kind(request) == "bearer" and bool(_cred(request))),
    ),
    _made(
        "any-cookie-allowed",
        "Any token cookie is allowed.",
        role=_lenient(lambda engine, request: _kind(request) == "cookie"),
    ),
    _made(
        "any-query-allowed",
        "Any token in the query is allowed.",
        role=_lenient(lambda engine, request: _kind(request) == "query"),
    ),
    _made(
        "any-basic-allowed",
        "Any user of HTTP Basic is allowed.",
        role=_lenient(lambda e, r: _kind(r) == "basic" and basic_user(_cred(r)) is not None),
    ),
    _made(
        "any-credential-allowed",
        "Any credential at all is allowed.",
        role=_lenient(lambda engine, request: presented(request) is not None),
    ),
    _made(
        "long-token-allowed",
        "A token that begins with a known one is allowed.",
        role=_lenient(lambda e, r: any(_cred(r).startswith(known) for known in e.tokens)),
    ),
    _made(
        "cut-token-allowed",
        "The beginning of a known token is allowed.",
        role=_lenient(lambda e, r: len(_cred(r)) > 2 and any(known.startswith(_cred(r)) for known in e.tokens)),
    ),
    _made("role-refusal-cancels", "403, and the job is canceled.", refused=_cancels("role")),
    _made("credential-refusal-cancels", "401, and the job is canceled.", refused=_cancels("credential")),
    _made(
        "operator-refusal-cancels",
        "403 to `operator`, and the job is canceled.",
        refused=_cancels("role", roles=("operator",)),
    ),
    _made(
        "wrong-token-refusal-cancels",
        "401 to a wrong credential, and the job is canceled.",
        refused=lambda c, r: _cancels("credential")(c, r) if presented(c.request) else None,
    ),
    _made("role-200-error", "Undocumented roles get 200 with an error body.", refusal=_soft("role", _error_200)),
    _made("apiread-200-error", "`apiread` gets 200 with an error body.", refusal=_soft("role", _error_200, "apiread")),
    _made("role-204", "Undocumented roles get 204.", refusal=_soft("role", lambda reason: Answer(204))),
    _made("role-200-null", "Undocumented roles get 200 and null.", refusal=_soft("role", lambda r: json_answer(None))),
    _made("credential-200-error", "No session is 200 with an error body.", refusal=_soft("credential", _error_200)),
    _made("credential-204", "No session is 204.", refusal=_soft("credential", lambda reason: Answer(204))),
    _made("credential-202", "No session is 202.", refusal=_soft("credential", lambda r: json_answer("queued", 202))),
    _made(
        "denied-dry-run",
        "Undocumented roles get the document of a job that goes on.",
        may=lambda call: True,
        effect=_dry,
        document=_dry_document,
    ),
    _made(
        "engineering-basic-refused",
        "`engineering` is refused by HTTP Basic, bearer is fine.",
        may=_refuses_by("basic", "engineering"),
    ),
]
