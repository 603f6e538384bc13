"""Refusals: a table of situations, and the one renderer.

The page says nothing of refusals, so each response here is assumed, and says so.
"""

from http import HTTPStatus
from typing import NamedTuple

import orjson

from engine_contract.http.types import Headers
from engine_contract.text.printable import clip
from mock_server.operations.response import PROBLEM, Response

ASSUMED = "This refusal is assumed: the documentation page says nothing of refusals."

# Basic is taken too, but a challenge of it makes browsers ask for a password in a window of their own.
CHALLENGE: Headers = ((b"www-authenticate", b'Bearer realm="workflow_engine"'),)

SITUATIONS: dict[str, int] = {
    "no-credential": 401,
    "wrong-credential": 401,
    "other-role": 403,
    "missing-parameter": 400,
    "bad-parameter": 400,
    "bad-body": 400,
    "unknown-job": 404,
    "not-active": 409,
    "not-found": 404,
    "method-not-allowed": 405,
    "not-acceptable": 406,
    "timeout": 408,
    "too-large": 413,
    "unsupported-media-type": 415,
    "too-many-requests": 429,
    "failure": 500,
    "unavailable": 503,
}
"""The status of each situation in which the engine refuses; a profile may give others."""

_SENTENCES: dict[str, tuple[str, str | None]] = {
    "no-credential": ("The request carries no credential.", None),
    "wrong-credential": ("The credential is wrong: it belongs to no role.", None),
    "other-role": ("The role {role} may not call this.", None),
    "missing-parameter": ("Missing Params: job_id is required.", "job_id"),
    "bad-parameter": ("job_id is not a job's id.", "job_id"),
    "bad-body": ("The body is not well-formed JSON.", None),
    "unknown-job": ("There is no job {job_id}.", "job_id"),
    "not-active": ("The job {job_id} is no longer active.", "job_id"),
    "not-found": ("There is nothing at this path.", None),
    "method-not-allowed": ("The method is not allowed here; POST is.", None),
    "not-acceptable": ("The answer is application/json, which Accept excludes.", "Accept"),
    "timeout": ("The body did not arrive in time.", None),
    "too-large": ("The body is too large.", None),
    "unsupported-media-type": ("Content-Type must be application/json.", "Content-Type"),
    "too-many-requests": ("There were too many requests.", None),
    "failure": ("The engine failed.", None),
    "unavailable": ("The engine is busy.", None),
}
"""The sentence of a situation that somebody asks for, and the field that is at fault in it."""

OWN = frozenset({"bad-preference", "bad-session", "store"})
"""Refusals of what only the mock has; a profile leaves them alone."""


class Refusal(NamedTuple):
    """Why a request is refused: the situation, a sentence, and the field that is at fault."""

    situation: str
    detail: str
    field: str | None = None
    headers: Headers = ()
    status: int | None = None
    """In place of the situation's own."""
    is_asked_for: bool = False
    """Whether somebody asked for it, and the request itself may be right."""


NO_CREDENTIAL = Refusal("no-credential", _SENTENCES["no-credential"][0])
WRONG_CREDENTIAL = Refusal("wrong-credential", _SENTENCES["wrong-credential"][0])


class Refused(Exception):  # noqa: N818 - an outcome, not an error
    """Carries a refusal out of a layer of the application."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def status_of(refusal: Refusal) -> int:
    """Return the status of a refusal, unless a profile says otherwise."""
    return refusal.status or SITUATIONS.get(refusal.situation, 400)


def situation_of(status: int) -> str:
    """Return the situation to report when a caller asks for a refusal by its status code."""
    best = {401: "wrong-credential", 404: "unknown-job", 400: "bad-parameter"}
    if status in best:
        return best[status]
    named = (name for name, own in SITUATIONS.items() if own == status)
    return next(named, "failure" if status >= 500 else "bad-parameter")


def asked_for(situation: str, *, role: str | None, job_id: str | None, status: int | None = None) -> Refusal:
    """Return the refusal of a situation that somebody asked for, with the sentence that it would have had."""
    sentence, field = _SENTENCES[situation]
    detail = sentence.format(role=role or "nobody", job_id=job_id or "?")
    return Refusal(situation, detail, field, status=status, is_asked_for=True)


def no_job(job_id: str, session: str) -> str:
    """Return that there is no such job, with what may be wrong: another session, blanks, a variable that was not filled in."""
    said = f"There is no job {clip(job_id, 80)}"
    if session:
        said += f" in the session {session}"
    if "{{" in job_id or "${" in job_id:
        return f"{said}: its id is a variable that was not filled in."
    return f"{said}: there are blanks around its id." if job_id != job_id.strip() else f"{said}."


def not_allowed(allowed: str) -> Refusal:
    """Return the refusal of a method where others are allowed: `allowed`, as the header Allow lists them."""
    detail = f"The method is not allowed here; {allowed} is."
    return Refusal("method-not-allowed", detail, headers=((b"allow", allowed.encode()),))


def phrase(status: int) -> str:
    """Return the reason phrase of a status, for titles."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def render(refusal: Refusal) -> Response:
    """Return the refusal as a problem document (RFC 9457)."""
    status = status_of(refusal)
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": phrase(status),
        "status": status,
        "detail": refusal.detail,
        "situation": refusal.situation,
    }
    if refusal.field is not None:
        problem["field"] = refusal.field
    if refusal.situation not in OWN:
        problem["assumed"] = ASSUMED
    return Response(status, PROBLEM, orjson.dumps(problem), standard_headers(status, refusal.headers))


def standard_headers(status: int, headers: Headers = ()) -> Headers:
    """Return the headers that a status brings with it, besides those of the refusal itself."""
    if status == 401:
        return (*headers, *CHALLENGE)
    if status in {429, 503} and not any(name == b"retry-after" for name, _ in headers):
        return (*headers, (b"retry-after", b"1"))
    if status == 413:
        return (*headers, (b"connection", b"close"))
    return headers
