"""The rules of one version: each step of a cancel call as a function, right ones by default."""

from __future__ import annotations

import base64
import binascii
import copy
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .documents import job_id as uuid_id
from .http import Answer, Request, Wire, json_answer
from .jobs import Job

if TYPE_CHECKING:
    import random

    from .engine import Engine

ROUTE = "/workflow_engine/cancelJob"
MAY = ("admin", "engineering", "support", "apiwrite")
MAY_NOT = ("apiread", "operator")
ROLES = MAY + MAY_NOT


class Refusal(Exception):
    """A cancel call is refused: for its credential, role, parameter, unknown id, or inactive job."""

    def __init__(self, why: str, status: int, text: str) -> None:
        super().__init__(text)
        self.why = why
        self.status = status
        self.text = text


@dataclass
class Call:
    """One call of the cancel route, from its request to its answer."""

    engine: Engine
    request: Request
    number: int = 0
    role: str | None = None
    win: int = 0

    def body(self) -> Any:
        """The body's JSON value; None when it is none."""
        try:
            return json.loads(self.request.body)
        except (ValueError, RecursionError):
            return None

    def mentioned(self) -> Job | None:
        """The job whose id stands anywhere in the request."""
        text = self.request.body.decode("utf-8", "replace") + " " + self.request.target
        return next((job for key, job in self.engine.jobs.by_id.items() if key in text), None)


def presented(request: Request) -> tuple[str, str] | None:
    """The first credential presented, as its kind and text."""
    header = request.header("Authorization")
    if header is not None:
        scheme, _, text = header.partition(" ")
        return scheme.lower(), text.strip()
    if "token" in request.cookies():
        return "cookie", request.cookies()["token"]
    if "token" in request.query:
        return "query", request.query["token"]
    return None


def basic_user(text: str) -> str | None:
    """The user name of a Basic credential."""
    try:
        user, mark, _ = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return user if mark else None


def role(engine: Engine, request: Request) -> str | None:
    """The caller's role: by token as bearer, cookie, or query, or by the user of HTTP Basic."""
    found = presented(request)
    if found is None:
        return None
    kind, text = found
    if kind == "basic":
        user = basic_user(text)
        return user if user in ROLES else None
    return engine.tokens.get(text) if kind in ("bearer", "cookie", "query") else None


def is_route(engine: Engine, request: Request) -> bool:
    """Whether the request calls the documented route with the documented method."""
    return request.method == "POST" and request.path == engine.base + ROUTE


def may(call: Call) -> bool:
    """Whether the role is a documented one."""
    return call.role in MAY


def job_id(call: Call) -> object:
    """The parameter of the JSON body; anything but a string that is not empty is refused."""
    body = call.body()
    if call.request.media_type() != "application/json" or not isinstance(body, dict) or "job_id" not in body:
        raise Refusal("parameter", 400, "Missing Params: job_id")
    value = body["job_id"]
    if not isinstance(value, str) or not value:
        raise Refusal("parameter", 400, "Invalid Params: job_id must be a string")
    return value


def find(call: Call, value: object) -> Job | None:
    """The job of exactly that id."""
    return call.engine.jobs.by_id.get(value) if isinstance(value, str) else None


def active(call: Call, job: Job) -> bool:
    """Whether the job can be canceled."""
    return job.active


async def no_pause(call: Call) -> None:
    """Nothing happens between the check and the cancel."""


def effect(call: Call, job: Job) -> None:
    """The job is canceled."""
    call.engine.jobs.cancel(job)


def refused(call: Call, refusal: Refusal) -> None:
    """A refusal changes nothing."""


def document(call: Call, job: Job) -> Any:
    """The job's document, for the answer alone."""
    return copy.deepcopy(job.document)


def success(call: Call, value: Any) -> Answer:
    """The bare document with 200."""
    return json_answer(value)


def refusal(call: Call, reason: Refusal) -> Answer:
    """A plain JSON string."""
    return json_answer(reason.text, reason.status)


def nothing(engine: Engine, request: Request) -> Answer | None:
    """No answer of its own: the request goes the ordinary way."""
    return None


def unchanged(request: Request, answer: Answer) -> Answer:
    """The answer as it is."""
    return answer


def reads_all(request: Request) -> bool:
    """Every body is read."""
    return False


def as_is(job: Job) -> Any:
    """What a read of the job shows."""
    return copy.deepcopy(job.document)


@dataclass(frozen=True)
class Rules:
    """What a version does at each step."""

    is_route: Callable[[Engine, Request], bool] = is_route
    role: Callable[[Engine, Request], str | None] = role
    may: Callable[[Call], bool] = may
    job_id: Callable[[Call], object] = job_id
    find: Callable[[Call, object], Job | None] = find
    active: Callable[[Call, Job], bool] = active
    pause: Callable[[Call], Awaitable[None]] = no_pause
    effect: Callable[[Call, Job], None] = effect
    refused: Callable[[Call, Refusal], None] = refused
    document: Callable[[Call, Job], Any] = document
    success: Callable[[Call, Any], Answer] = success
    refusal: Callable[[Call, Refusal], Answer] = refusal
    other: Callable[[Engine, Request], Answer | None] = nothing
    shape: Callable[[Request, Answer], Answer] = unchanged
    read: Callable[[Job], Any] = as_is
    unread: Callable[[Request], bool] = reads_all
    new_id: Callable[[random.Random], str] = uuid_id
    accept: Callable[[Wire], Awaitable[None]] | None = None
    base: str = ""
