# ruff: noqa: ARG002 - a step has the same arguments in every engine
"""The right engine. Faults and variations override one of its steps."""

import json
import secrets
from collections.abc import Mapping
from itertools import count
from threading import Event
from typing import Any

from . import roles
from .cancel import Cancel
from .document import Document, document_of
from .jobs import Jobs, Outcome, State
from .log import Log
from .refusal import STATUSES, Refusal
from .reply import Reply
from .request import Request

ROUTE = "/workflow_engine/cancelJob"


class Engine:
    """Answers `POST /workflow_engine/cancelJob`; safe to use from any thread."""

    prefix = ""
    """The base path in front of the route."""
    routes: tuple[str, ...] = (ROUTE,)
    methods: tuple[str, ...] = ("POST",)
    allowed: tuple[str, ...] = roles.ALLOWED
    statuses: Mapping[Refusal, int] = STATUSES

    def __init__(self, tokens: Mapping[str, str] | None = None) -> None:
        self.tokens = roles.TOKENS if tokens is None else tokens
        self.jobs = Jobs()
        self.log = Log()
        self.stopped = Event()
        self._numbers = count(1)

    # Jobs.

    def new_id(self) -> str:
        """An id for a new job."""
        return secrets.token_hex(12)

    def make_jobs(self, number: int) -> list[str]:
        """Create active jobs."""
        made: list[str] = []
        while len(made) < number:
            job_id = self.new_id()
            if self.jobs.add(job_id):
                made.append(job_id)
        return made

    @property
    def canceled(self) -> set[str]:
        """The ids of the jobs that are canceled, whatever was answered."""
        return set(self.jobs.all(State.CANCELED))

    # The steps of an answer, in the order in which they are taken.

    def handle(self, request: Request) -> Reply:
        """Answer a request, and log it."""
        reply = self.finish(self.answer(request), request)
        silent = reply.drop or reply.hang > 0
        self.log.add(
            {
                "method": request.method,
                "path": request.path,
                "query": request.query,
                "body": request.body.decode("utf-8", "replace"),
                "role": self.true_role(request),
                "status": 0 if silent else reply.status,
            }
        )
        return reply

    def answer(self, request: Request) -> Reply:  # noqa: PLR0911 - one for each reason
        """Check the request, cancel the job and make the reply."""
        if not self.is_route(request):
            return self.refuse(Refusal.ROUTE, request)
        if request.method not in self.methods:
            return self.refuse(Refusal.METHOD, request)
        role = self.role(request)
        if role is None:
            return self.refuse(Refusal.CREDENTIAL, request)
        if not self.may(role, request):
            return self.refuse(Refusal.ROLE, request)
        job_id = self.job_id(request)
        if job_id is None:
            return self.refuse(Refusal.PARAMETER, request)
        outcome = self.cancel(job_id, role)
        if outcome is Outcome.UNKNOWN:
            return self.refuse(Refusal.UNKNOWN, request)
        if outcome is Outcome.INACTIVE:
            return self.refuse(Refusal.INACTIVE, request)
        return self.succeed(Cancel(job_id, role, request, next(self._numbers)))

    def is_route(self, request: Request) -> bool:
        """Whether the path is that of the documented route."""
        return request.path in [self.prefix + route for route in self.routes]

    def true_role(self, request: Request) -> str | None:
        """The role that the credential of a request stands for."""
        return self.tokens.get(roles.token_of(request.header("Authorization")) or "")

    def role(self, request: Request) -> str | None:
        """The role in which a request is answered; None without a credential."""
        return self.true_role(request)

    def may(self, role: str, request: Request) -> bool:
        """Whether a role may cancel jobs."""
        return role in self.allowed

    def job_id(self, request: Request) -> str | None:
        """The job_id parameter; None when it is missing or bad."""
        value = request.parameters().get("job_id")
        return value if isinstance(value, str) and value else None

    def cancel(self, job_id: str, role: str) -> Outcome:
        """Cancel the job."""
        return self.jobs.cancel(job_id)

    def succeed(self, cancel: Cancel) -> Reply:
        """The reply to a successful cancel."""
        value = self.shape(self.document(cancel), cancel)
        return Reply(200, self.encode(value))

    def document(self, cancel: Cancel) -> Document:
        """The right document of the canceled job."""
        return document_of(cancel.job_id)

    def shape(self, document: Document, cancel: Cancel) -> Any:
        """The value to answer with."""
        return document

    def encode(self, value: Any) -> bytes:
        """The bytes of an answer."""
        return json.dumps(value).encode("utf-8")

    def refuse(self, why: Refusal, request: Request) -> Reply:
        """The reply to a refused request."""
        headers: tuple[tuple[str, str], ...] = ()
        status = self.statuses[why]
        if status == 405:
            headers = (("Allow", ", ".join(self.methods)),)
        elif status == 401:
            headers = (("WWW-Authenticate", "Bearer"),)
        body = json.dumps({"error": why.name.lower(), "message": why.value})
        return Reply(status, body.encode("utf-8"), headers=headers)

    def finish(self, reply: Reply, request: Request) -> Reply:
        """The last touch to any reply."""
        return reply
