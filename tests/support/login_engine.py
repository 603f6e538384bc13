"""A small engine, written from the page and the field notes, that takes tokens in one way, and whose logins give tokens that end."""

import json
import threading
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, urlsplit

from engine_contract.contract import load_page

CANCEL = "/workflow_engine/cancelJob"
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
    way: str = "bearer"
    """How it takes a token: bearer, query, cookie or basic."""
    is_open: bool = False
    """Whether each valid token may cancel."""
    refuses_with: int | None = None
    """The one status, with one body, of all its refusals for want of rights; None for 401 and 403."""
    lasts: int | None = None
    """Requests after which a token that a login gave has ended; None where a role's token is its name."""
    tokens: dict[str, list[Any]] = field(default_factory=dict)
    """Tokens that logins gave: the role, and for how many requests they are still good."""
    logins: list[str] = field(default_factory=list)
    """The users who logged in, in order."""
    jobs: dict[str, float | None] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    """Ids that were read back, in order."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def make_jobs(self, count: int) -> list[str]:
        """Make active jobs."""
        made = [f"{token_hex(6)}4{token_hex(2)[:3]}9{token_hex(4)[:7]}" for _ in range(count)]
        self.jobs.update(dict.fromkeys(made))
        return made

    def cancel(self, role: str, body: bytes) -> tuple[int, Any]:
        """Answer a cancel: status and document."""
        if role not in ROLES and not (self.is_open and role in OTHERS):
            return self._refusal(role)
        try:
            wanted = json.loads(body)
        except ValueError:
            return 400, {"error": "not JSON"}
        job_id = wanted.get("job_id") if isinstance(wanted, dict) else None
        if not isinstance(job_id, str) or not job_id:
            return 400, {"error": "Missing Params: job_id"}
        with self.lock:
            if job_id not in self.jobs:
                return 404, {"error": "unknown job"}
            if self.jobs[job_id] is not None and self.refuses_again:
                return 409, {"error": "not active"}
            self.asked[job_id] = self.asked.get(job_id, 0) + 1
            if self.cancels and self.asked[job_id] >= self.cancels:
                self.jobs[job_id] = self.jobs[job_id] or time.monotonic()
        return 200, {**_page_document(), "_id": job_id}

    def _refusal(self, role: str) -> tuple[int, Any]:
        if self.refuses_with is not None:
            return self.refuses_with, {"error": "not for you", "time": time.time(), "request": token_hex(8)}
        return (403, {"error": "not allowed"}) if role in OTHERS else (401, {"error": "log in"})

    def credential_of(self, target: str, headers: Mapping[str, str]) -> str:
        """Return the credential of a request, empty where it does not come in the engine's way."""
        authorization = headers.get("authorization") or ""
        match self.way:
            case "query":
                return parse_qs(urlsplit(target).query).get("token", [""])[0]
            case "cookie":
                return (headers.get("cookie") or "").removeprefix("token=")
            case "basic" if authorization.startswith("Basic "):
                return b64decode(authorization.removeprefix("Basic ")).decode().partition(":")[0]
        return authorization.removeprefix("Bearer ") if self.way == "bearer" else ""

    def post(self, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        """Answer a POST: a cancel or a login."""
        path = urlsplit(target).path
        if path == "/login" and self.lasts is not None:
            return self.log_in(body)
        role = self.role_of(self.credential_of(target, headers))
        return self.cancel(role, body) if path == CANCEL else (404, {"error": "not found"})

    def get(self, target: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Answer a GET: who asks, or what is asked of a job."""
        path = urlsplit(target).path
        if path == "/whoami":
            return self.whoami(self.role_of(self.credential_of(target, headers)))
        job_id = path.removesuffix("/details").removeprefix(DETAILS)
        return self.details(job_id) if path == f"{DETAILS}{job_id}/details" else (404, {"error": "not found"})

    def whoami(self, role: str) -> tuple[int, Any]:
        """Answer who asks."""
        return (200, {"role": role}) if role else (401, {"error": "log in"})

    def role_of(self, credential: str) -> str:
        """Return the role of a credential, empty for a wrong one; a token wears out by that."""
        if self.lasts is None:
            return credential if credential in {*ROLES, *OTHERS} else ""
        with self.lock:
            token = self.tokens.get(credential, ["", 0])
            token[1] -= 1
            return str(token[0]) if token[1] >= 0 else ""

    def log_in(self, body: bytes) -> tuple[int, Any]:
        """Answer a login, whose user is a role and whose password is `pass-` and the role: a bare token."""
        user = json.loads(body)["user"]
        role = user["username"].partition("@")[0]
        if user["password"] != f"pass-{role}":
            return 401, {"message": "wrong user or password"}
        self.logins.append(role)
        token = f"{token_hex(12)}="
        self.tokens[token] = [role, self.lasts]
        return 200, token

    def details(self, job_id: str) -> tuple[int, Any]:
        """Answer what is asked of a job."""
        self.reads.append(job_id)
        if not self.shows or job_id not in self.jobs:
            return 404, {"error": "not found"}
        since = self.jobs[job_id]
        is_canceled = since is not None and time.monotonic() >= since + self.lag_s
        return 200, {**_page_document(), "_id": job_id, "status": "canceled" if is_canceled else "running"}


@contextmanager
def job_engine(**behaves: Any) -> Iterator[JobEngine]:
    """Serve an engine; the keywords are the fields of `JobEngine`."""
    engine = JobEngine(**behaves)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            self._answer(*engine.post(self.path, self._headers(), body))

        def do_GET(self) -> None:
            self._answer(*engine.get(self.path, self._headers()))

        def _headers(self) -> dict[str, str]:
            return {name.lower(): value for name, value in self.headers.items()}

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return lambda: self._answer(405, {"error": "no such method"})
            raise AttributeError(name)

        def _answer(self, status: int, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    engine.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield engine
    finally:
        server.shutdown()
        server.server_close()
