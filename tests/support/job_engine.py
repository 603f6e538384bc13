"""A small engine, written from the page and public captures, whose jobs can be read back: right, or wrong in one way."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from secrets import token_hex
from typing import Any
from urllib.parse import unquote

from engine_contract.contract import load_page
from tests.support.raw_server import RawRequest, answer_of, answering_server

CANCEL = "/workflow_engine/cancelJob"
START = "/workflow_engine/startJobWithOptions/"
DETAILS = "/workflow_engine/job/"
ROLES = ("admin", "engineering", "support", "apiwrite")
OTHERS = ("apiread", "operator")


def _page_document() -> dict[str, Any]:
    page = load_page()
    document: dict[str, Any] = json.loads(page[page.index('{\n  "_id"') :])
    return document


@dataclass
class JobEngine:
    """Jobs by id: since when they are canceled, None while they are active."""

    cancels: int = 1
    """At which request a job is canceled; 0 for never."""
    lag_s: float = 0.0
    """Seconds for which a canceled job is still shown as running."""
    refuses_again: bool = True
    shows: bool = True
    """Whether jobs can be read back."""
    refuses_with: int | None = None
    """The status of every refusal, None for those that fit."""
    retry_after: str = ""
    """The `Retry-After` of each refusal; empty for none."""
    login_page: str = ""
    """Where callers without a valid token are sent; empty for a 401."""
    locks_out_s: float = 0.0
    """Seconds for which everybody is refused after an unknown token."""
    locks_out_with: int = 401
    instance: str = ""
    """What `X-Engine-Instance` says; empty for no such header."""
    lets_in: tuple[str, ...] = ()
    """Roles that may cancel and should not."""
    unknown_s: float = 0.0
    """Seconds for which a job is unknown after it was made."""
    unknown_first: bool = False
    """Whether the first cancel of each job is refused as one of an unknown job."""
    starts_at_most: int = 100
    """How many jobs can be started; then there is a 409."""
    takes: int = 1000
    """How many connections it serves at a time; it closes further ones."""
    gateway_fails_at: int = 0
    """Every such request is answered 502 by a gateway that has not passed it on; 0 for none."""
    requests: int = 0
    started: list[tuple[str, str]] = field(default_factory=list)
    """Role and workflow of each job that was started by a request."""
    locked_until: float = 0.0
    made_at: dict[str, float] = field(default_factory=dict)
    jobs: dict[str, float | None] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    """Ids that were read back, in order."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def make_jobs(self, count: int) -> list[str]:
        """Make active jobs."""
        made = [f"{token_hex(6)}4{token_hex(2)[:3]}9{token_hex(4)[:7]}" for _ in range(count)]
        self.made_at.update(dict.fromkeys(made, time.monotonic()))
        self.jobs.update(dict.fromkeys(made))
        return made

    def knows(self, job_id: str) -> bool:
        """Return whether this engine knows the job."""
        return job_id in self.jobs and time.monotonic() >= self.made_at[job_id] + self.unknown_s

    def is_canceled(self, job_id: str) -> bool:
        """Return whether this engine knows that the job is canceled."""
        return self.jobs[job_id] is not None

    def answer(self, role: str, body: bytes) -> tuple[int, Any]:
        """Answer a cancel, or turn away those who are locked out."""
        if time.monotonic() < self.locked_until:
            return self.locks_out_with, {"error": "locked out"}
        if role not in {"", *ROLES, *OTHERS}:
            self.locked_until = time.monotonic() + self.locks_out_s
        status, document = self.cancel(role, body)
        return (self.refuses_with or status if status >= 400 else status), document

    def respond(self, request: RawRequest) -> tuple[int, Any]:
        """Answer a request: a cancel or a read of a job."""
        job_id = request.path.removeprefix(DETAILS).removesuffix("/details")
        self.requests += 1
        if self.gateway_fails_at and self.requests % self.gateway_fails_at == 0:
            return 502, {"error": "bad gateway"}
        if request.method == "POST" and request.path == CANCEL:
            return self.answer(request.header("Authorization").removeprefix("Bearer "), request.body)
        if request.method == "POST" and request.path.startswith(START):
            return self.start(request.header("Authorization").removeprefix("Bearer "), request.path)
        if request.method == "GET" and request.path == f"{DETAILS}{job_id}/details":
            return self.details(job_id)
        return (
            (404, {"error": "not found"}) if request.method in {"GET", "POST"} else (405, {"error": "no such method"})
        )

    def start(self, role: str, path: str) -> tuple[int, Any]:
        """Answer the start of a job; the workflow `missing` is not there."""
        workflow = unquote(path.removeprefix(START))
        if path.startswith(START) and role not in ROLES:
            return self.refusal(role)
        if not path.startswith(START) or workflow == "missing":
            return 404, {"error": "no such workflow"}
        with self.lock:
            if len(self.started) >= self.starts_at_most:
                return 409, {"error": "too many jobs"}
            self.started.append((role, workflow))
        (job_id,) = self.make_jobs(1)
        return 200, {**_page_document(), "_id": job_id, "status": "running"}

    def refusal(self, role: str) -> tuple[int, Any]:
        """Refuse a role that may not cancel, or nobody that is known."""
        if role in OTHERS:
            return 403, {"error": "not allowed"}
        return (302, {}) if self.login_page else (401, {"error": "log in"})

    def cancel(self, role: str, body: bytes) -> tuple[int, Any]:
        """Answer a cancel: status and document."""
        if role not in {*ROLES, *self.lets_in}:
            return self.refusal(role)
        try:
            wanted = json.loads(body)
        except ValueError:
            return 400, {"error": "not JSON"}
        job_id = wanted.get("job_id") if isinstance(wanted, dict) else None
        if not isinstance(job_id, str) or not job_id:
            return 400, {"error": "Missing Params: job_id"}
        with self.lock:
            self.asked[job_id] = self.asked.get(job_id, 0) + 1
            if not self.knows(job_id) or (self.unknown_first and self.asked[job_id] == 1):
                return 404, {"error": "unknown job"}
            if self.is_canceled(job_id) and self.refuses_again:
                return 409, {"error": "not active"}
            if self.cancels and self.asked[job_id] >= self.cancels:
                self.jobs[job_id] = self.jobs[job_id] or time.monotonic()
        return 200, {**_page_document(), "_id": job_id}

    def details(self, job_id: str) -> tuple[int, Any]:
        """Answer a read of a job."""
        self.reads.append(job_id)
        if not self.shows or job_id not in self.jobs:
            return 404, {"error": "not found"}
        since = self.jobs[job_id]
        is_canceled = since is not None and time.monotonic() >= since + self.lag_s
        return 200, {**_page_document(), "_id": job_id, "status": "canceled" if is_canceled else "running"}


@contextmanager
def job_engine(**behaves: Any) -> Iterator[JobEngine]:
    """Serve an engine; the keywords are the fields of `JobEngine`."""
    with serve(JobEngine(**behaves)) as engine:
        yield engine


class Replica(JobEngine):
    """One of several engines with the same jobs, which knows a moment later what another one did."""

    def __init__(self, others: "list[Replica]", lag_s: float, **behaves: Any) -> None:
        """Join `others`, the replicas so far."""
        super().__init__(**behaves)
        self.behind_s = lag_s
        self.made: set[str] = set()
        self.did: set[str] = set()
        """Jobs that it canceled itself."""
        if others:
            self.jobs, self.made_at, self.asked, self.lock = (
                others[0].jobs,
                others[0].made_at,
                others[0].asked,
                others[0].lock,
            )
        others.append(self)

    def make_jobs(self, count: int) -> list[str]:
        """Make jobs, which the other replicas know after `unknown_s`."""
        made = super().make_jobs(count)
        self.made.update(made)
        return made

    def knows(self, job_id: str) -> bool:
        """Return whether it made the job itself, or another one did it long ago."""
        return job_id in self.made or super().knows(job_id)

    def is_canceled(self, job_id: str) -> bool:
        """Return whether it canceled the job itself, or another one did it long ago."""
        since = self.jobs[job_id]
        return since is not None and (job_id in self.did or time.monotonic() >= since + self.behind_s)

    def cancel(self, role: str, body: bytes) -> tuple[int, Any]:
        """Answer a cancel, and remember what was done here."""
        status, document = super().cancel(role, body)
        if status == 200:
            self.did.add(document["_id"])
        return status, document

    def details(self, job_id: str) -> tuple[int, Any]:
        """Answer what this one knows of a job."""
        status, document = super().details(job_id)
        if status == 200:
            document["status"] = "canceled" if self.is_canceled(job_id) else "running"
        return status, document


@contextmanager
def serve(engine: JobEngine) -> Iterator[JobEngine]:
    """Serve an engine on a free loopback port."""

    def answer(request: RawRequest) -> bytes:
        status, document = engine.respond(request)
        line = f"{status} {HTTPStatus(status).phrase}"
        instance = [f"X-Engine-Instance: {engine.instance}"] if engine.instance else []
        place = [f"Location: {engine.login_page}"] if status == 302 else []
        again = [f"Retry-After: {engine.retry_after}"] if engine.retry_after and status >= 400 else []
        return answer_of(
            line, json.dumps(document).encode(), "Content-Type: application/json", *instance, *place, *again
        )

    with answering_server(answer, takes=engine.takes) as server:
        engine.url = server.url
        yield engine
